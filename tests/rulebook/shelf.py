"""A rule folder to edit, and a rulebook that remembers what it told."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from igbot.rulebook.book import Rulebook
from igbot.rules.deciding.choice import Customer, Incoming
from igbot.rules.deciding.decision import decide
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.model import Finding, RuleFile
from igbot.rules.surroundings import Surroundings
from igbot.telemetry.log import event_log

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BROKEN = "version: 1\nrules: ["


def text_of(reply: str) -> str:
    """A whole file whose one rule answers "price" with `reply`."""
    return f"version: 1\nrules:\n  - {{name: price, keywords: [price], reply: {reply}}}\n"


@dataclass(slots=True)
class Told:
    """What the callbacks were given; `news` is set at each call."""

    loaded: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    rejected: list[tuple[Finding, ...]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_loaded(self, ruleset: RuleSet, files: tuple[RuleFile, ...]) -> None:
        """Remembers a set."""
        self.loaded.append((ruleset.digest, tuple(file.path for file in files)))
        self.news.set()

    async def on_rejected(self, findings: tuple[Finding, ...]) -> None:
        """Remembers a rejection."""
        self.rejected.append(findings)
        self.news.set()


def make_book(root: Path, *, quiet: float = 0.02) -> tuple[Rulebook, Told]:
    """A quick rulebook on a folder."""
    told = Told()
    book = Rulebook(
        root,
        surroundings=Surroundings,
        on_loaded=told.on_loaded,
        on_rejected=told.on_rejected,
        log=event_log("rules"),
        quiet=quiet,
        poll=0.05,
    )
    return book, told


def answer(book: Rulebook) -> str | None:
    """What the set in force says to "price"."""
    return says(book.current) if book.current else None


def says(rules: RuleSet) -> str:
    """What a set says to "price"."""
    replies = decide(rules, Incoming("text", "price"), Customer("1"), now=NOON).replies
    return replies[0].text if replies else ""
