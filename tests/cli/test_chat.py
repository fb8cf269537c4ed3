"""`igbot simulate` without a text: a chat, here played through a pipe."""

import os
import select
import signal
import subprocess
import sys

import pytest

from tests.cli.command import SECONDS, Place
from tests.cli.odd_answers import odd
from tests.cli.test_simulate import two_accounts

SHIPPING = "how much is shipping?"


def chat(place: Place, *lines: str, **changes: str) -> tuple[str, str]:
    """What a chat as one customer shows, and what it notes beside; it ends well."""
    ended = place.run("simulate", "--as", "9000000000000001", typed="\n".join(lines) + "\n", **changes)
    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    return ended.out, ended.err


def test_each_line_is_a_message_and_answers_are_all_there_is_on_stdout(place: Place) -> None:
    """Who one is stands on stderr."""
    out, err = chat(place, SHIPPING, "", "hola")
    assert [line[:10].strip() for line in out.splitlines()].count("bot") == 2
    assert "Shipping is 4.90" in out
    assert "Lola Wear" in out
    assert (
        err
        == "You are customer 9000000000000001, talking to the bot in this process. /help lists what else you can do.\n"
    )


def test_why_shows_every_rule_that_was_considered(place: Place) -> None:
    """Of the last answer, with what made it fit and its place in the order."""
    out, _ = chat(place, SHIPPING, "/why")
    assert 'yes shipping-cost           word "how much"  (50, 6, 2, 8, 1)' in out
    assert "rule: shipping-cost, rule set" in out
    assert "no  returns                 any: none of" in out


def test_a_chat_is_with_the_account_that_is_named(place: Place) -> None:
    """Its owner answers there, too."""
    ended = two_accounts(place).run("simulate", "--account", "madrid", typed="hi\n/why\n/owner Eva here\n")
    assert (ended.code, "Olé" in ended.out, "madrid-hi, rule set" in ended.out) == (0, True, True)
    assert "error" not in ended.err


def test_a_button_of_the_last_answer_can_be_tapped(place: Place) -> None:
    """Its payload decides; a button that is not there is told."""
    out, err = chat(place, SHIPPING, "/button 1", "/button 9", "/button x")
    assert "2-3 working days in Spain" in out
    assert err.count("error: the last answer has 0 buttons") == 2


def test_buttons_inside_a_message_can_be_tapped_too(place: Place) -> None:
    """One with a payload comes as a postback, one with an address opens that in the customer's browser."""
    out, err = chat(odd(place), "lookbook", "/button 1", "/button 2", "/why")
    assert "All opens https://lola.example/all; the bot does not learn of it" in out
    assert "no reply  handed to a person, without a word" in out
    assert "rule: talk, silent: handed to a person, without a word" in out
    assert "error" not in err


def test_a_line_does_not_wait_for_the_answer_to_the_one_before(place: Place) -> None:
    """So that rules can be tried that answer several lines as one; each answer says what it is to."""
    place.rules.write_text(
        place.rules.read_text("utf-8")
        + '  - {name: order, keywords: [my order], settle: 3s, reply: "{{ message.text }} {{ message.kind }}"}\n',
        "utf-8",
    )
    out, _ = chat(place, "about my order", "number 12", "/why")
    lines = out.splitlines()
    assert lines[:4] == [
        "customer  about my order",
        "no reply  of its own: answered together with the next line",
        "customer  number 12",
        "bot       about my order number 12 text",
    ]
    assert "rule: order, rule set" in out


def test_the_clock_moves_and_the_window_with_it(place: Place) -> None:
    """A hand-off's pause of twelve hours is over thirteen hours later."""
    out, _ = chat(place, "a human please", "hello", "/clock +13h", "hello")
    assert "no reply  paused" in out
    assert "for the bot" in out
    assert out.rstrip().splitlines()[-2].startswith("rule      hello:")


def test_the_owner_can_answer_and_the_bot_falls_silent(place: Place) -> None:
    """As a person who answers in the Instagram app would have it."""
    out, err = chat(place, "hello", "/owner Hi, Eva here", "/clock +11s", SHIPPING, "/why")
    assert "no reply  paused" in out
    assert "paused: no rule, no rule set" in out
    assert "error" not in err


