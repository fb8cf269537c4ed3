"""Runs the tests of a folder of rules: reads what is needed, plays the cases, counts what came of it."""

import posixpath
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from igbot.cli.rules_folder import Folder
    from igbot.rules.deciding.choice import Detect, Options
    from igbot.rules.deciding.ruleset import RuleSet
    from igbot.rules.loading import Loaded
    from igbot.rules.model import Finding, RuleFile
    from igbot.rules.reading.source import Report
    from igbot.rules.rule import Rule
    from igbot.rules.testing.cases import CaseFile
    from igbot.rules.testing.coverage import Coverage
    from igbot.rules.testing.inline import Tried
    from igbot.rules.testing.outcomes import Setup
    from igbot.rules.testing.running import CaseResult
    from igbot.settings.model import Settings

INLINE = "inline examples"


@dataclass(frozen=True, slots=True)
class FileResult:
    """The cases of one file, played with `setup`."""

    file: "CaseFile"
    setup: "Setup"
    results: "tuple[CaseResult, ...]"


@dataclass(frozen=True, slots=True)
class TestRun:
    """Everything a run of tests came to. `findings` are what kept tests from being run, with paths from here.

    `tried` are the rules' own examples, `coverage` is None where no rules could be loaded.
    """

    __test__ = False

    folder: "Folder"
    files: tuple[FileResult, ...] = ()
    tried: "tuple[Tried, ...]" = ()
    coverage: "Coverage | None" = None
    findings: "tuple[Finding, ...]" = ()
    seconds: float = 0.0
    partial: bool = False
    """Whether only some of the cases were asked for."""
    left_out: int = 0
    """Cases that were not run because others are marked `only`."""
    elsewhere: bool = False
    """Whether these are other rules than those of the settings."""

    @property
    def counts(self) -> "Counter[str]":
        """How many cases passed, failed, were skipped or are to do; the rules' own examples are one case."""
        counted = Counter[str](result.status for file in self.files for result in file.results)
        if self.tried:
            counted["passed" if all(tried.holds for tried in self.tried) else "failed"] += 1
        return counted

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings and not self.counts["failed"]


