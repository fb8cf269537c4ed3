"""How long it takes to decide on a message, by igbot's whole decision and by what bots usually do."""

import re
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from random import Random

from bench.chatter import FIGURES, MESSAGES, QUICK_MESSAGES, Look, Way, measure, phrases
from bench.subject import Contender, Goal, Ground, Opening, Subject
from igbot.rules.deciding.choice import Customer, Incoming, Options
from igbot.rules.deciding.responding import Standing, respond
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile

SIZES = (10, 1_000, 10_000)
A_RULE = 5
"""Keywords of one rule."""
CONTENDER = "{count:,} keywords, {way}"
IGBOT, LOOP, ONE_RE = "igbot", "loop of `in`", "one re"
FEW, MANY = (CONTENDER.format(count=count, way=IGBOT) for count in (SIZES[0], SIZES[-1]))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

Answers = Mapping[str, str]
"""The reply to each keyword."""


def ways() -> list[Way]:
    """All contenders; each has the same keywords, and the same reply to each of them."""
    chance = Random(6)
    made: list[Way] = []
    for count in SIZES:
        keywords = phrases(chance, count)
        answers = {keyword: f"Answer {number // A_RULE}" for number, keyword in enumerate(keywords)}
        for way, build in ((IGBOT, _rules), (LOOP, _loop), (ONE_RE, _alternation)):
            made.append(Way(CONTENDER.format(count=count, way=way), partial(build, answers), keywords))
    return made


def rule_text(answers: Answers) -> str:
    """A rule file that gives these answers."""
    asked: dict[str, list[str]] = {}
    for keyword, answer in answers.items():
        asked.setdefault(answer, []).append(keyword)
    lines = (
        f"  - name: rule-{number}\n    keywords: [{', '.join(keywords)}]\n    reply: {answer}\n"
        for number, (answer, keywords) in enumerate(asked.items())
    )
    return f"version: 1\nrules:\n{''.join(lines)}"


def _rules(answers: Answers) -> Look:
    loaded = load_rules([RuleFile("bench.yaml", rule_text(answers).encode())])
    assert loaded.ruleset is not None, loaded.findings
    rules, customer, standing, options = (
        loaded.ruleset,
        Customer("17841400000000001"),
        Standing(customer_at=NOW),
        Options(),
    )

    def look(message: str) -> Sequence[str]:
        incoming = Incoming("text", message, key="m_1")
        choice = respond(rules, incoming, customer, standing, sent_at=NOW, now=NOW, options=options)
        return [reply.text for reply in choice.replies if reply.text]

    return look


def _loop(answers: Answers) -> Look:
    def look(message: str) -> Sequence[str]:
        lowered = message.lower()
        for keyword, answer in answers.items():
            if keyword in lowered:
                return [answer]
        return []

    return look


def _alternation(answers: Answers) -> Look:
    # Longest first: an alternation takes the first that fits.
    escaped = [re.escape(each) for each in sorted(answers, key=len, reverse=True)]
    found = re.compile(rf"\b(?:{'|'.join(escaped)})\b", re.IGNORECASE)

    def look(message: str) -> Sequence[str]:
        hit = found.search(message)
        return [answers[hit[0].lower()]] if hit else []

    return look


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    count = QUICK_MESSAGES if ground.quick else MESSAGES
    yield [Contender(way.name, partial(measure, way, count)) for way in ways()]


SUBJECT = Subject(
    name="rules",
    title="The decision on a message",
    notes=(
        f"One core, no database. {A_RULE} keywords a rule, messages of 1 to 16 words with something to answer in each. "
        "igbot's time is the whole decision that `serve` makes: normal form, all rules that fit, their order, limits, "
        "the reply, what is remembered. A loop of `in` answers by the first keyword in the order of the file, one "
        "alternation of `re` (with \\b, ignoring case) by the first in the message; neither knows more than that. "
        "To build includes reading and checking YAML for igbot. Each way has seen as many other messages before."
    ),
    figures=FIGURES,
    open=_open,
    goals=(
        Goal("us", MANY, at_most=50),
        Goal("us", MANY, against=FEW, at_most=5),
    ),
)
