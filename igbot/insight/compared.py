"""What other rules would have answered: the answers that differ, grouped by who answered then and who would now."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from igbot.insight.past import pieces
from igbot.insight.replaying import DETAILS, TESTER, Again, Answer, Replay
from igbot.store.pool import Database

EXAMPLES = 3
"""Messages that are shown of each group."""
LONGEST_EXAMPLE = 200
MOST_IN_A_LINE = 5
"""Kinds of change that the summary names."""


@dataclass(frozen=True, slots=True)
class Example:
    """One message of a group."""

    mid: str | None
    igsid: str
    at: datetime
    text: str


@dataclass(slots=True)
class Change:
    """Messages that `was` answered and that `now` would."""

    was: Answer
    now: Answer
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def __str__(self) -> str:
        if self.was.reason == "rule":
            return f"{self.count} lost from {self.was} → {self.now}"
        verb = "answered by " if self.now.reason == "rule" and self.now.rule else ""
        return f"{self.count} now {verb}{self.now} ({'was' if self.count == 1 else 'were'} {self.was})"


@dataclass(slots=True)
class Comparison:
    """How many answers are the same, which differ, and why messages were left out."""

    same: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    _changes: dict[tuple[Answer, Answer], Change] = field(default_factory=dict)

    def add(self, again: Again, igsid: str) -> None:
        """Counts one more message."""
        if again.left_out is not None:
            self.left_out[again.left_out] += 1
        elif not again.changed:
            self.same += 1
        else:
            change = self._changes.setdefault((again.was, again.now), Change(again.was, again.now))
            change.count += 1
            if len(change.examples) < EXAMPLES:
                message = again.message
                text = (again.text or message.payload or f"({message.kind})")[:LONGEST_EXAMPLE]
                change.examples.append(Example(message.mid, igsid, message.at, text))

    @property
    def changes(self) -> Sequence[Change]:
        """The groups, the largest first."""
        return sorted(self._changes.values(), key=lambda each: (-each.count, each.was, each.now))

    @property
    def messages(self) -> int:
        """How many were compared."""
        return self.same + sum(change.count for change in self._changes.values())

    def summary(self) -> str:
        """All of it in one line."""
        changes = self.changes
        told = [f"{self.same} same", *map(str, changes[:MOST_IN_A_LINE])]
        if others := changes[MOST_IN_A_LINE:]:
            told.append(f"{sum(each.count for each in others)} changed otherwise")
        return f"{counted(self.messages)}: {', '.join(told)}" if self.messages else "no messages to compare"

    def omissions(self) -> str:
        """What was left out, in words; nothing where nothing was."""
        words = {TESTER: "of testers", DETAILS: "whose emoji, story or post is not kept"}
        told = [f"{count} {words.get(why, why)}" for why, count in sorted(self.left_out.items())]
        return f"left out: {', '.join(told)}" if told else ""


def counted(messages: int) -> str:
    """`412 messages`."""
    return f"{messages} message{'' if messages == 1 else 's'}"


async def compare(
    database: Database, replay: Replay, *, accounts: Sequence[str], on_conversation: Callable[[int], None]
) -> Comparison:
    """Decides again on everything since `replay.since`. `on_conversation` gets how many are done."""
    found, done = Comparison(), 0
    async for piece in pieces(database, accounts=accounts, since=replay.since):
        for again in replay.take(piece):
            found.add(again, piece.igsid)
        done += piece.first
        on_conversation(done)
    return found
