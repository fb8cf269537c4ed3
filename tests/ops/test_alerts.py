"""What is critical reaches a person: once, with a count, with an all-clear; and a dead channel hurts nothing."""

import asyncio
import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from igbot.ops.alerts import AGAIN, DELIVERY_SECONDS, LONGEST_QUIET, MOST_KEYS, QUIET, TRIES, Alerts, Notice
from igbot.telemetry.log import event_log
from igbot.telemetry.setup import configure_logging
from tests.ops.alerting import START, Channel, Time, events
from tests.waiting import PATIENCE


@pytest.fixture
def time() -> Time:
    """Ten o'clock."""
    return Time()


@pytest.fixture
def channel() -> Channel:
    """A channel that works."""
    return Channel()


@pytest.fixture
def alerts(time: Time, channel: Channel) -> Alerts:
    """Alerts with one channel."""
    return Alerts(["a://secret-address"], clock=time, log=event_log("alerts"), send=channel)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is written to the log meanwhile."""
    root, ours = logging.getLogger(), logging.getLogger("igbot")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    stream = io.StringIO()
    configure_logging(level="DEBUG", format="json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.captureWarnings(False)


async def test_an_alert_is_sent_once_however_often_it_is_raised(alerts: Alerts, channel: Channel) -> None:
    """The next nine times within ten minutes are only counted."""
    for _ in range(10):
        alerts.raise_alert("token", "The token is dead", "code 190", "critical")
        await alerts.turn()
    assert [(notice.title, notice.level, notice.over) for notice in channel.got] == [
        ("The token is dead", "critical", False)
    ]
    assert channel.got[0].body == "code 190\nSince 2026-11-22T10:00:00+00:00."


async def test_while_it_stands_it_is_repeated_with_a_count_less_and_less_often(
    alerts: Alerts, channel: Channel, time: Time
) -> None:
    """After 10 minutes, then 20 more, 40 more …, never more than six hours apart, and only if it happened again."""
    told_at = []
    for _ in range(24 * 60):
        alerts.raise_alert("database", "The database is away", "", "critical")
        before = len(channel.got)
        await alerts.turn()
        if len(channel.got) > before:
            told_at.append(time.now - START)
        time.pass_by(timedelta(minutes=1))
    gaps = [later - earlier for earlier, later in pairwise(told_at)]
    assert gaps[:3] == [QUIET, QUIET * 2, QUIET * 4]
    assert max(gaps) == LONGEST_QUIET
    assert channel.got[1].body == "Still so since 2026-11-22T10:00:00+00:00, 11 times."


async def test_what_does_not_happen_again_is_not_repeated(alerts: Alerts, channel: Channel, time: Time) -> None:
    """An alert that stands without news is silent."""
    alerts.raise_alert("rules", "Rules rejected", "10-shop.yaml:3", "warning")
    await alerts.turn()
    time.pass_by(timedelta(hours=5))
    assert await alerts.turn() is None
    assert len(channel.got) == 1


async def test_the_last_count_is_told_although_nothing_follows(alerts: Alerts, channel: Channel, time: Time) -> None:
    """What was counted within the quiet time is told at its end, and the loop knows when that is."""
    alerts.raise_alert("dead", "Dead letters", "", "critical")
    await alerts.turn()
    alerts.raise_alert("dead", "Dead letters", "", "critical")
    assert await alerts.turn() == QUIET.total_seconds()
    time.pass_by(QUIET)
    await alerts.turn()
    assert channel.got[-1].body.endswith("2 times.")


async def test_an_all_clear_follows_at_once(alerts: Alerts, channel: Channel, time: Time) -> None:
    """With how often and since when; and only after an alert that was sent."""
    alerts.raise_alert("database", "The database is away", "refused", "critical")
    alerts.raise_alert("database", "The database is away", "refused", "critical")
    await alerts.turn()
    time.pass_by(timedelta(seconds=5))
    for key in ("database", "database", "never raised"):
        alerts.clear(key)
    await alerts.turn()
    await alerts.turn()
    assert [(notice.title, notice.body) for notice in channel.got[1:]] == [
        ("All clear: The database is away", "Over. It began at 2026-11-22T10:00:00+00:00, 2 times.")
    ]


async def test_what_was_over_before_it_was_told_is_not_told(alerts: Alerts, channel: Channel) -> None:
    """Nobody is woken for a moment."""
    alerts.raise_alert("database", "The database is away", "", "critical")
    alerts.clear("database")
    await alerts.turn()
    assert channel.got == []


async def test_what_comes_and_goes_does_not_flood(alerts: Alerts, channel: Channel, time: Time) -> None:
    """A key that flaps all day is told at most once in ten minutes, and the end is told too."""
    for _ in range(60):
        alerts.raise_alert("database", "The database is away", "", "critical")
        await alerts.turn()
        time.pass_by(timedelta(seconds=30))
        alerts.clear("database")
        await alerts.turn()
        time.pass_by(timedelta(seconds=30))
    assert len([notice for notice in channel.got if not notice.over]) == 6
    assert channel.got[-1].over
    alerts.raise_alert("database", "The database is away", "", "critical")
    wait = await alerts.turn()
    if wait is not None:
        time.pass_by(timedelta(seconds=wait))
        await alerts.turn()
    assert not channel.got[-1].over


async def test_different_keys_are_different_alerts(alerts: Alerts, channel: Channel) -> None:
    """The token and the database have nothing to do with each other."""
    alerts.raise_alert("token", "The token is dead", "", "critical")
    alerts.raise_alert("database", "The database is away", "", "critical")
    await alerts.turn()
    assert len(channel.got) == 2


async def test_a_dead_channel_does_not_keep_the_others_waiting(
    channel: Channel, time: Time, logged: io.StringIO
) -> None:
    """It is logged by its number, without its address, and the alert counts as sent."""
    channel.dead = {"a://secret-address"}
    alerts = Alerts(["a://secret-address", "b://x"], clock=time, log=event_log("alerts"), send=channel)
    alerts.raise_alert("token", "The token is dead", "", "critical")
    await alerts.turn()
    assert len(channel.got) == 1
    failed, sent = events(logged)
    assert (failed["event"], failed["channel"], failed["kind"]) == ("alert_failed", 1, "a")
    assert (sent["event"], sent["key"], sent["channels"]) == ("alert_sent", "token", 1)


async def test_an_alert_that_no_channel_took_is_tried_again(alerts: Alerts, channel: Channel, time: Time) -> None:
    """The network may be away together with the database; after ten tries it is given up."""
    channel.dead = {"a://secret-address"}
    alerts.raise_alert("token", "The token is dead", "", "critical")
    assert await alerts.turn() == AGAIN.total_seconds()
    channel.dead = set()
    assert await alerts.turn() == AGAIN.total_seconds()
    time.pass_by(AGAIN)
    assert await alerts.turn() is None
    assert len(channel.got) == 1
    channel.dead = {"a://secret-address"}
    alerts.clear("token")
    for _ in range(TRIES):
        await alerts.turn()
        time.pass_by(AGAIN)
    assert await alerts.turn() is None


async def test_a_channel_that_hangs_is_left_behind(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its delivery is cut after a while."""
    assert DELIVERY_SECONDS <= 60
    monkeypatch.setattr("igbot.ops.alerts.DELIVERY_SECONDS", 0.02)

    async def hang(url: str, notice: Notice) -> None:
        await asyncio.Event().wait()

    alerts = Alerts(["a://b"], clock=time, log=event_log("alerts"), send=hang)
    alerts.raise_alert("token", "The token is dead", "", "critical")
    assert await asyncio.wait_for(alerts.turn(), PATIENCE) == AGAIN.total_seconds()


