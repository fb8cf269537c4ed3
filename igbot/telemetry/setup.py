"""Sets up logging once for a process: one handler, one form, secrets hidden for our lines and everybody else's."""

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Literal, TextIO

from igbot.telemetry.formatting import ConsoleFormatter, JsonFormatter, ascii_only
from igbot.telemetry.redaction import Redactor

LogFormat = Literal["json", "console"]


class LineHandler(logging.Handler):
    """Writes lines to a stream. A stream that is full, closed or cannot write Unicode costs no work its turn."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record as one line (console stack traces: as several)."""
        try:
            line = self.format(record)
            try:
                self._stream.write(line + "\n")
            except UnicodeEncodeError:
                self._stream.write(ascii_only(line) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody is left to tell: the place to complain to is the one that just failed.
            return


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
