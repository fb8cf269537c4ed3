"""The page on the language of rules: every example loads without a warning, and answers what it says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from igbot.rules.deciding.choice import Choice, Customer, Incoming, Options
from igbot.rules.deciding.responding import Standing, respond
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from tests.rules.matching.tricky import TRICKY, Case, answers_of

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
EXAMPLES_ONLY = frozenset({"R014", "R060", "R061", "R062", "R067"})
"""What a whole set of rules must have and an example need not."""


@dataclass(frozen=True)
class Example:
    """Rules of the page, and the chats below them."""

    line: int
    rules: str
    chats: tuple[str, ...]


def examples() -> list[Example]:
    """All blocks of rules on the page."""
    text = PAGE.read_text(encoding="utf-8")
    found: list[Example] = []
    for block in BLOCK.finditer(text):
        kind, body = block[1], block[2]
        if kind == "yaml":
            found.append(Example(text.count("\n", 0, block.start()) + 1, body, ()))
        elif kind == "chat":
            last = found.pop()
            found.append(Example(last.line, last.rules, (*last.chats, body)))
    return found


def loaded(example: Example) -> RuleSet:
    result = load_rules([RuleFile("page.yaml", example.rules.encode())])
    wrong = [f for f in result.findings if f.severity != "hint" and f.code not in EXAMPLES_ONLY]
    assert [f"{f.line}: {f.code} {f.message}" for f in wrong] == []
    assert result.ruleset is not None
    return result.ruleset


def played(rules: RuleSet, chat: str) -> Iterator[tuple[str, str]]:
    """What the page says, and what comes out, line by line."""
    now, customer = NOW, Customer("9000000000000001")
    lines = iter(chat.splitlines())
    for line in lines:
        mark, _, said = line.partition(" ")
        if mark == "@":
            now = datetime.fromisoformat(said).replace(tzinfo=UTC)
            continue
        message = Incoming("quick_reply", said, said) if mark == "*" else Incoming("text", said)
        now += timedelta(minutes=1)
        choice = respond(
            rules, message, customer, Standing(customer_at=now), sent_at=now, now=now, options=Options(detect=_detect)
        )
        customer = Customer(customer.igsid, memory=choice.memory)
        yield next(lines), _shown(choice)


def _detect(text: str, _languages: object) -> str | None:
    return "es" if "horario" in text else None


def _shown(choice: Choice) -> str:
    return f"{choice.rule}: {choice.replies[0].text}" if choice.replies else "-"


@pytest.mark.parametrize("example", examples(), ids=lambda example: f"line {example.line}")
def test_an_example_loads_without_a_finding_and_answers_what_stands_below_it(example: Example) -> None:
    """The page teaches what igbot does, or it is wrong."""
    rules = loaded(example)
    for chat in example.chats:
        for said, came in played(rules, chat):
            assert came == said


def test_the_table_of_tricky_messages_is_what_the_matchers_say() -> None:
    """Beside what `in`, `re` and its word borders say to the same messages."""
    page = PAGE.read_text(encoding="utf-8")
    table = page.split("<!-- tricky -->")[1].strip().split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    expected = [[f"`{case.message}`", f"`{case.word}`", *_marked(case)] for case in TRICKY]
    assert [row[: len(want)] for row, want in zip(rows, expected, strict=True)] == expected


def _marked(case: Case) -> list[str]:
    """The answers as the page shows them, the wrong ones in bold."""
    right = "yes" if case.expected else "no"
    return [answer if answer == right else f"**{answer}**" for answer in answers_of(case)]
