"""A log line is one line, plain, without secrets, and always comes out."""

import json
import logging
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from igbot.telemetry.formatting import LINE_BYTES, ConsoleFormatter, JsonFormatter, ascii_only
from igbot.telemetry.log import FIELDS
from igbot.telemetry.redaction import Redactor

SECRET = "app-secret/0123+ü"

wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=20)
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.timedeltas()
    | st.sampled_from([SECRET, f"x{SECRET}y", ValueError(SECRET), PurePosixPath(f"/a/{SECRET}")]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10) | st.just(SECRET), inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


def record(event: str, *, error: BaseException | None = None, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord(
        "igbot.web", logging.INFO, __file__, 1, event, (), (type(error), error, error.__traceback__) if error else None
    )
    setattr(made, FIELDS, fields)
    return made


def as_json(made: logging.LogRecord, **marks: object) -> dict[str, object]:
    read: dict[str, object] = json.loads(JsonFormatter(Redactor([SECRET]), marks=marks).format(made))
    return read


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def strings_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in strings_in(part)]
    return [text for part in value for text in strings_in(part)] if isinstance(value, list) else []


@given(event=st.text(max_size=30), fields=st.dictionaries(st.text(max_size=12), wild, max_size=6), words=st.text())
def test_any_event_becomes_one_line_without_its_secret(event: str, fields: dict[str, object], words: str) -> None:
    """Whatever is logged: one JSON object, one line, no control character, no secret, at most 16 KiB."""
    made = record(event, error=raised(ValueError(words + SECRET)))
    setattr(made, FIELDS, fields)
    line = JsonFormatter(Redactor([SECRET]), marks={"test": True}).format(made)
    entry = json.loads(line)
    assert len(line.encode()) <= LINE_BYTES
    assert not [char for char in line if unicodedata.category(char) in {"Cc", "Zl", "Zp"}]
    assert not [text for text in [line, *strings_in(entry)] if SECRET in text]
    assert entry["level"] == "INFO"


@given(fields=st.dictionaries(st.text(max_size=12), wild, max_size=6), words=st.text())
def test_the_console_form_never_fails_and_never_leaks(fields: dict[str, object], words: str) -> None:
    """The form for people keeps the same promises; only a stack trace takes further lines, behind a bar."""
    made = record("event", error=raised(ValueError(words + SECRET)))
    setattr(made, FIELDS, fields)
    lines = ConsoleFormatter(Redactor([SECRET]), marks={}).format(made).split("\n")
    assert SECRET not in "".join(lines)
    assert all(line.startswith("    | ") for line in lines[1:])


def test_an_event_carries_time_level_name_and_fields() -> None:
    """The fixed part comes first, the fields after it, times in UTC."""
    at = datetime(2026, 11, 22, 12, 0, 0, 123456, timezone(timedelta(hours=2)))
    made = record(
        "reply_sent", mid="m1", sent_at=at, waited=timedelta(seconds=1.5), body=b"12345", day=date(2026, 1, 2)
    )
    made.created = 1795255200.25
    assert as_json(made, test=True) == {
        "timestamp": "2026-11-21T10:00:00.250Z",
        "level": "INFO",
        "event": "reply_sent",
        "room": "web",
        "test": True,
        "mid": "m1",
        "sent_at": "2026-11-22T10:00:00.123Z",
        "waited": 1.5,
        "body": "<5 bytes>",
        "day": "2026-01-02",
    }


def test_an_error_carries_its_type_words_and_stack_also_of_its_cause() -> None:
    """Requirement 7.1: every error is logged with its stack trace."""
    error = raised(RuntimeError("outer"))
    error.__cause__ = raised(OSError("inner"))
    entry = as_json(record("failed", error=error))
    assert entry["error"] == {"type": "RuntimeError", "message": "outer"}
    assert "OSError: inner" in str(entry["stack"])
    assert "in raised" in str(entry["stack"])


def test_a_secret_in_an_exception_is_hidden_in_words_and_stack() -> None:
    """Libraries like to put the address they called into their errors."""
    line = JsonFormatter(Redactor([SECRET]), marks={}).format(record("failed", error=raised(OSError(f"to {SECRET}"))))
    assert SECRET not in line
    assert json.loads(line)["error"]["message"] == "to ***"


def test_what_a_customer_writes_cannot_forge_a_line_or_turn_the_writing() -> None:
    """Line breaks, controls and direction marks are escaped, and read back as they were."""
    text = "hi\r\n{}\u2028\u202e\x1b[31m\u0085"
    made = record("message_received", text=text)
    line = JsonFormatter(Redactor(), marks={}).format(made)
    console = ConsoleFormatter(Redactor(), marks={}).format(made)
    for shown in (line, console):
        assert not set(shown) & set("\r\n\u2028\u202e\x1b\u0085")
    assert json.loads(line)["text"] == text


