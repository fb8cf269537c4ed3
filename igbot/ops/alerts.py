"""Tells a person what is critical, through Apprise: once, with a count while it stands, and when it is over."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog
from igbot.telemetry.redaction import Redactor

AlertLevel = Literal["info", "warning", "critical"]

QUIET = timedelta(minutes=10)
"""At most one message a key in this time while it stands; each reminder doubles the time to the next one."""
LONGEST_QUIET = timedelta(hours=6)
AGAIN = timedelta(minutes=1)
TRIES = 10
DELIVERY_SECONDS = 30.0
MOST_KEYS = 200
_DETAIL_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to the owner. `over` is the all-clear."""

    title: str
    body: str
    level: AlertLevel
    over: bool


Send = Callable[[str, Notice], Awaitable[None]]
"""Delivers one notice to one channel (an Apprise URL); raises if it was not taken."""


class AppriseMissingError(Exception):
    """The extra `igbot[alerts]` is not installed."""


@dataclass(slots=True)
class _Topic:
    """What is known under one key: `announced` while the owner believes that it stands."""

    title: str
    detail: str
    level: AlertLevel
    since: datetime
    count: int = 0
    standing: bool = True
    announced: bool = False
    told_count: int = 0
    told_at: datetime | None = None
    quiet: timedelta = QUIET
    tries: int = 0
    again_at: datetime | None = None

    def due(self, now: datetime) -> datetime | None:
        """When the next message about this is due; None if nothing is to be said."""
        if self.standing and not self.announced:
            # Also where something comes and goes: not more often than this, however often it does.
            due = self.told_at + QUIET if self.told_at else now
        elif self.standing and self.count > self.told_count:
            due = self.told_at + self.quiet if self.told_at else now
        elif not self.standing and self.announced:
            due = now
        else:
            return None
        return max(due, self.again_at) if self.again_at else due

    def forgettable(self, now: datetime) -> bool:
        """Whether nothing about this matters any more."""
        return not self.standing and not self.announced and (self.told_at is None or self.told_at + QUIET <= now)

    def failed(self, now: datetime) -> bool:
        """No channel took the message: try again in a while. False when it has been tried often enough."""
        self.tries += 1
        self.again_at = now + AGAIN
        return self.tries < TRIES

    def told(self, now: datetime, *, over: bool, count: int) -> None:
        """The message has gone out, or was given up."""
        self.tries, self.again_at = 0, None
        if over:
            self.announced, self.quiet = False, QUIET
            return
        self.quiet = min(self.quiet * 2, LONGEST_QUIET) if self.announced else QUIET
        self.announced, self.told_count, self.told_at = True, count, now


