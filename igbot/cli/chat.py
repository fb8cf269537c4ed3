"""A chat with the rules in the terminal: what a customer would see, and on request why."""

import asyncio
import re
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from igbot.errors import IgbotError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from igbot.cli.target import Target
    from igbot.rules.testing.recording import Said

HELP = """\
/why         what the last answer came from, rule by rule
/button N    tap the N-th button of the last answer
/owner TEXT  answer in the Instagram app, as the shop's owner (the bot falls silent after ten seconds)
/clock +2h   move the bot's clock (not with a running server)
/save FILE   write the chat so far as a test: a new file, NAME.test.yaml
/quit        end (so does Ctrl-D)"""


def chat(igsid: str) -> "Callable[[Target], Awaitable[None]]":
    """A chat as one customer, to be played against a target."""

    async def play(target: "Target") -> None:
        await _Chat(target, igsid).run()

    return play


class _Chat:
    def __init__(self, target: "Target", igsid: str) -> None:
        self._target = target
        self._igsid = igsid
        self._last: dict[str, Any] | None = None
        self._ahead = timedelta()
        self._talk: list[Said] = []

    async def run(self) -> None:
        server = "a running server" if self._target.shift is None else "the bot in this process"
        _note(f"You are customer {self._igsid}, talking to {server}. /help lists what else you can do.")
        while (line := await _next_line()) is not None:
            if line in ("/quit", "/exit"):
                return
            try:
                await self._line(line)
            except IgbotError as error:
                _note(f"error: {error.message}")

    async def _line(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        match command:
            case "":
                return
            case "/help":
                self._say(HELP)
            case "/why":
                self._why()
            case "/button":
                await self._button(rest.strip())
            case "/owner" if rest.strip():
                await self._target.owner_writes(self._igsid, rest.strip())
                self._keep("person", "text", rest.strip())
                _note("said as the shop's owner; in ten seconds the bot takes it for a person's and falls silent")
            case "/clock":
                self._clock(rest.strip())
            case "/save":
                self._save(rest.strip())
            case _ if command.startswith("/"):
                raise UsageError(f"there is no {command}; /help lists what there is")
            case _:
                await self._write(line, kind="text")

    async def _write(self, text: str, *, kind: str, payload: str | None = None) -> None:
        import secrets

        from igbot.cli.answer import print_answer
        from igbot.cli.target import NoVerdict
        from igbot.sandbox.customer import customer_message, delivery_body

        account_id = self._target.settings.account_ids[0]
        at, mid = self._now(), f"m_simulated_{secrets.token_hex(8)}"
        item = customer_message(self._igsid, account_id, at=at, kind=kind, mid=mid, text=text, payload=payload)
        started = time.monotonic()
        status, answer = await self._target.post(delivery_body([item], account_id, at=at))
        if status != 200:
            raise NoVerdict(f"the bot refused the webhook: HTTP {status} {answer}")
        self._last = await self._target.decision(mid)
        decision = self._last["decision"]
        self._keep("customer", kind, text, payload=payload, at=at, reason=decision["reason"], rule=decision["rule"])
        print_answer("", self._last, seconds=time.monotonic() - started)

    async def _button(self, number: str) -> None:
        replies = self._last["replies"] if self._last else []
        buttons = [button for reply in replies for button in reply["quick_replies"]]
        if not number.isdigit() or not 1 <= int(number) <= len(buttons):
            raise UsageError(f"the last answer has {len(buttons)} buttons; /button 1 taps the first")
        button = buttons[int(number) - 1]
        await self._write(button["title"], kind="quick_reply", payload=button["payload"])

    def _why(self) -> None:
        if self._last is None:
            raise UsageError("nothing was answered yet")
        for considered in self._last["considered"]:
            order = f"  {tuple(considered['order'])}" if considered["order"] else ""
            self._say(
                f"{'yes' if considered['fits'] else 'no ':<4}{considered['rule']:<24}{considered['because']}{order}"
            )
        decision = self._last["decision"]
        self._say(f"{decision['reason']}: {decision['rule'] or 'no rule'}, rule set {decision['digest'] or 'none'}")

    def _clock(self, text: str) -> None:
        found = re.fullmatch(r"\+(\d{1,5})([smhd])", text)
        if found is None:
            raise UsageError("/clock takes a step ahead, such as +30m, +2h or +1d")
        if self._target.shift is None:
            raise UsageError("the clock of a running server cannot be moved; stop it, and simulate opens its own bot")
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
        step = timedelta(**{unit: int(found[1])})
        now = self._target.shift(step)
        self._ahead += step
        self._say(f"it is {now.astimezone():%a %Y-%m-%d %H:%M} for the bot")

    def _keep(
        self,
        author: Literal["customer", "person"],
        kind: str,
        text: str,
        *,
        at: "datetime | None" = None,
        payload: str | None = None,
        reason: str | None = None,
        rule: str | None = None,
    ) -> None:
        from igbot.rules.testing.recording import Said

        self._talk.append(Said(at or self._now(), author, kind, text, payload, reason, rule))

    def _save(self, name: str) -> None:
        from pathlib import Path

        from igbot.cli.rules_record import write_new
        from igbot.rules.testing.recording import write_case

        if not name:
            raise UsageError("/save wants the name of a new file, such as returns.test.yaml")
        if not any(said.author == "customer" for said in self._talk):
            raise UsageError("nothing was said yet")
        write_new(Path(name), write_case(self._talk, name=f"a chat of {self._talk[0].at:%Y-%m-%d %H:%M}"))
        self._say(f"written to {name}")

    def _now(self) -> "datetime":
        from datetime import UTC, datetime

        return datetime.now(UTC) + self._ahead

    def _say(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def _note(text: str) -> None:
    sys.stderr.write(text + "\n")


async def _next_line() -> str | None:
    """What the person writes next, None at the end. The thread that waits for it is left behind at a Ctrl-C."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str | None] = loop.create_future()

    def answer(text: str | None) -> None:
        if not line.done():
            line.set_result(text)

    def read() -> None:
        text = _read_line()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(answer, text)

    threading.Thread(target=read, daemon=True).start()
    return await line


def _read_line() -> str | None:
    if sys.stdin.isatty():
        try:
            return input("you> ").strip()
        except EOFError:
            return None
    # Past the buffers, whose lock a thread that waits would still hold when Python ends.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as unbuffered:
        line = unbuffered.readline()
    return line.decode("utf-8-sig", "replace").strip() if line else None
