"""Examples that stand in a rule itself (`test: {yes: […], no: […]}`), checked at every load.

They must come out alike at noon and at night, for a new customer and an old one, or a reload would fail by the clock.
So they ask whether a rule *can* answer a text: it fits by its words, and no better rule fits that always may answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from igbot.meta.events import CustomerKind
from igbot.rules.conditions import When
from igbot.rules.deciding.choice import Choice, Considered, Customer, Incoming, Options
from igbot.rules.deciding.responding import Standing, respond
from igbot.rules.deciding.ruleset import RuleSet, build_ruleset
from igbot.rules.reading.source import FileReport
from igbot.rules.rule import Example, Rule

_ANY_TIME = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
_WITH_TEXT: tuple[CustomerKind, ...] = ("text", "story_reply", "quick_reply")


@dataclass(frozen=True, slots=True)
class Tried:
    """An example, whether its rule can answer it, and which rule does where it cannot (None: no rule)."""

    rule: Rule
    example: Example
    answers: bool
    instead: Considered | None

    @property
    def holds(self) -> bool:
        """Whether it came out as written."""
        return self.answers == self.example.wins

    @property
    def message(self) -> str:
        """What is wrong with one that does not hold."""
        text = f'"{self.example.text[:80]}"'
        if not self.example.wins:
            return f"{text} is answered by {self.rule.name}, and its test says it must not be"
        if self.instead is None:
            return f"{text} is not answered by {self.rule.name}, as its test says, nor by any other rule"
        return f"{text} is answered by {self.instead.rule} ({self.instead.because}), not by {self.rule.name}"


def check_examples(ruleset: RuleSet, rules: Sequence[Rule], reports: Mapping[str, FileReport]) -> None:
    """T001 for each example that does not hold; `reports` are those of the files, by path."""
    for tried in try_examples(rules, digest=ruleset.digest):
        if not tried.holds:
            hint = "change the words or the priority of one of the two" if tried.instead else "change the words"
            hint = hint if tried.example.wins else 'add what sets it apart to "not"'
            reports[tried.rule.file].error("T001", tried.example.at, tried.message, hint=f"{hint}, or the example")


def try_examples(rules: Sequence[Rule], *, digest: str = "") -> tuple[Tried, ...]:
    """All examples of the rules that are in use, in their order."""
    asked = [rule for rule in rules if rule.enabled and rule.examples]
    if not asked:
        return ()
    kept = [_bare(rule) for rule in rules if rule.examples or not _is_conditional(rule)]
    ruleset = build_ruleset(digest, kept)
    passing = frozenset(rule.name for rule in rules if rule.fallback or _is_conditional(rule))
    return tuple(_try(ruleset, rule, example, passing) for rule in asked for example in rule.examples)


def _try(ruleset: RuleSet, rule: Rule, example: Example, passing: frozenset[str]) -> Tried:
    """`passing` are the rules that do not always answer what fits them."""
    kind: CustomerKind = next((kind for kind in _WITH_TEXT if kind in rule.kinds), "text")
    choice = _choice(ruleset, Incoming(kind, example.text))
    if rule.observe:
        return Tried(rule, example, rule.name in choice.observers, None)
    for fit in choice.considered:
        if fit.fits and fit.rule == rule.name:
            return Tried(rule, example, True, None)
        if fit.fits and fit.rule not in passing:
            return Tried(rule, example, False, fit)
    # What no rule answers that always may falls to the fallback, whether the decision names it among the others or not.
    return Tried(rule, example, rule.fallback and kind in rule.kinds, None)


def _choice(ruleset: RuleSet, message: Incoming) -> Choice:
    return respond(
        ruleset,
        message,
        Customer("", ""),
        Standing(customer_at=_ANY_TIME),
        sent_at=_ANY_TIME,
        now=_ANY_TIME,
        options=Options(),
    )


def _is_conditional(rule: Rule) -> bool:
    """Whether a rule answers at some times or some customers only."""
    bounds = (rule.starts, rule.ends, rule.accounts)
    return any(bound is not None for bound in bounds) or _asks_more(rule.when)


def _asks_more(when: When) -> bool:
    asked = (when.schedule, when.first_message, when.idle_for, when.after, when.turn, when.customer, when.test)
    nested = (*when.any, *when.every, *when.none)
    return any(each is not None for each in asked) or any(_asks_more(each) for each in nested)


def _bare(rule: Rule) -> Rule:
    """The rule with what it asks of the message alone, and without what it does."""
    return replace(
        rule,
        when=_bare_when(rule.when),
        starts=None,
        ends=None,
        accounts=None,
        replies=(),
        handoff=None,
        call=None,
        sets={},
        alert=None,
        limits=(),
        ask_on_tie=False,
    )


def _bare_when(when: When) -> When:
    return replace(
        when,
        schedule=None,
        first_message=None,
        idle_for=None,
        after=None,
        turn=None,
        customer=None,
        test=None,
        any=_bare_all(when.any),
        every=_bare_all(when.every),
        # An exception for some times or customers does not hold for the others.
        none=tuple(each for each in when.none if not _asks_more(each)),
    )


def _bare_all(nodes: Iterable[When]) -> tuple[When, ...]:
    return tuple(_bare_when(node) for node in nodes)
