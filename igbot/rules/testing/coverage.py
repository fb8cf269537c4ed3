"""Which rules the tests have made win, and which never did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from igbot.rules.rule import Rule
from igbot.rules.testing.inline import Tried
from igbot.rules.testing.running import CaseResult


@dataclass(frozen=True, slots=True)
class Coverage:
    """`won` of `rules` have answered something in a test (an observer: have fitted); `never` have not."""

    rules: int
    won: int
    never: tuple[Rule, ...]

    @property
    def percent(self) -> int:
        """The share of rules that have won, rounded down: 100 means all. Of no rules, none have."""
        return 100 * self.won // self.rules if self.rules else 0


def coverage_of(rules: Sequence[Rule], results: Iterable[CaseResult], tried: Iterable[Tried]) -> Coverage:
    """What was covered by cases and inline examples, whether they came out as expected or not."""
    seen = {each.rule.name for each in tried if each.answers}
    for result in results:
        for outcome in result.outcomes:
            if outcome.choice is not None:
                seen |= {outcome.choice.rule or "", *outcome.choice.observers, *outcome.choice.asked}
    counted = {rule.name: rule for rule in rules if rule.enabled}
    never = tuple(rule for name, rule in counted.items() if name not in seen)
    return Coverage(len(counted), len(counted) - len(never), never)
