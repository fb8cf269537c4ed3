"""From the files of `rules.d` to a rule set, or to what is wrong with them. All or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from igbot.rules import lint
from igbot.rules.deciding.ruleset import RuleSet, build_ruleset
from igbot.rules.model import Finding, RuleFile
from igbot.rules.reading.compiling import compile_rules
from igbot.rules.reading.files import read_file
from igbot.rules.reading.source import Report
from igbot.rules.rule import Rule
from igbot.rules.surroundings import Surroundings
from igbot.rules.testing.inline import check_examples

_NEED_ALL_FILES = frozenset({"R013", "R022", "R023", "R024", "R045", "R050", "R053"})
"""What may only be found because an unreadable file gives no names, and conditions with these are left out."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """`ruleset` is None where any finding is an error. Findings are in the order of the files and their lines.

    `rules` are those that could be read, right or wrong, in the order of the files. `lists_read` counts word lists.
    """

    ruleset: RuleSet | None
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...] = ()
    lists_read: int = 0

    @property
    def rules_read(self) -> int:
        """How many rules could be read, right or wrong."""
        return len(self.rules)


def load_rules(files: Sequence[RuleFile], *, surroundings: Surroundings | None = None) -> Loaded:
    """Reads, checks and compiles rule files; in which order they are given makes no difference.

    No files at all give an empty set. Never raises for any bytes.
    """
    surroundings = surroundings or Surroundings()
    ordered = sorted(files, key=_byte_order)
    report = Report()
    drafts = [read_file(file, report) for file in ordered]
    reports = {draft.report.source.path: draft.report for draft in drafts}
    if not all(draft.readable for draft in drafts):
        report.muted = _NEED_ALL_FILES
    rules = compile_rules(drafts, surroundings=surroundings)
    lists = sum(len(draft.lists) for draft in drafts)
    # File by file: to free all that was read at once would hold the interpreter, and so everybody, for long.
    while drafts:
        drafts.pop()
    lint.check(rules, reports, surroundings)
    ruleset = None
    if not report.has_errors:
        ruleset = build_ruleset(digest_of(ordered), rules)
        lint.check_set(ruleset, reports, surroundings)
        check_examples(ruleset, rules, reports)
    return Loaded(None if report.has_errors else ruleset, _in_order(report, ordered), rules, lists)


def digest_of(files: Sequence[RuleFile]) -> str:
    """A name for the contents of rule files: 16 hexadecimal digits that change with any byte or path."""
    summed = sha256()
    for file in sorted(files, key=_byte_order):
        for part in (_byte_order(file), file.data):
            summed.update(len(part).to_bytes(8))
            summed.update(part)
    return summed.hexdigest()[:16]


def _byte_order(file: RuleFile) -> bytes:
    return file.path.encode("utf-8", "surrogatepass")


def _in_order(report: Report, files: Sequence[RuleFile]) -> tuple[Finding, ...]:
    """Each finding once: a value reached through several aliases is at fault in one place."""
    places = {file.path: place for place, file in enumerate(files)}
    found = dict.fromkeys(report.findings)
    return tuple(sorted(found, key=lambda each: (places[each.file], each.line, each.column, each.code)))