async def test_without_channels_alerts_cost_nothing(time: Time, channel: Channel) -> None:
    """Nothing is sent and nothing piles up."""
    alerts = Alerts([], clock=time, log=event_log("alerts"), send=channel)
    alerts.raise_alert("token", "The token is dead", "", "critical")
    assert await alerts.turn() is None
    assert channel.got == []


async def test_no_number_of_keys_fills_the_memory(alerts: Alerts, channel: Channel, logged: io.StringIO) -> None:
    """What is beyond the limit is logged; what is over makes room."""
    for number in range(MOST_KEYS + 1):
        alerts.raise_alert(f"key-{number}", "t", "", "warning")
    assert [event["event"] for event in events(logged)] == ["alerts_full"]
    alerts.clear("key-0")
    alerts.raise_alert("one more", "t", "", "warning")
    await alerts.turn()
    assert len(channel.got) == MOST_KEYS


async def test_secrets_do_not_leave_with_an_alert(time: Time, channel: Channel) -> None:
    """A detail is often somebody's error message; channels belong to other people."""
    alerts = Alerts(["a://b"], clock=time, log=event_log("alerts"), send=channel)
    alerts.raise_alert("token", "dead", "GET /me?access_token=EAAsecretsecret " + "x" * 5000, "critical")
    await alerts.turn()
    assert "EAAsecret" not in channel.got[0].body
    assert len(channel.got[0].body) < 1200


