"""What commands about rules read: the folder of rules, its tests, and what the settings say around them."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from igbot.errors import IgbotError, UsageError

if TYPE_CHECKING:
    from igbot.rules.loading import Loaded
    from igbot.rules.model import Finding, RuleFile
    from igbot.rules.surroundings import Surroundings

TEST_SUFFIXES = (".test.yaml", ".test.yml")


def configured_folder() -> Path:
    """The folder of the settings."""
    from igbot.cli.opening import settings_for

    return from_here(settings_for(None).rules_dir)


def from_here(folder: Path) -> Path:
    """The path as somebody would type it here."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


@dataclass(frozen=True, slots=True)
class Folder:
    """The rules of a folder, or of one file (`root` is that file then). `findings` name what could not be read."""

    root: Path
    files: "tuple[RuleFile, ...]"
    findings: "tuple[Finding, ...]" = ()

    def load(self, surroundings: "Surroundings") -> "Loaded":
        """Reads and checks them all; one that cannot be read keeps the whole from being used."""
        from igbot.rules.loading import load_rules

        loaded = load_rules(self.files, surroundings=surroundings)
        if self.findings:
            return replace(loaded, ruleset=None, findings=(*self.findings, *loaded.findings))
        return loaded

    def shown(self, finding: "Finding") -> "Finding":
        """The finding with a path that an editor can open from here."""
        return replace(finding, file=self.path_of(finding.file))

    def path_of(self, file: str) -> str:
        """A file of the folder, as an editor can open it from here."""
        return (self.root if self.root.is_file() or not file else self.root / file).as_posix()


def read_rules(root: Path) -> Folder:
    """The rules of a folder, or those of one file.

    Raises UsageError where there is no such thing, IgbotError where it cannot be read at all.
    """
    from igbot.rulebook.folder import read_folder
    from igbot.rules.model import RuleFile
    from igbot.rules.reading.strict_yaml import MAX_BYTES

    if not root.exists():
        raise UsageError(f"{root} does not exist", hint="name a folder of rules, or set IGBOT_RULES_DIR")
    _refuse_devices(root)
    try:
        if root.is_file():
            with root.open("rb") as opened:
                return Folder(root, (RuleFile(root.name, opened.read(MAX_BYTES + 1)),))
        next(root.iterdir(), None)
    except OSError as error:
        raise IgbotError(f"{root} cannot be read: {error.strerror or error}", hint="check its permissions") from None
    contents = read_folder(root)
    return Folder(root, contents.files, contents.findings)


def _refuse_devices(path: Path) -> None:
    # A pipe would hold the reader for ever.
    if not (path.is_file() or path.is_dir()):
        raise UsageError(f"{path} is not a regular file", hint="name a folder of rules, or a file of them")


def folder_around(path: Path | None, configured: Path) -> Path:
    """The folder that tests at `path` are about: that of the settings, one called `rules.d`, else where they lie."""
    if path is None:
        return configured
    if not path.exists():
        raise UsageError(f"{path} does not exist", hint="name a folder of rules, or a file that ends in .test.yaml")
    _refuse_devices(path)
    here = path.resolve()
    if here.is_relative_to(configured.resolve()):
        return configured
    folder = path if path.is_dir() else path.parent
    above = (here, *here.parents)
    return next((from_here(each) for each in above if each.name == "rules.d" and each.is_dir()), folder)


def read_tests(root: Path, path: Path | None) -> "tuple[RuleFile, ...]":
    """The test files below `path` (all of `root` where None), named by their paths relative to `root`.

    Raises UsageError for a file that is no test, IgbotError for one that cannot be read.
    """
    from igbot.rules.model import RuleFile
    from igbot.rules.reading.strict_yaml import MAX_BYTES

    start = path or root
    if start.is_file() and not start.name.endswith(TEST_SUFFIXES):
        raise UsageError(f"{start} is no file of tests", hint="their names end in .test.yaml")
    found = [start] if start.is_file() else sorted(_below(start), key=lambda each: each.as_posix().encode())
    files = []
    for each in found:
        try:
            with each.open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
        except OSError as error:
            raise IgbotError(
                f"{each} cannot be read: {error.strerror or error}", hint="check its permissions"
            ) from None
        files.append(RuleFile(relative(each, root), data))
    return tuple(files)


def relative(path: Path, root: Path) -> str:
    """A path as it is seen from `root`, with `/`."""
    return Path(os.path.relpath(path.resolve(), root.resolve())).as_posix()


def _below(folder: Path) -> list[Path]:
    found = []
    for where, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(where, name) for name in names if name.endswith(TEST_SUFFIXES) and not name.startswith(".")]
    return found