def test_what_is_wrong_is_told_and_the_chat_goes_on(place: Place) -> None:
    """Commands there are not, times that are none, nothing to explain yet."""
    out, err = chat(
        place, "/why", "/dance", "/clock 2h", "/clock -2h", "/owner", "/help", "hello", "/quit", "never read"
    )
    for said in ("nothing was answered yet", "there is no /dance", "/clock takes a step ahead", "there is no /owner"):
        assert said in err
    assert "/button N" in out
    assert "rule      hello" in out


def test_bytes_that_are_no_text_are_no_traceback(place: Place) -> None:
    """A terminal in another encoding, a binary file by mistake, a byte order mark."""
    out, _ = chat(place, "\ufeffhola \udcff\udcfe", "\N{YELLOW HEART}")
    assert "rule      hello" in out
    assert "rule      fallback" in out


class Terminal:
    """A terminal with a chat on it."""

    def __init__(self, place: Place) -> None:
        self.master, slave = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "igbot", "simulate"],
            cwd=place.here,
            env=place.environ({"NO_COLOR": "1", "TERM": "dumb"}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)

    def write(self, text: str) -> None:
        """Types."""
        os.write(self.master, text.encode())

    def read_until(self, word: str) -> str:
        """What is shown next, up to a word."""
        shown = b""
        while word.encode() not in shown:
            assert select.select([self.master], [], [], SECONDS)[0], shown
            shown += os.read(self.master, 1)
        return shown.decode().replace("\r\n", "\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no terminals of that kind")
def test_on_a_terminal_one_can_type_while_an_answer_is_awaited(place: Place) -> None:
    """The prompt is there soon; the answer comes between it and the next one."""
    place.rules.write_text(
        place.rules.read_text("utf-8")
        + '  - {name: order, keywords: [my order], settle: 5s, reply: "{{ message.text }} noted"}\n',
        "utf-8",
    )
    terminal = Terminal(place)
    try:
        terminal.read_until("you> ")
        terminal.write("hello\n")
        assert "rule      hello" in terminal.read_until("rule set")
        terminal.read_until("you> ")
        terminal.write("about my order\n")
        assert "bot" not in terminal.read_until("you> ")
        terminal.write("number 12\n")
        assert "bot       about my order number 12 noted\n" in terminal.read_until("rule set")
        terminal.read_until("you> ")
        terminal.write("/quit\n")
        assert terminal.process.wait(timeout=SECONDS) == 0
    finally:
        terminal.process.kill()
        os.close(terminal.master)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal to interrupt one process with")
def test_ctrl_c_ends_a_chat_that_waits_for_a_line(place: Place) -> None:
    """At once, not after the next line; as a shell expects, with 130."""
    with place.start("simulate") as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("You are customer")
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=SECONDS) == 130
        finally:
            process.kill()
        assert process.stderr.read().strip() == ""


def test_stop_and_start_are_shown_as_what_they_are(place: Place) -> None:
    """The confirmations, the silence between them, and why."""
    out, _ = chat(place, "Stop!", "/why", "hello", "/why", "START", "hello")
    assert "You will get no more automatic answers here. Write START to have them again." in out
    assert "rule      none (opted_out: STOP or START, confirmed once)" in out
    assert "no reply  opted_out: the customer wrote STOP; START brings the answers back" in out
    assert out.splitlines().count("opted_out: STOP or START, confirmed once") == 1
    assert out.splitlines().count("opted_out: the customer wrote STOP; START brings the answers back") == 1
    assert "You get automatic answers here again. Write STOP to end them." in out
    assert "rule      hello:" in out.splitlines()[-2]


def test_the_loop_guard_says_what_it_has_counted(place: Place) -> None:
    """And for how long it lasts."""
    out, _ = chat(place, "hello", "hello", "/why", IGBOT_LOOP_GUARD="1")
    assert "no reply  loop_guard: this customer has had enough automatic answers; the bot is silent for an hour" in out
    assert "because of 1 automatic answer within 10m" in out
