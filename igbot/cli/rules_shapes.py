"""The verdicts of rule tests for other programs: JSON, and JUnit's XML for CI servers."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from igbot.errors import IgbotError

if TYPE_CHECKING:
    from igbot.cli.rules_running import FileResult, TestRun
    from igbot.meta.outgoing import Outgoing
    from igbot.rules.deciding.choice import Considered
    from igbot.rules.testing.running import CaseResult, Failure


def json_of(run: "TestRun") -> dict[str, Any]:
    """All of a run as one JSON object."""
    counts, coverage = run.counts, run.coverage
    return {
        "good": run.good,
        **{status: counts[status] for status in ("passed", "failed", "skipped", "todo")},
        "seconds": round(run.seconds, 3),
        "cases": [_case(run, file, result) for file in run.files for result in file.results],
        "inline": [
            {
                "rule": tried.rule.name,
                "text": tried.example.text,
                "expected": "yes" if tried.example.wins else "no",
                "good": tried.holds,
                "file": run.folder.path_of(tried.rule.file),
                "line": tried.example.at.line,
                "message": None if tried.holds else tried.message,
            }
            for tried in run.tried
        ],
        "coverage": None
        if coverage is None
        else {
            "rules": coverage.rules,
            "won": coverage.won,
            "percent": coverage.percent,
            "never": [rule.name for rule in coverage.never],
        },
        "findings": [finding.shape() for finding in run.findings],
    }


def _case(run: "TestRun", file: "FileResult", result: "CaseResult") -> dict[str, Any]:
    case = result.case
    return {
        "file": run.folder.path_of(file.file.path),
        "line": case.at.line,
        "name": case.name,
        "status": result.status,
        "steps": len(case.steps),
        "why": case.skip or case.todo or None,
        "failures": [_failure(run, file, failure) for failure in result.failures],
    }


def _failure(run: "TestRun", file: "FileResult", failure: "Failure") -> dict[str, Any]:
    from igbot.cli.rules_verdicts import because
    from igbot.rules.testing.judging import winner
    from igbot.rules.testing.running import considered, words_of

    outcome = failure.outcome
    return {
        "number": failure.number,
        "line": failure.step.at.line,
        "what": words_of(failure.step),
        "mismatches": [{"key": m.key, "expected": m.expected, "got": m.got} for m in failure.mismatches],
        "reason": outcome.reason,
        "rule": winner(outcome),
        "because": because(file, outcome),
        "replies": [reply_shape(reply) for reply in outcome.replies],
        "considered": [
            considered_shape(each, run.folder.path_of(each.file))
            for each in considered(file.setup.ruleset, outcome.asked)
        ]
        if outcome.asked
        else [],
    }


def considered_shape(each: "Considered", file: str) -> dict[str, Any]:
    """Why one rule did or did not fit."""
    return {
        "rule": each.rule,
        "fits": each.fits,
        "because": each.because,
        "order": list(each.order) if each.order else None,
        "file": file,
        "line": each.line,
    }


def reply_shape(reply: "Outgoing") -> dict[str, Any]:
    """One reply as it would be sent."""
    attached = reply.attachment
    return {
        "text": reply.text,
        "quick_replies": [{"title": each.title, "payload": each.payload} for each in reply.quick_replies],
        "buttons": [{"title": each.title, "url": each.url, "payload": each.payload} for each in reply.buttons],
        "attachment": {"type": attached.type, "url": attached.url} if attached else None,
    }


def write_junit(run: "TestRun", path: Path) -> None:
    """Writes JUnit's XML: a suite for each file of tests. Raises IgbotError where the file cannot be written."""
    root = ElementTree.Element("testsuites", name="igbot rules test", time=f"{run.seconds:.3f}")
    for name, cases in _suites(run):
        counts = {
            kind: str(sum(case.find(kind) is not None for case in cases)) for kind in ("failure", "skipped", "error")
        }
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(cases)),
            failures=counts["failure"],
            skipped=counts["skipped"],
            errors=counts["error"],
        )
        suite.extend(cases)
    try:
        ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise IgbotError(f"{path} cannot be written: {error.strerror or error}") from None


def _suites(run: "TestRun") -> "Iterator[tuple[str, list[ElementTree.Element]]]":
    if run.findings:
        yield "rules", [_broken(finding.file, finding.line, finding.message) for finding in run.findings]
    for file in run.files:
        name = run.folder.path_of(file.file.path)
        yield name, [_junit_case(run, file, result, name) for result in file.results]
    if run.tried:
        cases = []
        for tried in run.tried:
            case = _element(f"{tried.rule.name}: {tried.example.text}", "inline examples", tried.example.at.line)
            if not tried.holds:
                ElementTree.SubElement(case, "failure", message=_xml(tried.message))
            cases.append(case)
        yield "inline examples", cases


def _junit_case(run: "TestRun", file: "FileResult", result: "CaseResult", suite: str) -> ElementTree.Element:
    from igbot.cli.rules_verdicts import failure_details, heading

    case = result.case
    element = _element(case.name, suite, case.at.line)
    if result.status in ("skipped", "todo"):
        ElementTree.SubElement(element, "skipped", message=_xml(case.skip or case.todo or result.status))
    elif result.failures:
        told = [(heading(case, each), *failure_details(run, file, case, each)) for each in result.failures]
        failure = ElementTree.SubElement(element, "failure", message=_xml(told[0][0]))
        failure.text = _xml("\n\n".join("\n".join(lines) for lines in told))
    return element


def _broken(file: str, line: int, message: str) -> ElementTree.Element:
    element = _element(f"{file}:{line}", "rules", line)
    ElementTree.SubElement(element, "error", message=_xml(message))
    return element


def _element(name: str, suite: str, line: int) -> ElementTree.Element:
    return ElementTree.Element("testcase", name=_xml(name), classname=_xml(suite), line=str(line))


def _xml(text: str) -> str:
    """The text without what XML has no form for."""
    return "".join(
        letter
        if letter in "\t\n\r" or " " <= letter <= "\ud7ff" or "\ue000" <= letter <= "\ufffd" or letter > "\uffff"
        else "\ufffd"
        for letter in text
    )