async def test_the_loop_delivers_what_is_raised_while_it_waits(alerts: Alerts, channel: Channel) -> None:
    """It wakes at once, and ends when it is cancelled."""
    delivered = asyncio.Event()
    take = channel.__call__

    async def send(url: str, notice: Notice) -> None:
        await take(url, notice)
        delivered.set()

    alerts = Alerts(["a://b"], clock=lambda: START, log=event_log("alerts"), send=send)
    loop = asyncio.create_task(alerts.run())
    await asyncio.sleep(0)
    alerts.raise_alert("token", "The token is dead", "", "critical")
    await asyncio.wait_for(delivered.wait(), PATIENCE)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


class Inbox:
    """A real HTTP server that takes Apprise's JSON."""

    def __init__(self, server: TestServer, got: list[dict[str, Any]]) -> None:
        self.url = f"json://127.0.0.1:{server.port}/alerts"
        self.got = got


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    """A server on loopback."""
    got: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/alerts", take)
    server = TestServer(app)
    await server.start_server()
    yield Inbox(server, got)
    await server.close()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's own import, on Python 3.11 and 3.12
async def test_alerts_go_through_apprise_to_a_real_server(inbox: Inbox, time: Time, logged: io.StringIO) -> None:
    """Requirement 7.5, by the library itself: the alert, its all-clear, beside a dead and an unknown channel."""
    dead, unknown = "json://127.0.0.1:1/closed", "nonsense://x"
    alerts = Alerts([dead, unknown, inbox.url], clock=time, log=event_log("alerts"))
    alerts.raise_alert("rules", "Rules rejected", "10-shop.yaml:3: <b>no</b> such key", "warning")
    await alerts.turn()
    alerts.clear("rules")
    await alerts.turn()
    assert [(message["title"], message["type"]) for message in inbox.got] == [
        ("Rules rejected", "warning"),
        ("All clear: Rules rejected", "success"),
    ]
    assert "10-shop.yaml:3: <b>no</b> such key" in inbox.got[0]["message"]
    ours = [event for event in events(logged) if event["event"] in {"alert_failed", "alert_sent"}]
    assert [event["event"] for event in ours] == ["alert_failed", "alert_failed", "alert_sent"] * 2
    assert ours[2]["channels"] == 1


async def test_without_apprise_one_line_says_so(
    time: Time, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is not installed: said once, with the way out, and nothing is tried again."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    alerts = Alerts(["json://a", "json://b"], clock=time, log=event_log("alerts"))
    for _ in range(3):
        alerts.raise_alert("token", "The token is dead", "", "critical")
        await alerts.turn()
        time.pass_by(QUIET * 3)
    unavailable = [event for event in events(logged) if event["event"] == "alerts_unavailable"]
    assert [event["hint"] for event in unavailable] == ["pip install apprise, or unset IGBOT_ALERT_URLS"]
