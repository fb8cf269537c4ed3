"""Runs the cases of test files and says which hold."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from igbot.rules.deciding.choice import Considered, Incoming
from igbot.rules.deciding.decision import consider_all
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.reading.source import FileReport
from igbot.rules.spelling import did_you_mean
from igbot.rules.testing.cases import Case, CaseFile, Named, OwnerSays, Step, Unsend
from igbot.rules.testing.judging import NO_RULE, Mismatch, judge
from igbot.rules.testing.outcomes import Asked, Outcome, Setup
from igbot.rules.testing.talking import play

Status = Literal["passed", "failed", "skipped", "todo"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A step or row (`number`, from 1) that came to something else than expected."""

    number: int
    step: Step
    outcome: Outcome
    mismatches: tuple[Mismatch, ...]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a case came to; `outcomes` are those of its steps, as far as it got. `todo`: it does not hold yet."""

    case: Case
    status: Status
    outcomes: tuple[Outcome, ...] = ()
    failures: tuple[Failure, ...] = ()


def run_case(case: Case, setup: Setup) -> CaseResult:
    """Plays one case. Of a conversation only the first step that fails is told: what follows may follow from it."""
    if case.skip is not None:
        return CaseResult(case, "skipped")
    if not case.steps:
        return CaseResult(case, "todo")
    outcomes = play(case, setup)
    failures = tuple(
        Failure(number, step, outcome, mismatches)
        for number, (step, outcome) in enumerate(zip(case.steps, outcomes, strict=False), start=1)
        if (mismatches := judge(step.expect, outcome))
    )
    if not failures:
        return CaseResult(case, "passed", outcomes)
    shown = failures if case.form == "table" else failures[:1]
    return CaseResult(case, "failed" if case.todo is None else "todo", outcomes, shown)


def chosen(files: Iterable[CaseFile], word: str | None) -> tuple[CaseFile, ...]:
    """The files with the cases to be run: those whose name has `word`, and where some are `only`, just those."""
    files = tuple(files)
    some_only = any(case.only for file in files for case in file.cases)
    return tuple(
        replace(
            file,
            cases=tuple(case for case in file.cases if _named_so(case, word) and (case.only or not some_only)),
        )
        for file in files
    )  # fmt: skip


def left_out(files: Iterable[CaseFile], word: str | None) -> int:
    """How many cases are not run because others are marked `only`."""
    cases = [case for file in files for case in file.cases]
    if not any(case.only for case in cases):
        return 0
    return sum(_named_so(case, word) and not case.only for case in cases)


def _named_so(case: Case, word: str | None) -> bool:
    return (word or "").casefold() in case.name.casefold()


def check_names(file: CaseFile, ruleset: RuleSet, report: FileReport) -> None:
    """T002 for each rule that a test names and that does not exist: such a test would hold for the wrong reason."""
    known = {rule.name for rule in ruleset.rules}
    for named in _named(file.cases):
        if named.name not in known | {"fallback", NO_RULE}:
            hint = did_you_mean(named.name, known) or f"write {NO_RULE} where no rule shall answer"
            report.error("T002", named.at, f'there is no rule "{named.name[:64]}"', hint=hint)


def check_only(file: CaseFile, report: FileReport) -> None:
    """T003 for each case marked `only`: where nobody looks, all the others would be left out for ever."""
    for case in file.cases:
        if case.only:
            message = f'"{case.name[:60]}" is marked only, so that no other case would run'
            report.error("T003", case.at, message, hint='delete "only"')


def _named(cases: Iterable[Case]) -> Iterator[Named]:
    for case in cases:
        yield from (past.rule for past in case.history if past.rule)
        for step in case.steps:
            yield from filter(None, (step.expect.rule, *step.expect.rule_not, *(step.expect.observers or ())))


def considered(ruleset: RuleSet, asked: Asked) -> tuple[Considered, ...]:
    """Every rule, and why it did or did not fit: the fitting ones best first, then the others, the fallback last."""
    return consider_all(
        ruleset,
        asked.message,
        asked.customer,
        sent_at=asked.sent_at,
        now=asked.now,
        options=asked.options,
        answers=asked.answers,
        used_up=asked.used_up,
    )


def worth_showing(all_: Sequence[Considered], names: Collection[str]) -> tuple[Considered, ...]:
    """Of all rules those that tell something: what fitted, what was expected, and what only an exception kept out."""
    kept_out = ("none", "not", "limit", "once", "cooldown")
    return tuple(
        each for each in all_ if each.fits or each.rule in names or each.because.split(":")[0].split(" ")[0] in kept_out
    )


def words_of(step: Step) -> str:
    """What happens in a step, for a heading."""
    match step.happening:
        case Incoming(kind="text", text=text):
            return f'"{text}"'
        case Incoming() as event:
            details = filter(None, (event.text, event.payload, event.emoji, event.story, event.post, event.ad))
            return " ".join((event.kind, *details))
        case OwnerSays(text):
            return f'owner says "{text}"'
        case Unsend():
            return "unsend"
    return "tick owner_resume"
