"""What a process writes after logging was set up, and what systemd hears."""

import asyncio
import contextlib
import io
import json
import logging
import socket
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from igbot.telemetry.clock import system_clock
from igbot.telemetry.log import FIELDS, event_log
from igbot.telemetry.notify import sd_notify
from igbot.telemetry.setup import LineHandler, configure_logging


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Logging belongs to the process: each test gives it back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("igbot")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_what_a_loop_does_in_one_go_is_written_in_one_go() -> None:
    """Right after it; a warning takes everything before it along at once, and at the end nothing is left behind."""
    stream = io.StringIO()
    configure_logging(level="info", format="json", stream=stream)
    log = event_log("inbox")
    log.info("first")
    log.info("second")
    assert lines(stream) == []
    await asyncio.sleep(0)
    assert [line["event"] for line in lines(stream)] == ["first", "second"]
    log.info("third")
    log.warning("fourth")
    log.info("fifth")
    assert [line["event"] for line in lines(stream)][2:] == ["third", "fourth"]
    logging.getLogger().handlers[-1].flush()
    assert lines(stream)[-1]["event"] == "fifth"


def test_a_line_waits_for_no_loop_that_has_gone() -> None:
    """What was said last in one loop stands before what is said without or in another."""
    stream = io.StringIO()
    configure_logging(level="info", format="json", stream=stream)
    log = event_log("inbox")

    async def speak() -> None:
        log.info("said")
        asyncio.get_running_loop().stop()

    for _ in range(2):
        with contextlib.suppress(RuntimeError):
            asyncio.run(speak())
    log.info("outside")
    assert [line["event"] for line in lines(stream)] == ["said", "said", "outside"]


def test_events_go_out_as_json_lines_with_marks_and_without_secrets() -> None:
    """What a room logs, with the marks of the process, from the chosen level up."""
    stream = io.StringIO()
    redactor = configure_logging(
        level="info", format="json", secrets=["hush-hush"], marks={"test": True}, stream=stream
    )
    log = event_log("inbox")
    log.debug("message_text", text="not shown")
    log.info("message_received", mid="m1", note="hush-hush")
    redactor.hide("later-secret")
    log.warning("again", note="later-secret")
    first, second = lines(stream)
    assert first | {"timestamp": ""} == {
        "timestamp": "",
        "level": "INFO",
        "event": "message_received",
        "room": "inbox",
        "test": True,
        "mid": "m1",
        "note": "***",
    }
    assert second["note"] == "***"


def test_every_level_has_its_word_and_errors_their_stack() -> None:
    """The five levels, and `exc` with any of them."""
    stream = io.StringIO()
    configure_logging(level="DEBUG", format="json", stream=stream)
    log = event_log("web")
    error = ValueError("why")
    log.debug("a", exc=error)
    log.info("b", exc=error)
    log.warning("c", exc=error)
    log.error("d", exc=error)
    log.critical("e", exc=error)
    assert [line["level"] for line in lines(stream)] == ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    assert all("ValueError: why" in str(line["stack"]) for line in lines(stream))


def test_an_event_with_percent_signs_is_not_formatted() -> None:
    """An event is a name, never a format string."""
    stream = io.StringIO()
    configure_logging(level="DEBUG", format="json", stream=stream)
    event_log("web").info("100%s")
    assert lines(stream)[0]["event"] == "100%s"


def test_other_libraries_are_heard_from_warning_up() -> None:
    """Their chatter is left out, their warnings, Python's own included, have our form."""
    stream = io.StringIO()
    configure_logging(level="DEBUG", format="json", stream=stream)
    logging.getLogger("watchfiles").info("1 change detected")
    logging.getLogger("asyncpg").warning("careful")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert [line["logger"] for line in lines(stream)] == ["asyncpg", "py.warnings"]


