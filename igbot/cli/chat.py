"""A chat with the rules in the terminal: what a customer would see, and on request why."""

import asyncio
import re
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from igbot.cli.lines import PROMPT, next_line, typed
from igbot.errors import IgbotError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from igbot.cli.target import Target
    from igbot.rules.testing.recording import Said

USUAL_SECONDS = 0.5
"""How long the next prompt waits for the answer, which is mostly there by then."""
HELP = """\
/why         what the last answer came from, rule by rule
/button N    tap the N-th button of the last answer ([1], [2], …)
/owner TEXT  answer in the Instagram app, as the shop's owner (the bot falls silent after ten seconds)
/clock +2h   move the bot's clock (not with a running server)
/save FILE   write the chat so far as a test: a new file, NAME.test.yaml
/quit        end (so does Ctrl-D)"""


def chat(igsid: str, account_id: str) -> "Callable[[Target], Awaitable[None]]":
    """A chat as one customer with the account that has this id, to be played against a target."""

    async def play(target: "Target") -> None:
        await _Chat(target, igsid, account_id).run()

    return play


class _Chat:
    """A line is posted as soon as it is there; a task of its own waits for the answer, after those before it."""

    def __init__(self, target: "Target", igsid: str, account_id: str) -> None:
        self._target = target
        self._igsid = igsid
        self._account_id = account_id
        self._last: dict[str, Any] | None = None
        self._ahead = timedelta()
        self._talk: list[Said] = []
        self._newest: asyncio.Task[None] | None = None
        self._prompting = False

    async def run(self) -> None:
        server = "a running server" if self._target.shift is None else "the bot in this process"
        _note(f"You are customer {self._igsid}, talking to {server}. /help lists what else you can do.")
        try:
            while (line := await self._next()) not in (None, "/quit", "/exit"):
                # Who types sees which answers have come; a script means the answers to all that stands before.
                if line.startswith("/") and not typed():
                    await self._all_told()
                try:
                    await self._line(line)
                except IgbotError as error:
                    _note(f"error: {error.message}")
            if not typed():
                await self._all_told()
        finally:
            if self._newest is not None:
                self._newest.cancel()

    async def _next(self) -> str | None:
        if typed() and self._newest is not None:
            done, _ = await asyncio.wait([self._newest], timeout=USUAL_SECONDS)
            for told in done:
                await told
        self._prompting = typed()
        try:
            return await next_line()
        finally:
            self._prompting = False

    async def _all_told(self) -> None:
        """Waits until everything that was said is answered."""
        if self._newest is not None:
            await self._newest

    async def _line(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        match command:
            case "":
                return
            case "/help":
                self._say(HELP)
            case "/why":
                await self._why()
            case "/button":
                await self._button(rest.strip())
            case "/owner" if rest.strip():
                await self._target.owner_writes(self._igsid, rest.strip(), account_id=self._account_id)
                self._keep("person", "text", rest.strip())
                _note("said as the shop's owner; in ten seconds the bot takes it for a person's and falls silent")
            case "/clock":
                self._clock(rest.strip())
            case "/save":
                await self._all_told()
                self._save(rest.strip())
            case _ if command.startswith("/"):
                raise UsageError(f"there is no {command}; /help lists what there is")
            case _:
                await self._write(line, kind="text")

    async def _write(self, text: str, *, kind: str, payload: str | None = None) -> None:
        import secrets

        from igbot.cli.target import NoVerdict
        from igbot.sandbox.customer import customer_message, delivery_body

        account_id = self._account_id
        at, mid = self._now(), f"m_simulated_{secrets.token_hex(8)}"
        item = customer_message(self._igsid, account_id, at=at, kind=kind, mid=mid, text=text, payload=payload)
        started = time.monotonic()
        status, answer = await self._target.post(delivery_body([item], account_id, at=at))
        if status != 200:
            raise NoVerdict(f"the bot refused the webhook: HTTP {status} {answer}")
        self._keep("customer", kind, text, payload=payload, at=at)
        place, before = len(self._talk) - 1, self._newest
        self._newest = asyncio.create_task(self._tell(mid, place, started=started, before=before))

    async def _tell(self, mid: str, place: int, *, started: float, before: "asyncio.Task[None] | None") -> None:
        """Waits for the answer to what stands at a place of the talk, and prints it after the answers `before`."""
        from igbot.cli.answer import answered_later, print_answer

        alone = before is None or before.done()
        if before is not None:
            await before
        try:
            found = await self._target.decision(mid)
        except IgbotError as error:
            _note(f"error: {error.message}")
            return
        self._last, decision, said = found, found["decision"], self._talk[place]
        self._talk[place] = replace(
            said, reason=decision["reason"], rule=decision["rule"], answered_later=answered_later(found)
        )
        alone = alone and place == len(self._talk) - 1
        if self._prompting:
            self._say("")
        print_answer("" if alone else said.text or said.payload or said.kind, found, seconds=time.monotonic() - started)
        if self._prompting:
            sys.stdout.write(PROMPT)
            sys.stdout.flush()

    async def _button(self, number: str) -> None:
        from igbot.cli.answer import buttons_of
        from igbot.cli.output import visible

        buttons = buttons_of(self._last["replies"]) if self._last else []
        if not number.isdigit() or not 1 <= int(number) <= len(buttons):
            have = "1 button" if len(buttons) == 1 else f"{len(buttons)} buttons"
            raise UsageError(f"the last answer has {have}; /button 1 taps the first")
        button = buttons[int(number) - 1]
        if button.kind is None:
            self._say(f"{visible(button.title)} opens {visible(button.leads_to)}; the bot does not learn of it")
        else:
            await self._write(button.title, kind=button.kind, payload=button.leads_to)

    async def _why(self) -> None:
        from igbot.cli.reasons import reasons

        if self._last is None:
            raise UsageError("nothing was answered yet")
        for line in await reasons(self._target.settings, self._last):
            self._say(line)

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
    ) -> None:
        from igbot.rules.testing.recording import Said

        self._talk.append(Said(at or self._now(), author, kind, text, payload))

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