def test_other_scripts_stay_readable() -> None:
    """A log of a shop in any language is not a page of escapes."""
    assert "Сколько стоит доставка?" in JsonFormatter(Redactor(), marks={}).format(
        record("x", text="Сколько стоит доставка?")
    )


def test_long_fields_and_long_lines_are_cut() -> None:
    """A field takes 2 KiB of characters, a line 16 KiB of bytes, and the fixed part is always there."""
    assert len(str(as_json(record("x", text="a" * 10_000_000))["text"])) == 2048
    made = record("big", error=raised(ValueError("é" * 9000)), **{f"f{n}": "é" * 3000 for n in range(60)})
    line = JsonFormatter(Redactor(), marks={}).format(made)
    assert len(line.encode()) <= LINE_BYTES
    assert json.loads(line)["event"] == "big"
    assert json.loads(line)["truncated"] is True


def test_a_deep_stack_keeps_its_innermost_frames() -> None:
    """A recursion error shows where it happened, not only where it began."""

    def dive(depth: int) -> None:
        if depth == 0:
            raise ValueError("at the bottom")
        dive(depth - 1)

    try:
        dive(200)
    except ValueError as error:
        stack = str(as_json(record("x", error=error))["stack"])
    assert stack.rstrip().endswith("ValueError: at the bottom")


class Rude:
    """A value that fights back."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


class RudeError(Exception):
    """An exception that fights back."""

    def __str__(self) -> str:
        raise RuntimeError("no")


def test_values_that_cannot_be_shown_do_not_cost_the_line() -> None:
    """A broken `repr`, a number too long to print, NaN, and a list that holds itself all come out as something."""
    endless: list[object] = []
    endless.append(endless)
    entry = as_json(
        record("x", rude=Rude(), big=10**6000, nan=float("nan"), endless=endless, failure=RudeError(), lone="\ud800"),
    )
    assert entry["rude"] == "<Rude that cannot be shown: RuntimeError>"
    assert entry["big"] == "<number of 19932 bits>"
    assert entry["nan"] == "nan"
    assert entry["lone"] == "\ufffd"
    assert "RudeError that cannot be shown" in str(entry["failure"])
    assert as_json(record("x", error=raised(RudeError())))["error"] == {
        "type": "RudeError",
        "message": "(cannot be shown)",
    }


def test_a_field_cannot_take_the_place_of_the_fixed_part() -> None:
    """A field named like one of ours stands beside it."""
    made = record("x")
    setattr(made, FIELDS, {"level": "forged", "timestamp": "now"})
    entry = as_json(made)
    assert (entry["level"], entry["level_"], entry["timestamp_"]) == ("INFO", "forged", "now")


def test_secret_names_hide_values_at_any_depth() -> None:
    """A header called Authorization is hidden although nobody knew its value."""
    entry = as_json(record("x", headers=[{"Authorization": "Zm9v", "Accept": "a"}], access_token=5))
    assert entry["headers"] == [{"Authorization": "***", "Accept": "a"}]
    assert entry["access_token"] == "***"


def test_a_secret_that_is_a_number_is_hidden() -> None:
    """A number is only digits of a text."""
    assert (
        json.loads(JsonFormatter(Redactor(["123456789"]), marks={}).format(record("x", n=91234567890)))["n"] == "9***0"
    )


def test_lines_of_other_libraries_become_log_events() -> None:
    """They pass through the same formatter, also when their format string is wrong."""
    good = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, "lost %s", (SECRET,), None)
    bad = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, "lost %d", ("x",), None)
    assert {"event": "log", "logger": "asyncio", "message": "lost ***"}.items() <= as_json(good).items()
    assert as_json(bad)["message"] == "lost %d"


def test_the_console_form_is_for_reading() -> None:
    """Time, level, event, fields; quotes only where they are needed."""
    made = record("reply_sent", mid="m1", text="two words", n=3)
    made.created = 1795255200.25
    assert ConsoleFormatter(Redactor(), marks={}).format(made) == (
        '10:00:00.250 INFO     reply_sent room=web mid=m1 text="two words" n=3'
    )
    assert "\x1b[32m" in ConsoleFormatter(Redactor(), marks={}, colour=True).format(made)


@given(st.text())
def test_a_line_in_ascii_is_the_same_json(text: str) -> None:
    """For a terminal that knows no Unicode the line is escaped, not lost."""
    line = JsonFormatter(Redactor(), marks={}).format(record("x", text=text))
    assert ascii_only(line).isascii()
    assert json.loads(ascii_only(line)) == json.loads(line)


def test_every_error_of_a_group_is_in_the_stack() -> None:
    """Loops run in a TaskGroup, whose errors come as groups."""
    group = raised(ExceptionGroup("loops", [ValueError("one"), OSError("two")]))
    stack = str(as_json(record("x", error=group))["stack"])
    assert "ValueError: one" in stack
    assert "OSError: two" in stack
