"""How all commands speak: to pipes, to terminals, in poor encodings, to readers that leave early."""

import io
import json
import os
import subprocess
import sys

import pytest

from igbot.cli.output import emit_json, visible
from tests.cli.command import SECONDS, Place

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")
HEART = "\N{YELLOW HEART}"


def test_help_and_version_are_results() -> None:
    """On stdout, exit 0; no command at all is wrong usage."""
    for arguments, code in ((["--help"], 0), (["-h"], 0), (["--version"], 0), ([], 2), (["no-such-command"], 2)):
        ended = subprocess.run(
            [sys.executable, "-m", "igbot", *arguments], capture_output=True, text=True, check=False, timeout=SECONDS
        )
        assert ended.returncode == code, arguments
        assert "Traceback" not in ended.stderr


@POSIX
def test_a_reader_that_leaves_early_is_no_error(place: Place) -> None:
    """As `| head -1` does: exit 0 and silence."""
    place.run("simulate", "hi", "--as", "eva")
    with place.start("conversations", "list", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=SECONDS) == 0
        assert process.stderr.read() == ""


def _on_a_terminal(place: Place, *arguments: str, **changes: str) -> str:
    """What a command writes to a terminal of its own."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "igbot", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=place.here,
        env=place.environ({"TERM": "xterm-256color", "COLUMNS": "100", **changes}),
    )
    os.close(theirs)
    written = bytearray()
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:  # Linux's way to say that the other end has gone
        pass
    finally:
        os.close(ours)
        process.wait(timeout=SECONDS)
    return written.decode()


@POSIX
def test_a_terminal_gets_colours_unless_it_wants_none(place: Place) -> None:
    """NO_COLOR leaves no escape sequence at all."""
    assert "\x1b[" in _on_a_terminal(place, "simulate", "hi")
    plain = _on_a_terminal(place, "simulate", "hi", NO_COLOR="1")
    assert "Lola Wear" in plain
    assert "\x1b" not in plain


@POSIX
@pytest.mark.parametrize(
    "locale",
    [
        {"LANG": "C", "LC_ALL": "C"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "cp1252"},
    ],
)
def test_a_poor_locale_costs_letters_but_no_command(place: Place, locale: dict[str, str]) -> None:
    """JSON is whole in any encoding; for people what cannot be shown is replaced."""
    for arguments in ((f"hola {HEART}",), ("--kind", "story_mention", "--json")):
        ended = subprocess.run(
            [sys.executable, "-m", "igbot", "simulate", *arguments],
            capture_output=True, cwd=place.here, env=place.environ(locale), timeout=SECONDS, check=False,
        )  # fmt: skip
        assert (ended.returncode, ended.stderr) == (0, b"")
    assert HEART in json.loads(ended.stdout)["replies"][0]["text"]


@pytest.mark.parametrize(("encoding", "written"), [("utf-8", f'"{HEART}é"\n'), ("ascii", '"\\ud83d\\udc9b\\u00e9"\n')])
def test_json_survives_the_encoding_of_its_stream(encoding: str, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters as they are where they can be, escaped where not."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="\n"))
    emit_json(f"{HEART}é")
    sys.stdout.flush()
    assert raw.getvalue().decode() == written


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand\r\ntabs", "two lines and tabs"),
        ("\x1b[31mred\x7f", "\\x1b[31mred\\x7f"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u06a9\u200c\u0647", "\u06a9\u200c\u0647"),
    ],
)
def test_words_of_others_are_made_safe_to_show(text: str, shown: str) -> None:
    """On one line; joiners, which scripts and emoji need, stay."""
    assert visible(text) == shown
