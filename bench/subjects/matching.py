"""How long it takes to see which keywords or patterns of a rule set are in a message, by igbot and by simpler ways."""

import re
from collections.abc import Sequence
from contextlib import asynccontextmanager
from functools import partial
from random import Random

from bench.chatter import FIGURES, MESSAGES, QUICK_MESSAGES, Look, Way, measure, phrases
from bench.subject import Contender, Goal, Ground, Opening, Subject
from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Keyword, Matcher, Pattern, Text

SIZES = (10, 1_000, 10_000)
PATTERNS = 1_000

KEYWORDS = "{count:,} keywords, {way}"
IGBOT, LOOP, ONE_RE = "igbot", "loop of `in`", "one re"
FEW, MANY = (KEYWORDS.format(count=count, way=IGBOT) for count in (SIZES[0], SIZES[-1]))
BY_RE2, BY_RE = f"{PATTERNS:,} patterns, {IGBOT}", f"{PATTERNS:,} patterns, loop of re"


def ways() -> list[Way]:
    """All contenders; the keywords and patterns are the same in every run."""
    chance = Random(4)
    made: list[Way] = []
    for count in SIZES:
        keywords = phrases(chance, count)
        for way, build in ((IGBOT, _index), (LOOP, _loop), (ONE_RE, _alternation)):
            made.append(Way(KEYWORDS.format(count=count, way=way), partial(build, keywords), keywords))
    written = phrases(chance, PATTERNS)
    patterns = [rf"\b{each}\b.{{0,20}}\s*#?(?:[0-9]{{5,8}})" for each in written]
    plants = [f"{each} no. 12345" for each in written]
    made.append(Way(BY_RE2, partial(_patterns, patterns), plants))
    made.append(Way(BY_RE, partial(_re_loop, patterns), plants))
    return made


def _index(keywords: Sequence[str]) -> Look:
    return _looking_by([Keyword.of("word", each) for each in keywords])


def _patterns(patterns: Sequence[str]) -> Look:
    return _looking_by([Pattern(each) for each in patterns])


def _looking_by(matchers: Sequence[Matcher]) -> Look:
    index = build_index(matchers)
    return lambda message: index.hits(Text.of(message))


def _loop(keywords: Sequence[str]) -> Look:
    def look(message: str) -> list[str]:
        lowered = message.lower()
        return [each for each in keywords if each in lowered]

    return look


def _alternation(keywords: Sequence[str]) -> Look:
    # Longest first: an alternation takes the first that fits.
    escaped = [re.escape(each) for each in sorted(keywords, key=len, reverse=True)]
    found = re.compile(rf"\b(?:{'|'.join(escaped)})\b", re.IGNORECASE)
    return found.findall


def _re_loop(patterns: Sequence[str]) -> Look:
    compiled = [re.compile(each, re.IGNORECASE) for each in patterns]
    return lambda message: [number for number, each in enumerate(compiled) if each.search(message)]


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    count = QUICK_MESSAGES if ground.quick else MESSAGES
    yield [Contender(way.name, partial(measure, way, count)) for way in ways()]


SUBJECT = Subject(
    name="matching",
    title="Keywords and patterns in a message",
    notes=(
        "One core, no database. Messages of 1 to 16 words in English and Spanish, one thing to find in each; igbot's "
        "time includes the normal form of the message. A loop of `in` and one alternation of `re` (with \\b, ignoring "
        "case) stand for what bots usually do: neither knows other scripts' words; the alternation names one keyword "
        "where several overlap. Each way has seen as many other messages before."
    ),
    figures=FIGURES,
    open=_open,
    goals=(
        Goal("us", MANY, at_most=25),
        Goal("us", MANY, against=FEW, at_most=5),
        Goal("us", BY_RE2, at_most=50),
    ),
)
