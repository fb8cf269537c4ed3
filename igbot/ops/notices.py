"""What rules tell the owner's staff: a hand-off's note, an alert of a rule. Each once, to the channel it names."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec

from igbot.ops.alerts import AlertLevel, AppriseMissingError, Notice, Send, send_by_apprise
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

QUIET = timedelta(minutes=10)
"""The same key is not told again in this time (`rules.md` §2.2)."""
MOST_WAITING = 500
DELIVERY_SECONDS = 30.0
TRIES = 3
AGAIN_SECONDS = 20.0
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class _Word:
    key: str
    channel: str | None
    notice: Notice


def trouble_of(channels: Mapping[str, Sequence[str]]) -> str | None:
    """Why a channel would reach nobody, as far as that can be known beforehand; None where all is well.

    An owner without any address has chosen so.
    """
    if any(channels.values()) and find_spec("apprise") is None:
        return "alerts are set, and the extra that sends them is not installed: pip install 'igbot[alerts]'"
    silent = sorted(name for name, urls in channels.items() if not urls and name != "owner")
    return f"no addresses are set for the channel {', '.join(silent)}" if silent else None


class Notices:
    """The notices of one process. `tell` only notes; `run` delivers.

    `channels` are Apprise URLs by the channel's name; `clean` takes secrets out of what leaves for others' services.
    """

    def __init__(
        self,
        channels: Mapping[str, Sequence[str]],
        *,
        clock: Clock,
        log: EventLog,
        clean: Callable[[str], str],
        send: Send = send_by_apprise,
        again: float = AGAIN_SECONDS,
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._log = log
        self._clean = clean
        self._send = send
        self._again = again
        self._told: dict[str, datetime] = {}
        self._waiting: defaultdict[str | None, deque[_Word]] = defaultdict(deque)
        self._wake = asyncio.Event()

    def tell(self, key: str, title: str, text: str, *, level: AlertLevel, channel: str | None = None) -> None:
        """Something for people, under a `key` that is told at most once in ten minutes. `channel` None: every one."""
        now = self._clock()
        told = self._told.get(key)
        if told is not None and now - told < QUIET:
            return
        if len(self._waiting[channel]) >= MOST_WAITING:
            self._log.error("notices_full", key=key, channel=channel or "all")
            return
        self._told = {each: at for each, at in self._told.items() if now - at < QUIET} | {key: now}
        notice = Notice(self._clean(title), self._clean(text[:_LONGEST]), level, over=False)
        self._waiting[channel].append(_Word(key, channel, notice))
        self._wake.set()

    async def turn(self) -> None:
        """Deliver all that waits; one channel does not wait for another."""
        await asyncio.gather(*(self._empty(waiting) for waiting in list(self._waiting.values())))

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            busy: dict[str | None, asyncio.Task[None]] = {}
            while True:
                await self._wake.wait()
                self._wake.clear()
                for channel, waiting in list(self._waiting.items()):
                    if waiting and (channel not in busy or busy[channel].done()):
                        busy[channel] = tasks.create_task(self._empty(waiting))

    async def _empty(self, waiting: "deque[_Word]") -> None:
        while waiting:
            word = waiting.popleft()
            try:
                await self._deliver(word)
            except Exception as error:  # the loop outlives whatever one notice met
                self._log.error("notice_failed", exc=error, key=word.key)

    async def _deliver(self, word: _Word) -> None:
        urls = self._urls(word.channel)
        delivered = await asyncio.gather(*(self._deliver_to(url, word) for url in urls))
        if any(delivered):
            channel = word.channel or "all"
            self._log.info("alert_sent", key=word.key, title=word.notice.title, over=False, channel=channel)
        elif not urls and any(self._channels.values()):
            self._log.warning("alert_without_channel", key=word.key, channel=word.channel or "all")
        elif not urls:
            self._log.info("alert_without_channel", key=word.key, channel=word.channel or "all")

    def _urls(self, channel: str | None) -> list[str]:
        if channel is not None:
            return list(self._channels.get(channel, ()))
        return list(dict.fromkeys(url for urls in self._channels.values() for url in urls))

    async def _deliver_to(self, url: str, word: _Word) -> bool:
        for attempt in range(1, TRIES + 1):
            try:
                await asyncio.wait_for(self._send(url, word.notice), DELIVERY_SECONDS)
            except AppriseMissingError:
                self._log.error("alerts_unavailable", hint="pip install apprise, or take notify and alert out of rules")
                return False
            except Exception as error:  # whatever a channel does, the others and the bot go on
                kind = url.partition("://")[0]  # the address itself may be the secret
                self._log.warning("alert_failed", exc=error, key=word.key, kind=kind, attempt=attempt)
                if attempt < TRIES:
                    await asyncio.sleep(self._again)
            else:
                return True
        return False
