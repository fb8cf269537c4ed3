"""How the verdicts of rule tests are printed for people: what was expected, what came, and always why."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from igbot.cli.output import console, visible

if TYPE_CHECKING:
    from igbot.cli.rules_running import FileResult, TestRun
    from igbot.rules.testing.cases import Case
    from igbot.rules.testing.coverage import Coverage
    from igbot.rules.testing.outcomes import Outcome
    from igbot.rules.testing.running import CaseResult, Failure

NAME, LABEL, VALUE, BECAUSE, SUMMARY = 47, 13, 27, 22, 35
"""Widths of columns; what is longer pushes the rest to the right."""
MOST_CONSIDERED = 12
MOST_NEVER = 10
STYLES = {"ok": "green", "FAIL": "bold red", "skip": "yellow", "todo": "yellow"}
_MARKS = {"passed": "ok", "failed": "FAIL", "skipped": "skip", "todo": "todo"}

Line = tuple[str, str, str]
"""What stands before the mark, the mark, and what stands behind it."""


def print_run(run: "TestRun", *, quiet: bool, all_never: bool) -> None:
    """All verdicts (`quiet`: the bad ones only), then the count, and which rules never won."""
    from igbot.cli import findings

    findings.print_text(run.findings)
    lines = [line for file in run.files for line in _file_lines(run, file, quiet=quiet)]
    lines += _inline_lines(run, quiet=quiet)
    if lines:
        lines.append(("", "", ""))
    _print_lines([*lines, ("", "", _summary(run, all_never=all_never))])
    if all_never and run.coverage:
        _print_lines(
            [
                ("", "", f"  never won  {rule.name:<27}  {_place(run, rule.file, rule.line)}")
                for rule in run.coverage.never
            ]
        )


def _print_lines(lines: list[Line]) -> None:
    from rich.text import Text

    screen = console()
    for before, mark, behind in lines:
        screen.print(Text.assemble(before, (mark, STYLES.get(mark.strip(), "")), behind.rstrip()), soft_wrap=True)


def _file_lines(run: "TestRun", file: "FileResult", *, quiet: bool) -> Iterator[Line]:
    shown = [result for result in file.results if not quiet or result.status == "failed"]
    if shown:
        yield "", "", run.folder.path_of(file.file.path)
    for result in shown:
        if result.status == "failed":
            for failure in result.failures:
                yield from _failure_lines(run, file, result.case, failure)
        else:
            mark = _MARKS[result.status]
            yield "  ", f"{mark:<4}", f"  {visible(result.case.name):<{NAME}}  {_note(result)}"


def _note(result: "CaseResult") -> str:
    case = result.case
    if result.status == "skipped":
        return visible(case.skip or "")
    if case.todo is not None:
        return visible(case.todo) if result.status == "todo" else 'holds now: delete "todo"'
    if case.form == "single":
        return ""
    one = "row" if case.form == "table" else "step"
    return f"{len(case.steps)} {one}" + ("" if len(case.steps) == 1 else "s")


def heading(case: "Case", failure: "Failure") -> str:
    """Which case failed, and where in it."""
    from igbot.rules.testing.running import words_of

    place = {"single": "", "steps": f"step {failure.number}: ", "table": f"row {failure.number}: "}[case.form]
    return visible(f"{case.name}  {place}{words_of(failure.step)}")


def _failure_lines(run: "TestRun", file: "FileResult", case: "Case", failure: "Failure") -> Iterator[Line]:
    yield "  ", "FAIL", f"  {heading(case, failure)}"
    for line in failure_details(run, file, case, failure):
        yield "        ", "", line


def failure_details(run: "TestRun", file: "FileResult", case: "Case", failure: "Failure") -> Iterator[str]:
    """What was expected, what came, and why, line by line."""
    labels = [f"expected {mismatch.key}" for mismatch in failure.mismatches]
    width = max(LABEL, *(len(label) for label in labels)) + 2
    outcome = failure.outcome
    for mismatch in failure.mismatches:
        yield from _labelled(f"expected {mismatch.key}", mismatch.expected, width)
        got = list(_labelled(f"got {mismatch.key}", mismatch.got, width))
        if mismatch.key.startswith("rule") and (place := _winner_place(run, file, outcome)):
            got[0] = f"{got[0]:<{width + VALUE}}  {place}"
        yield from got
    yield f"{'because':<{width}}{because(file, outcome)}"
    for number, line in enumerate(_considered_lines(run, file, failure)):
        yield f"{'' if number else 'considered':<{width}}{line}"
    name = case.name if case.form == "single" else f"{case.name}#{failure.number}"
    where = f" --rules {_quoted(run.folder.root.as_posix(), always=False)}" if run.elsewhere else ""
    yield f"{'more':<{width}}igbot rules explain --case {_quoted(name)}{where}"


def _quoted(text: str, *, always: bool = True) -> str:
    """As a shell takes it for one word; JSON's quotes are a shell's as well, but for a dollar or a backtick."""
    plain = not always and all(letter.isalnum() or letter in "/._-:~" for letter in text)
    return text if plain else json.dumps(visible(text), ensure_ascii=False)


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    lines = text.splitlines() or [""]
    for number, line in enumerate(lines):
        yield f"{'' if number else label:<{width}}{visible(line)}"


def _place(run: "TestRun", file: str, line: int) -> str:
    return f"{run.folder.path_of(file)}:{line}"


def _winner_place(run: "TestRun", file: "FileResult", outcome: "Outcome") -> str:
    name = outcome.choice.rule if outcome.choice else None
    entry = file.setup.ruleset.by_name.get(name) if name else None
    return _place(run, entry.rule.file, entry.rule.line) if entry else ""


def because(file: "FileResult", outcome: "Outcome") -> str:
    """Why a step came to what it came to."""
    from igbot.rules.testing.judging import asked_back

    choice, asked = outcome.choice, outcome.asked
    if choice is None or asked is None:
        return outcome.reason
    if choice.reason == "paused" and asked.standing.paused_until:
        return f"paused until {asked.standing.paused_until.isoformat(sep=' ', timespec='minutes')}"
    otherwise = {"fallback": "no other rule fits"}.get(choice.reason, choice.reason)
    words = [choice.matched or asked_back(outcome) or otherwise]
    if choice.order is not None:
        words.append(f"(exactness {choice.order[1]}, priority {choice.order[0]})")
    if choice.withheld:
        words.append(f"but says nothing: {choice.withheld}")
    elif outcome.reason in ("paused", "deleted", "settle"):
        words.append(f"but nothing leaves: {outcome.reason}")
    return visible(" ".join(words))


def _considered_lines(run: "TestRun", file: "FileResult", failure: "Failure") -> Iterator[str]:
    from igbot.rules.testing.running import considered, worth_showing

    asked, expected = failure.outcome.asked, failure.step.expect.rule
    if asked is None:
        return
    all_ = worth_showing(considered(file.setup.ruleset, asked), {expected.name} if expected else set())
    shown = all_[:MOST_CONSIDERED]
    width = max((len(each.rule) for each in shown), default=0)
    for each in shown:
        if each.fits:
            yield f"{each.rule:<{width}}  yes  {each.order or visible(each.because)}"
        else:
            yield f"{each.rule:<{width}}  no   {visible(each.because):<{BECAUSE}}  {_place(run, each.file, each.line)}"
    if len(all_) > len(shown):
        yield f"and {len(all_) - len(shown)} more"


def _inline_lines(run: "TestRun", *, quiet: bool) -> Iterator[Line]:
    wrong = [tried for tried in run.tried if not tried.holds]
    if not run.tried or (quiet and not wrong):
        return
    yes = sum(tried.example.wins for tried in run.tried)
    rules = len({tried.rule.name for tried in run.tried})
    name = f"inline examples of {rules} {'rule' if rules == 1 else 'rules'}"
    mark = "FAIL" if wrong else "ok"
    yield "  ", f"{mark:<4}", f"  {name:<{NAME}}  {yes} yes, {len(run.tried) - yes} no"
    for tried in wrong:
        place = f"{_place(run, tried.rule.file, tried.example.at.line)}:{tried.example.at.column}"
        yield "        ", "", f"{place}  {visible(tried.message)}"


def _summary(run: "TestRun", *, all_never: bool) -> str:
    counts, root = run.counts, run.folder.root.as_posix()
    coverage = run.coverage if run.coverage is not None and run.coverage.rules else None
    none = [] if run.coverage is None or coverage else [f"no rules in {root}"]
    if not counts and not run.findings:
        return ", ".join([*none, f"no tests (*.test.yaml) for {root}"])
    words = [f"{counts['passed']} passed"]
    words += [f"{counts[status]} {_COUNTED[status]}" for status in _COUNTED if counts[status]]
    if run.findings:
        errors = sum(finding.severity == "error" for finding in run.findings)
        words.append(f"{errors} {'error' if errors == 1 else 'errors'}")
    if run.left_out:
        words.append(f'{run.left_out} left out by "only"')
    told = f"{', '.join(words)} in {run.seconds:.2f} s"
    if coverage is None:
        return ", ".join([told, *none])
    if run.partial and not all_never:
        return told
    return f"{told:<{SUMMARY}}  {_covered(coverage, all_never=all_never)}"


_COUNTED = {"failed": "failed", "skipped": "skipped", "todo": "to do"}


def _covered(coverage: "Coverage", *, all_never: bool) -> str:
    told = f"rules covered {coverage.won} of {coverage.rules} ({coverage.percent} %)"
    if not coverage.never or all_never:
        return told
    names = [rule.name for rule in coverage.never]
    more = f" and {len(names) - MOST_NEVER} more" if len(names) > MOST_NEVER else ""
    return f"{told}: never won: {', '.join(names[:MOST_NEVER])}{more}"