def test_setting_up_twice_writes_each_line_once() -> None:
    """The second set-up replaces the first."""
    first, second = io.StringIO(), io.StringIO()
    configure_logging(level="INFO", format="json", stream=first)
    configure_logging(level="INFO", format="console", stream=second)
    event_log("web").info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
    assert "\x1b" not in second.getvalue()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """As a terminal answers."""
        return True


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colour on a terminal, none with NO_COLOR."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    coloured, plain = Terminal(), Terminal()
    configure_logging(level="INFO", format="console", stream=coloured)
    event_log("web").info("seen")
    monkeypatch.setenv("NO_COLOR", "1")
    configure_logging(level="INFO", format="console", stream=plain)
    event_log("web").info("seen")
    assert "\x1b[32m" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()


def test_a_stream_without_unicode_still_gets_the_line() -> None:
    """`LANG=C` must not cost a line."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    configure_logging(level="INFO", format="json", stream=stream)
    event_log("web").info("x", text="доставка 🚚")
    assert json.loads(raw.getvalue())["text"] == "доставка 🚚"


def test_a_closed_stream_costs_no_work_its_turn() -> None:
    """Logging to a reader that went away is silent."""
    stream = io.StringIO()
    configure_logging(level="INFO", format="json", stream=stream)
    stream.close()
    event_log("web").info("nobody hears this")


def test_the_handler_of_the_process_is_ours_and_writes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to results."""
    configure_logging(level="INFO", format="json", stream=sys.stderr)
    event_log("web").info("to_stderr")
    assert sum(isinstance(handler, LineHandler) for handler in logging.getLogger().handlers) == 1
    said = capsys.readouterr()
    assert "to_stderr" in said.err
    assert said.out == ""


def test_the_system_clock_is_in_utc() -> None:
    """Every time of the program has a zone."""
    assert system_clock().tzinfo is UTC


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="systemd speaks over unix sockets")
@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_the_state(tmp_path: Path, abstract: bool) -> None:
    """One datagram to the socket that systemd named, also in the abstract namespace."""
    if abstract and not sys.platform.startswith("linux"):
        pytest.skip("abstract sockets are Linux's")
    name = f"@igbot-{tmp_path.name}" if abstract else str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(5)
        assert sd_notify("READY=1", environ={"NOTIFY_SOCKET": name})
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"NOTIFY_SOCKET": "x"}]
)
def test_without_systemd_nothing_happens(environ: dict[str, str]) -> None:
    """No manager, or one that is gone, is no error."""
    assert not sd_notify("READY=1", environ=environ)


def test_other_listeners_get_whole_records(caplog: pytest.LogCaptureFixture) -> None:
    """Tests and other handlers see the event as the message, the fields as an attribute, and the error."""
    error = ValueError("why")
    with caplog.at_level("INFO", logger="igbot"):
        event_log("web").info("reply_sent", mid="m1")
        event_log("web").debug("not_asked_for")
        event_log("web").error("100%s", exc=error)
    first, second = caplog.records
    assert (first.getMessage(), first.name, first.levelname, first.exc_info) == (
        "reply_sent",
        "igbot.web",
        "INFO",
        None,
    )
    assert getattr(first, FIELDS) == {"mid": "m1"}
    assert second.getMessage() == "100%s"
    assert second.exc_info is not None
    assert second.exc_info[1] is error
    assert "ValueError: why" in caplog.text


def test_a_record_made_by_somebody_elses_factory_comes_through() -> None:
    """Tracing libraries put a factory of their own in place."""
    stream = io.StringIO()
    configure_logging(level="INFO", format="json", stream=stream)
    former = logging.getLogRecordFactory()
    made: list[logging.LogRecord] = []

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made.append(former(*args, **kwargs))
        return made[-1]

    logging.setLogRecordFactory(factory)
    try:
        event_log("web").info("seen", n=1)
    finally:
        logging.setLogRecordFactory(former)
    assert [line["event"] for line in lines(stream)] == ["seen"]
    assert len(made) == 1
