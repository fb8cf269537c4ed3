"""Sets up logging once for a process: one handler, one form, secrets hidden for our lines and everybody else's."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Literal, TextIO

from igbot.telemetry.formatting import ConsoleFormatter, JsonFormatter, ascii_only
from igbot.telemetry.redaction import Redactor

LogFormat = Literal["json", "console"]


class LineHandler(logging.Handler):
    """Writes lines to a stream. A stream that is full, closed or cannot write Unicode costs no work its turn.

    What an event loop does in one go is written in one go, right after it: to ask the system for each line costs more
    than the line. Warnings and worse, and what is said outside of an event loop, are written at once.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: list[str] = []
        self._writer: asyncio.AbstractEventLoop | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record as one line (console stack traces: as several)."""
        try:
            self._lines.append(self.format(record))
        except (OSError, ValueError):
            # Nobody is left to tell: the place to complain to is the one that just failed.
            return
        if record.levelno >= logging.WARNING or not self._written_soon():
            self.flush()

    def _written_soon(self) -> bool:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if self._writer is not loop:
            self._writer = loop
            loop.call_soon(self.flush)
        return True

    def flush(self) -> None:
        """Write what waits."""
        self.acquire()
        try:
            lines, self._lines, self._writer = self._lines, [], None
            if lines:
                self._write("\n".join(lines) + "\n")
        except (OSError, ValueError):
            return  # as above
        finally:
            self.release()

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            self._stream.write(ascii_only(text))
        self._stream.flush()


def configure_logging(
    *,
    level: str,
    format: LogFormat,
    secrets: Iterable[str] = (),
    marks: Mapping[str, object] | None = None,
    stream: TextIO | None = None,
) -> Redactor:
    """Send all logging of this process to `stream` (standard error unless given), and give its redactor.

    `level` holds for igbot's own events; other libraries are heard from WARNING up. `marks` stand on every line.
    Called again, it replaces what it set up before.
    """
    target = sys.stderr if stream is None else stream
    redactor = Redactor(secrets)
    handler = LineHandler(target)
    if format == "json":
        handler.setFormatter(JsonFormatter(redactor, marks=marks or {}))
    else:
        handler.setFormatter(ConsoleFormatter(redactor, marks=marks or {}, colour=_wants_colour(target)))
    root = logging.getLogger()
    for former in [former for former in root.handlers if isinstance(former, LineHandler)]:
        former.flush()
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("igbot").setLevel(level.upper())
    logging.captureWarnings(True)
    # No line of ours tells of them, and to ask for them is a good part of what a line costs.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    return redactor


def _wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
