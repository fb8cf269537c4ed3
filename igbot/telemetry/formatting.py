"""One log record to one line: JSON for machines, aligned text for a person. Hides secrets and never raises."""

import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType

from igbot.telemetry.log import FIELDS
from igbot.telemetry.ordinary import OURS, OrdinaryLines
from igbot.telemetry.plain import Plain, Plainer, moment
from igbot.telemetry.redaction import Redactor

LINE_BYTES = 16 * 1024
_STACK_CHARACTERS = 8 * 1024
_STACK_ENTRIES = 40
_RESERVED = ("timestamp", "level", "event", "room", "error", "stack")

# Line and paragraph separators, controls, and what turns the direction of writing: none may reach a terminal raw.
_UNSAFE = {
    code: f"\\u{code:04x}"
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        0x61C,
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
        *range(0xFFF9, 0xFFFC),
    )
}
_COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class _LineFormatter(logging.Formatter):
    """What both forms share: reading a record, and a last line of defence."""

    def __init__(self, redactor: Redactor, *, marks: Mapping[str, object]) -> None:
        super().__init__()
        self._plainer = Plainer(redactor)
        self._marks: dict[object, object] = dict(marks.items())

    def format(self, record: logging.LogRecord) -> str:
        try:
            return self._line(record)
        except Exception as error:  # a line that cannot be written must not stop the work it tells of
            return self._broken(record, error)

    def _line(self, record: logging.LogRecord) -> str:
        raise NotImplementedError

    def _broken(self, record: logging.LogRecord, error: Exception) -> str:
        raise NotImplementedError

    def _entry(self, record: logging.LogRecord) -> dict[str, Plain]:
        ours = record.name.startswith(OURS) and hasattr(record, FIELDS)
        entry: dict[str, Plain] = {
            "timestamp": _moment_of(record),
            "level": record.levelname,
            "event": self._plainer.text(str(record.msg)) if ours else "log",
        }
        if ours:
            entry["room"] = record.name.removeprefix(OURS)
            fields: dict[object, object] = getattr(record, FIELDS)
        else:
            fields = {"logger": record.name, "message": _message(record)}
        for name, value in self._plainer.mapping({**self._marks, **fields}).items():
            entry[f"{name}_" if name in _RESERVED else name] = value
        error = _exception_of(record)
        if error is not None:
            entry["error"] = {"type": type(error).__name__, "message": self._plainer.text(_words_of(error))}
            entry["stack"] = self._plainer.ends(_stack_of(error), _STACK_CHARACTERS)
        return entry


class JsonFormatter(_LineFormatter):
    """One JSON object a line, at most 16 KiB, with no raw line break, control or direction mark in it."""

    def __init__(self, redactor: Redactor, *, marks: Mapping[str, object]) -> None:
        super().__init__(redactor, marks=marks)
        self._ordinary = OrdinaryLines(redactor, marks=marks, reserved=_RESERVED)

    def _line(self, record: logging.LogRecord) -> str:
        line = self._ordinary.line(record)
        return line if line is not None and len(line) <= LINE_BYTES else self.careful_line(record)

    def careful_line(self, record: logging.LogRecord) -> str:
        """The line made value by value. It is what `format` gives too, which takes a shorter way where it can."""
        entry = self._entry(record)
        for characters in (None, 512, 64):
            line = _json_line(entry if characters is None else _shortened(entry, characters))
            if len(line.encode()) <= LINE_BYTES:
                return line
        return _json_line({key: entry[key] for key in ("timestamp", "level", "event")} | {"truncated": True})

    def _broken(self, record: logging.LogRecord, error: Exception) -> str:
        reason = f"{type(error).__name__} while writing this line"
        return _json_line(
            {"timestamp": _moment_of(record), "level": record.levelname, "event": "log", "broken": reason}
        )


class ConsoleFormatter(_LineFormatter):
    """Time, level, event and `name=value`, for a person; a stack trace follows indented behind a bar."""

    def __init__(self, redactor: Redactor, *, marks: Mapping[str, object], colour: bool = False) -> None:
        super().__init__(redactor, marks=marks)
        self._colour = colour

    def _line(self, record: logging.LogRecord) -> str:
        entry = self._entry(record)
        stack = entry.pop("stack", None)
        error = entry.pop("error", None)
        head = f"{str(entry.pop('timestamp'))[11:23]} {self._paint(record.levelname)} {_shown(entry.pop('event'))}"
        del entry["level"]
        line = " ".join([head, *(f"{_shown(name)}={_shown(value)}" for name, value in entry.items())])
        if isinstance(error, dict):
            line += f" error={_shown(error['type'])}"
        if isinstance(stack, str):
            line += "".join(f"\n    | {part.translate(_UNSAFE)}" for part in stack.splitlines())
        return line

    def _broken(self, record: logging.LogRecord, error: Exception) -> str:
        return f"{_moment_of(record)[11:23]} {record.levelname} log broken={type(error).__name__}"

    def _paint(self, level: str) -> str:
        padded = f"{level:<8}"
        return f"\x1b[{_COLOURS.get(level, '0')}m{padded}\x1b[0m" if self._colour else padded


def ascii_only(line: str) -> str:
    """The line for a stream that cannot write Unicode, in JSON's own escapes, so that it stays JSON if it was."""
    return "".join(char if char.isascii() else json.dumps(char)[1:-1] for char in line)


def _json_line(value: Plain) -> str:
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # JSON escapes controls by itself; of ASCII only DEL is left over.
    return line if line.isascii() and "\x7f" not in line else line.translate(_UNSAFE)


def _shown(value: Plain) -> str:
    if isinstance(value, str) and value and not any(char in ' "=\\' for char in value):
        return value.translate(_UNSAFE)
    return _json_line(value)


def _shortened(entry: Mapping[str, Plain], characters: int) -> dict[str, Plain]:
    short: dict[str, Plain] = {key: _short(value, characters) for key, value in list(entry.items())[:40]}
    stack = entry.get("stack")
    if isinstance(stack, str):
        # The innermost frames stand last, and they are what one looks for.
        short["stack"] = stack[-4 * characters :]
    return {**short, "truncated": True}


def _short(value: Plain, characters: int) -> Plain:
    if isinstance(value, str):
        return value if len(value) <= characters else value[: characters - 1] + "…"
    if isinstance(value, list):
        return [_short(item, characters) for item in value[:5]]
    if isinstance(value, dict):
        return {key[:characters]: _short(item, characters) for key, item in list(value.items())[:10]}
    return value


def _moment_of(record: logging.LogRecord) -> str:
    return moment(datetime.fromtimestamp(record.created, UTC))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # somebody else's format string with the wrong arguments
        return str(record.msg)


def _exception_of(record: logging.LogRecord) -> BaseException | None:
    info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | None
    info = record.exc_info
    return info[1] if info else None


def _words_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception whose own words raise is still named by its type
        return "(cannot be shown)"


def _stack_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error, limit=-_STACK_ENTRIES))
