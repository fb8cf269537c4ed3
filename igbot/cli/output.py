"""How commands speak: results on stdout, everything else on stderr; plain and parseable when piped."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from igbot.errors import IgbotError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console


def emit_json(shape: Any) -> None:
    """One JSON value on one line; times as ISO 8601 UTC."""
    # A console that cannot show a letter would replace it: a script gets it escaped instead.
    escaped = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(shape, ensure_ascii=escaped, default=_plain) + "\n")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


# Controls (an escape sequence can rename or rewrite a terminal) and what turns the direction of writing. The joiners
# that emoji are made with stay.
_UNSAFE = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        0x61C,
        0x200E,
        0x200F,
        *range(0x2028, 0x202F),
        *range(0x2066, 0x206A),
    )
}


def visible(text: str) -> str:
    """A customer's words, safe to show on a terminal, on one line."""
    return " ".join(text.splitlines()).replace("\t", " ").translate(_UNSAFE)


def moment(at: datetime) -> str:
    """A time within a sentence for a person, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def replies(number: int) -> str:
    """`2 replies` within a sentence for a person."""
    return "no reply" if not number else "1 reply" if number == 1 else f"{number} replies"


def console() -> "Console":
    """For results: colours and boxes on a terminal, plain text elsewhere or with NO_COLOR."""
    import os

    from rich.console import Console

    # rich would leave out the colours only, and still write escapes for bold and dim.
    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty(), color_system=system)


def print_lines(rows: Iterable[Sequence[object]]) -> None:
    """Tab-separated lines, for a script."""
    for row in rows:
        sys.stdout.write("\t".join(_cell(value) for value in row) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for a person; tab-separated lines where nobody looks."""
    if not sys.stdout.isatty():
        print_lines((columns, *rows))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value), style=STYLES.get(_cell(value), "")) for value in row))
    console().print(table)


SOON = 1.0
"""Seconds that nobody has to be told how far work is."""

STYLES: Mapping[str, str] = {
    "ok": "green", "sent": "green", "degraded": "yellow", "paused": "yellow", "queued": "cyan", "unknown": "yellow",
    "opted_out": "yellow", "cancelled": "yellow", "expired": "yellow",
    "down": "bold red", "dead": "bold red", "failed": "red", "error": "red", "warning": "yellow",
}  # fmt: skip


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return visible(str(value))


@contextmanager
def progress(what: str, total: int) -> "Iterator[Callable[[int], None]]":
    """A progress bar on stderr where that is a terminal and the work takes more than a second.

    The block calls what it gets with how far it is.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from time import monotonic

    from rich.console import Console
    from rich.progress import Progress

    begun = monotonic()
    bar = Progress(console=Console(file=sys.stderr), transient=True)
    task = bar.add_task(what, total=total)

    def advance(done: int) -> None:
        bar.update(task, completed=done)
        if not bar.live.is_started and monotonic() - begun > SOON:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()


def print_error(error: IgbotError) -> None:
    """What is wrong and what to do, on stderr."""
    sys.stderr.write(f"error: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"hint: {error.hint}\n")
