"""`rules.d` on disk: which files count, what is in them, and how to tell cheaply that something changed."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from igbot.rules.model import Finding, RuleFile
from igbot.rules.reading.strict_yaml import MAX_BYTES

_SUFFIXES = (".yaml", ".yml")
_TEST_SUFFIXES = (".test.yaml", ".test.yml")
_UNBLOCK = "check its permissions, and that no other program keeps it locked"

Fingerprint = tuple[tuple[str, int, int, int, int], ...] | None
"""Path, inode, size and both times of every rule file; None where the folder cannot be listed."""


@dataclass(frozen=True, slots=True)
class FolderContents:
    """The rule files in their order; `findings` name what could not be read."""

    files: tuple[RuleFile, ...]
    findings: tuple[Finding, ...]

    @property
    def has_blocked(self) -> bool:
        """Whether there is a file that could not be read, as happens while somebody else is about to replace it."""
        return any(finding.file for finding in self.findings)


def is_rule_file(name: str) -> bool:
    """Whether a file of this name holds rules: no tests, no dot files, nothing that an editor leaves behind."""
    return name.endswith(_SUFFIXES) and not name.endswith(_TEST_SUFFIXES) and not name.startswith(".")


def read_folder(root: Path) -> FolderContents:
    """Reads all rule files below `root`, through links too, in the byte order of their paths. Never raises."""
    files: list[RuleFile] = []
    findings: list[Finding] = []
    try:
        found = sorted(_walk(root))
    except OSError as error:
        return FolderContents((), (_folder_finding(root, error),))
    for raw_path, file in found:
        path = raw_path.decode("utf-8", "replace")
        try:
            files.append(RuleFile(path, _read(file)))
        except OSError as error:
            findings.append(_unreadable(path, f"the file cannot be read: {_reason(error)}", _UNBLOCK))
    return FolderContents(tuple(files), tuple(findings))


def fingerprint(root: Path) -> Fingerprint:
    """Something that differs after any way of saving a rule file, without reading one."""
    try:
        return tuple(_print_of(path, file) for path, file in sorted(_walk(root)))
    except OSError:
        return None


def _print_of(path: bytes, file: Path) -> tuple[str, int, int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return (os.fsdecode(path), 0, 0, 0, 0)
    return (os.fsdecode(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _walk(root: Path) -> Iterator[tuple[bytes, Path]]:
    """Paths relative to `root` with `/`, and the files; a folder that links lead to twice is walked once."""
    waiting = [("", root)]
    seen: set[str] = set()
    while waiting:
        prefix, folder = waiting.pop()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                path = prefix + entry.name
                if entry.is_dir():
                    if not entry.name.startswith("."):
                        waiting.append((path + "/", Path(entry.path)))
                elif is_rule_file(entry.name):
                    yield os.fsencode(path), Path(entry.path)


def _read(file: Path) -> bytes:
    # A pipe or a device would hold the reader for ever.
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError("not a regular file")
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _folder_finding(root: Path, error: OSError) -> Finding:
    if isinstance(error, FileNotFoundError) and not root.exists():
        return _unreadable("", "the folder does not exist", "create it, or name another with IGBOT_RULES_DIR")
    return _unreadable("", f"the folder cannot be read: {_reason(error)}", "check its permissions")


def _unreadable(path: str, message: str, hint: str) -> Finding:
    return Finding("R001", "error", path, 1, 1, message, hint)