@dataclass(slots=True)
class Runner:
    """What tests are run with: the settings, which of them, and whether nobody looks (`ci`)."""

    folder: "Folder"
    tests: "tuple[RuleFile, ...]"
    settings: "Settings"
    word: str | None = None
    ci: bool = False
    loaded: "dict[tuple[str, ...], Loaded]" = field(default_factory=dict)

    def run(self) -> TestRun:
        """All tests, once."""
        from time import perf_counter

        from igbot.rules.reading.source import Report

        begun = perf_counter()
        report = Report()
        whole = self._load(())
        if found := [finding for finding in whole.findings if _stops(finding)]:
            shown = tuple(self.folder.shown(finding) for finding in found)
            return TestRun(self.folder, findings=shown, seconds=perf_counter() - begun)
        files, left_out = self._files(report)
        tried = self._inline(whole)
        return TestRun(
            self.folder,
            files,
            tried,
            self._coverage(whole, files, tried),
            tuple(self.folder.shown(finding) for finding in sorted(report.findings, key=_place)),
            perf_counter() - begun,
            partial=bool(self.word),
            left_out=left_out,
            elsewhere=self.folder.root.resolve() != self.settings.rules_dir.resolve(),
        )

    def case_files(self, report: "Report") -> "tuple[CaseFile, ...]":
        """The files of tests that can be read, with all their cases."""
        from igbot.cli.moments import zone_of
        from igbot.rule_settings import usual_account
        from igbot.rules.testing.reading import read_cases

        zone = zone_of(self.settings, self._load(()).rules)
        read = (
            read_cases(file, report, zone=zone, beside=self._beside(file.path), account=usual_account(self.settings))
            for file in self.tests
        )
        return tuple(file for file in read if file is not None)

    def setup_for(self, file: "CaseFile", report: "Report") -> "Setup | None":
        """What the cases of a file are played with; None (and findings) where its rules are not to be had."""
        from igbot.rules.testing.outcomes import Setup

        about = report.about(file.source)
        names = []
        for named in file.rules:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), named.name))
            if not Path(self.folder.root, path).is_file():
                about.error("R050", named.at, f"there is no file {path}", hint="the path is relative to this file")
                return None
            names.append(path)
        loaded = self._load(tuple(names))
        ruleset = usable(loaded)
        if ruleset is None:
            for finding in filter(_stops, loaded.findings):
                report.add(finding)
            return None
        # What the first answer begins with is no rule's: tests hold wherever it is set, and where it is not.
        options = replace(options_of(self.settings, ruleset), disclosure="")
        return Setup(ruleset, options, self.settings.takeover_pause)

    def _files(self, report: "Report") -> tuple[tuple[FileResult, ...], int]:
        """The cases, played, and how many were left out because others are marked `only`."""
        from igbot.rules.testing.running import check_names, check_only, chosen, left_out, run_case

        read, ready = self.case_files(report), []
        for file in read:
            about = report.about(file.source)
            if self.ci:
                check_only(file, about)
            setup = self.setup_for(file, report)
            if setup is not None:
                check_names(file, setup.ruleset, about)
                ready.append((file, setup))
        bad = {finding.file for finding in report.findings if finding.severity == "error"}
        good = [(file, setup) for file, setup in ready if file.path not in bad]
        picked = chosen((file for file, _ in good), self.word)
        played = tuple(
            FileResult(file, setup, tuple(run_case(case, setup) for case in file.cases))
            for file, (_, setup) in zip(picked, good, strict=True)
            if file.cases
        )
        return played, left_out([file for file, _ in good], self.word)

    def _inline(self, whole: "Loaded") -> "tuple[Tried, ...]":
        from igbot.rules.testing.inline import try_examples

        if self.word and self.word.casefold() not in INLINE:
            return ()
        return try_examples(whole.rules)

    def _coverage(self, whole: "Loaded", files: tuple[FileResult, ...], tried: "tuple[Tried, ...]") -> "Coverage":
        from igbot.rules.testing.coverage import coverage_of

        rules: dict[str, Rule] = {}
        for rule in (*whole.rules, *(rule for file in files for rule in file.setup.ruleset.rules)):
            rules.setdefault(rule.name, rule)
        return coverage_of(tuple(rules.values()), (each for file in files for each in file.results), tried)

    def _load(self, names: tuple[str, ...]) -> "Loaded":
        """The rules of some files, or of all; each choice is loaded once."""
        from igbot.rule_settings import surroundings_of
        from igbot.rules.model import RuleFile

        if names not in self.loaded:
            folder = self.folder
            if names:
                known = {file.path: file for file in folder.files}
                read = [
                    known.get(name) or RuleFile(name, Path(folder.root, name).read_bytes()) for name in sorted(names)
                ]
                folder = replace(folder, files=tuple(read), findings=())
            self.loaded[names] = folder.load(surroundings_of(self.settings))
        return self.loaded[names]

    def _beside(self, test: str) -> "BesideFile":
        return BesideFile(Path(self.folder.root, test).parent)


@dataclass(frozen=True, slots=True)
class BesideFile:
    """Reads files that a test names, relative to it."""

    folder: Path

    def __call__(self, path: str) -> bytes | None:
        """The contents, None where there is no such file."""
        try:
            return (self.folder / path).read_bytes()
        except (OSError, ValueError):
            return None


@dataclass(slots=True)
class LateDetection:
    """Tells languages apart; the model, which takes half a second to load, only once a text is asked about."""

    languages: tuple[str, ...]
    detect: "Detect | None" = None
    loaded: bool = False

    def __call__(self, text: str, among: "Sequence[str]") -> str | None:
        """In which of some languages a text is written; None where that cannot be told."""
        from igbot.rulebook.detection import detector

        if not self.loaded:
            self.detect, self.loaded = detector(self.languages), True
        return self.detect(text, among) if self.detect else None


def options_of(settings: "Settings", ruleset: "RuleSet") -> "Options":
    """The settings that decisions depend on, as `serve` has them."""
    from igbot.rule_settings import options_of as of_settings

    return of_settings(settings, detect=LateDetection(ruleset.languages) if len(ruleset.languages) > 1 else None)


def _place(finding: "Finding") -> tuple[str, int, int]:
    return finding.file, finding.line, finding.column


def _stops(finding: "Finding") -> bool:
    """Whether rules with it are not tried; an example that does not hold (T001) is itself a test."""
    return finding.severity == "error" and finding.code != "T001"


def usable(loaded: "Loaded") -> "RuleSet | None":
    """The rules, whatever their own examples say; None where something else is wrong with them."""
    from igbot.rules.deciding.ruleset import build_ruleset

    if any(_stops(finding) for finding in loaded.findings):
        return None
    return loaded.ruleset or build_ruleset("", loaded.rules)