class Alerts:
    """The alerts of one process. `raise_alert` and `clear` only note what happened; `run` delivers.

    A channel that fails, hangs or does not exist costs nothing but a log line. `clean` takes secrets out of what
    leaves for other people's services.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        clock: Clock,
        log: EventLog,
        send: Send | None = None,
        clean: Callable[[str], str] | None = None,
    ) -> None:
        self._urls = list(urls)
        self._clock = clock
        self._log = log
        self._send = send or send_by_apprise
        self._clean = clean or Redactor().clean
        self._topics: dict[str, _Topic] = {}
        self._changed = asyncio.Event()

    def raise_alert(self, key: str, title: str, detail: str, level: AlertLevel) -> None:
        """Something critical holds now. Under the same `key` it is one alert, counted, until `clear`."""
        now = self._clock()
        topic = self._topics.get(key)
        if topic is None:
            if not self._has_room():
                self._log.error("alerts_full", key=key, title=title)
                return
            topic = self._topics[key] = _Topic(title, detail, level, since=now)
        elif not topic.standing and not topic.announced:
            topic.since, topic.count, topic.told_count = now, 0, 0
        topic.title, topic.detail, topic.level, topic.standing = title, detail, level, True
        topic.count += 1
        self._changed.set()

    def clear(self, key: str) -> None:
        """It is over. Says so if the alert had been sent; an unknown key is fine."""
        topic = self._topics.get(key)
        if topic is not None and topic.standing:
            topic.standing, topic.tries, topic.again_at = False, 0, None
            self._changed.set()

    async def turn(self) -> float | None:
        """Deliver what is due now. Gives the seconds until something else will be, None if nothing waits."""
        for key, topic in list(self._topics.items()):
            now = self._clock()
            due = topic.due(now)
            if due is not None and due <= now:
                await self._tell(key, topic)
            if topic.forgettable(now):
                del self._topics[key]
        now = self._clock()
        waits = [due - now for topic in self._topics.values() if (due := topic.due(now)) is not None]
        return max(min(waits).total_seconds(), 0.0) if waits else None

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._changed.clear()
            wait: float | None = AGAIN.total_seconds()
            try:
                wait = await self.turn()
            except Exception as error:  # the loop outlives whatever one turn met
                self._log.error("alert_failed", exc=error)
            try:
                await asyncio.wait_for(self._changed.wait(), timeout=wait)
            except TimeoutError:
                continue

    def _has_room(self) -> bool:
        if len(self._topics) < MOST_KEYS:
            return True
        idle = next((key for key, topic in self._topics.items() if not topic.standing and not topic.announced), None)
        if idle is not None:
            del self._topics[idle]
        return idle is not None

    async def _tell(self, key: str, topic: _Topic) -> None:
        """Deliver the alert, its reminder or its all-clear, and note when the next may follow."""
        over, count = not topic.standing, topic.count
        delivered = await self._deliver(key, self._notice(topic, over=over))
        if delivered or not topic.failed(self._clock()):
            topic.told(self._clock(), over=over, count=count)

    async def _deliver(self, key: str, notice: Notice) -> bool:
        """True if at least one channel took it, or nobody can (no channels, no Apprise)."""
        results = [await self._deliver_to(number, url, key, notice) for number, url in enumerate(list(self._urls), 1)]
        if any(results):
            self._log.info("alert_sent", key=key, title=notice.title, over=notice.over, channels=sum(results))
        return any(results) or not self._urls

    async def _deliver_to(self, number: int, url: str, key: str, notice: Notice) -> bool:
        try:
            await asyncio.wait_for(self._send(url, notice), DELIVERY_SECONDS)
        except AppriseMissingError:
            if self._urls:
                self._urls.clear()
                self._log.error("alerts_unavailable", hint="pip install apprise, or unset IGBOT_ALERT_URLS")
            return False
        except Exception as error:  # whatever a channel does, the other channels and the bot go on
            # The address itself may be the secret: a channel is told by its number and kind.
            self._log.warning("alert_failed", exc=error, key=key, channel=number, kind=url.partition("://")[0])
            return False
        return True

    def _notice(self, topic: _Topic, *, over: bool) -> Notice:
        lines = [topic.detail[:_DETAIL_CHARACTERS]] if topic.detail and not over else []
        since = topic.since.isoformat(timespec="seconds")
        if over:
            lines.append(f"Over. It began at {since}" + _times(topic.count))
        elif topic.announced:
            lines.append(f"Still so since {since}" + _times(topic.count))
        else:
            lines.append(f"Since {since}" + _times(topic.count))
        title = f"All clear: {topic.title}" if over else topic.title
        return Notice(self._clean(title), self._clean("\n".join(lines)), topic.level, over)


async def send_by_apprise(url: str, notice: Notice) -> None:
    """Deliver through Apprise, in a thread. Raises AppriseMissingError, or ConnectionError if it was not taken."""
    await asyncio.to_thread(_notify, url, notice)


def _notify(url: str, notice: Notice) -> None:
    try:
        import apprise
    except ImportError:
        raise AppriseMissingError from None
    channel = apprise.Apprise()
    if not channel.add(url):
        raise ConnectionError("Apprise does not know this kind of channel, or its address is incomplete")
    kinds = {"info": apprise.NotifyType.INFO, "warning": apprise.NotifyType.WARNING}
    kind = apprise.NotifyType.SUCCESS if notice.over else kinds.get(notice.level, apprise.NotifyType.FAILURE)
    if not channel.notify(
        body=notice.body, title=notice.title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
    ):
        raise ConnectionError("the channel did not take it")


def _times(count: int) -> str:
    return f", {count} times." if count > 1 else "."
