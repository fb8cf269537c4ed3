"""How far long work is, for somebody who looks."""

import io

import pytest

from igbot.cli import output


class Terminal(io.StringIO):
    """Somebody looks."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("soon", "shown"), [(-1.0, True), (3600.0, False)])
def test_a_bar_is_shown_once_work_takes_long(monkeypatch: pytest.MonkeyPatch, soon: float, shown: bool) -> None:
    """What is done in no time shows none."""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(output, "SOON", soon)
    monkeypatch.setenv("TERM", "xterm")
    with output.progress("deciding again", 10) as advance:
        advance(5)
    assert ("deciding again" in screen.getvalue()) is shown


def test_nobody_who_reads_a_file_sees_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the work takes."""
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(output, "SOON", -1.0)
    with output.progress("deciding again", 10) as advance:
        advance(5)
    assert screen.getvalue() == ""
