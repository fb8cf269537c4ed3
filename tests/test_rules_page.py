"""The page on the language of rules: every example loads without a warning, and answers what it says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from igbot.rules.deciding.choice import Choice, Customer, Incoming, Options
from igbot.rules.deciding.responding import Standing, respond
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from igbot.rules.opting import BUILT_IN
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


class Talk:
    """One chat while it is played: what stands above the rules, and what is remembered."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules, self.now, self.customer = rules, NOW, Customer("9000000000000001")
        self.standing = Standing(resumable=True)
        self.options = Options(detect=_detect, loop_guard=8)

    def does(self, mark: str, said: str) -> Choice | None:
        """One line: `>` and `*` are messages, `@` a moment, `!` what the owner writes in the app, `$` a setting."""
        if mark == "@":
            self.now = datetime.fromisoformat(said).replace(tzinfo=UTC)
        elif mark == "!":
            self.silent_for(timedelta(hours=12))
        elif mark == "$":
            name, _, value = said.partition("=")
            assert name == "IGBOT_DISCLOSURE"
            self.options = replace(self.options, disclosure=value)
        else:
            return self.writes(Incoming("quick_reply", said, said) if mark == "*" else Incoming("text", said))
        return None

    def writes(self, message: Incoming) -> Choice:
        """A message, a minute later."""
        self.now += timedelta(minutes=1)
        self.standing = replace(self.standing, customer_at=self.now)
        choice = respond(
            self.rules,
            message,
            self.customer,
            self.standing,
            sent_at=self.now,
            now=self.now,
            options=self.options,
        )
        self.customer = replace(self.customer, memory=choice.memory)
        if choice.opt is not None:
            self.standing = replace(self.standing, opted_out=choice.opt == "out")
        if choice.resumed:
            self.standing = replace(self.standing, paused_until=None)
        if pause := choice.guarded or (choice.handoff and choice.handoff.pause):
            self.silent_for(pause)
        return choice

    def silent_for(self, pause: timedelta) -> None:
        """The bot is silent from now on."""
        self.standing = replace(self.standing, paused_at=self.now, paused_until=self.now + pause)


def played(rules: RuleSet, chat: str) -> Iterator[tuple[str, str]]:
    """What the page says, and what comes out, line by line."""
    talk, lines = Talk(rules), iter(chat.splitlines())
    for line in lines:
        mark, _, said = line.partition(" ")
        choice = talk.does(mark, said)
        if choice is not None:
            yield next(lines), _shown(choice)


def _detect(text: str, _languages: object) -> str | None:
    return "es" if "horario" in text else None


def _shown(choice: Choice) -> str:
    said = " ".join(choice.replies[0].text.split()) if choice.replies else ""
    return f"{choice.rule or 'igbot'}: {said}" if choice.replies else "-"


@pytest.mark.parametrize("example", examples(), ids=lambda example: f"line {example.line}")
def test_an_example_loads_without_a_finding_and_answers_what_stands_below_it(example: Example) -> None:
    """The page teaches what igbot does, or it is wrong."""
    rules = loaded(example)
    for chat in example.chats:
        for said, came in played(rules, chat):
            assert came == said


def test_the_table_of_stop_and_start_has_the_words_that_are_obeyed() -> None:
    """All of them, and each is."""
    page = PAGE.read_text(encoding="utf-8")
    table = page.split("<!-- opting -->")[1].strip().split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    for column, opted_out, known in ((1, False, BUILT_IN.stop), (2, True, BUILT_IN.start)):
        told = [(row[0].strip("`"), word) for row in rows for word in row[column].split(", ")]
        assert all(language in (BUILT_IN.said_in(word, opted_out=opted_out) or ("", ()))[1] for language, word in told)
        assert len(told) == sum(len(languages) for languages in known.values())


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
