"""Puts together what the files give names to: `vars`, `schedules`, `lists`, `replies`. Each name stands once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from igbot.rules.reading.answers_draft import DraftReply
from igbot.rules.reading.draft import DraftFile, DraftRule, Named
from igbot.rules.reading.gathered import Gathered
from igbot.rules.reading.hours import read_schedule
from igbot.rules.reading.lists import WordLists
from igbot.rules.reading.patterns import Patterns
from igbot.rules.reading.source import FileReport, Scalar
from igbot.rules.reading.values import is_false, is_true, unknown_name
from igbot.rules.schedules import Schedule
from igbot.rules.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class _Once:
    """Finds what is given the same name twice. `what` is said of it (`a list`)."""

    what: str
    first: dict[str, str] = field(default_factory=dict)
    """Where each name is first written."""

    def is_new(self, name: str, at: Scalar, report: FileReport) -> bool:
        """Whether the name is the first of its kind; else R010 says where that is."""
        here = f"{report.source.path}:{at.line}"
        first = self.first.setdefault(name, here)
        if first is not here:
            message = f'{self.what} named "{name[:80]}" is already at {first}'
            report.error("R010", at, message, hint="give one of the two another name")
        return first is here


def gather(files: Sequence[DraftFile], surroundings: Surroundings) -> tuple[Gathered, WordLists]:
    """Everything that rules may name; what is wrong with names, hours and lists becomes findings."""
    constants: dict[str, str] = {}
    schedules: dict[str, Schedule] = {}
    lists: dict[str, tuple[Named, FileReport]] = {}
    replies: dict[str, DraftReply] = {}
    variables, hours, words, shared = (_Once(each) for each in ("a value of vars", "a schedule", "a list", "a reply"))
    for file in files:
        report = file.report
        _check_accounts(file, surroundings)
        for variable in file.variables:
            if variables.is_new(variable.name, variable.node, report):
                constants[variable.name] = variable.value
        for each in file.schedules:
            if hours.is_new(each.name.value, each.name, report):
                zone = file.zone or surroundings.zone
                schedules[each.name.value] = read_schedule(each.name, each.node, report, zone=zone)
        for each in file.lists:
            if words.is_new(each.name.value, each.name, report):
                lists[each.name.value] = (each, report)
        for name, reply in file.replies:
            if shared.is_new(name.value, name, report) and reply:
                replies[name.value] = reply
    found = WordLists(lists, Patterns())
    gathered = Gathered(
        constants=constants,
        schedules=schedules,
        lists=found.all(),
        replies=replies,
        rules=frozenset(rule.name for file in files for rule in file.rules),
        silent={rule.name: why for file in files for rule in file.rules if (why := _why_silent(rule))},
        surroundings=surroundings,
    )
    return gathered, found


def _why_silent(rule: DraftRule) -> str:
    """Why a rule never answers, as the end of a sentence; `""` where it does."""
    enabled, observe = rule.given.get("enabled"), rule.given.get("observe")
    if enabled and is_false(enabled):
        return "is switched off"
    return "observes and never answers" if observe and is_true(observe) else ""


def _check_accounts(file: DraftFile, surroundings: Surroundings) -> None:
    if surroundings.accounts is None:
        return
    for node, name in file.accounts or ():
        if name not in surroundings.accounts:
            unknown_name(node, "account", surroundings.accounts, file.report)
