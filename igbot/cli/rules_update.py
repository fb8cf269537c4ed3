"""`igbot rules test --update`: writes the replies that came in place of those that were expected, and nothing else."""

import difflib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from igbot.errors import IgbotError

if TYPE_CHECKING:
    from igbot.cli.rules_running import FileResult, TestRun
    from igbot.rules.testing.cases import ExactReply

_BREAKS = ("\r\n", "\r", "\n", "\x85", "\u2028", "\u2029")


@dataclass(frozen=True, slots=True)
class Edit:
    """New words in place of a part of a text, by characters."""

    begin: int
    end: int
    words: str


def update(run: "TestRun", *, yes: bool) -> int:
    """Shows what would change and, if told to, writes it. Returns how many files were written.

    Raises IgbotError where one cannot be.
    """
    changed: dict[Path, tuple[str, str]] = {}
    for file in run.files:
        if edits := _edits(file):
            path = Path(run.folder.path_of(file.file.path))
            changed[path] = file.file.source.text, _edited(file.file.source.text, edits)
    for path, (before, after) in changed.items():
        _show(path, before, after)
    if not changed or not (yes or typer.confirm("Write this?")):
        return 0
    for path, (_, after) in changed.items():
        try:
            # A byte order mark is no part of the text that was read.
            mark = b"\xef\xbb\xbf" if path.read_bytes().startswith(b"\xef\xbb\xbf") else b""
            path.write_bytes(mark + after.encode())
        except OSError as error:
            raise IgbotError(f"{path} cannot be written: {error.strerror or error}") from None
    return len(changed)


def _edits(file: "FileResult") -> list[Edit]:
    from igbot.rules.testing.judging import judge, said, written

    text, found = file.file.source.text, {}
    starts = _line_starts(text)
    for result in file.results:
        # Of a conversation all steps, and not only the first that fails: what is said changes nothing that follows.
        for step, outcome in zip(result.case.steps, result.outcomes, strict=False):
            expected = step.expect.reply
            if expected is None or all(mismatch.key != "reply" for mismatch in judge(step.expect, outcome)):
                continue
            replies = written(outcome) if expected.listed else [said(outcome.replies)]
            if not any(replies):
                continue
            edit = _edit(text, starts, expected, replies)
            found[edit.begin] = edit
    return [found[begin] for begin in sorted(found)]


def _edit(text: str, starts: list[int], expected: "ExactReply", replies: list[str]) -> Edit:
    from igbot.rules.testing.quoting import quoted

    span = expected.span
    begin = starts[span.line - 1] + span.column - 1
    end = starts[span.end_line - 1] + span.end_column - 1
    # What YAML counts to a block of text, down to the next key, is left as it is.
    end -= len(text[begin:end]) - len(text[begin:end].rstrip())
    words = [quoted(reply) for reply in replies]
    return Edit(begin, end, f"[{', '.join(words)}]" if expected.listed else words[0])


def _edited(text: str, edits: list[Edit]) -> str:
    for edit in reversed(edits):
        text = text[: edit.begin] + edit.words + text[edit.end :]
    return text


def _line_starts(text: str) -> list[int]:
    """Where each line begins, by the line breaks that YAML counts."""
    starts, at = [0], 0
    while at < len(text):
        broken = next((each for each in _BREAKS if text.startswith(each, at)), None) if text[at] in _ENDS else None
        at += len(broken) if broken else 1
        if broken:
            starts.append(at)
    return starts


_ENDS = frozenset("\r\n\x85\u2028\u2029")


def _show(path: Path, before: str, after: str) -> None:
    from rich.text import Text

    from igbot.cli.output import console, visible

    styles = defaultdict(str, {"+": "green", "-": "red", "@": "cyan"})
    screen = console()
    name = path.as_posix()
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=1):
        screen.print(Text(visible(line), style=styles[line[:1]]), soft_wrap=True)
