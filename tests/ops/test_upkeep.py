"""What nobody waits for: forgotten work is found, raw events go once their time is over."""

from datetime import timedelta

import pytest

from igbot.ops.alerts import Alerts
from igbot.ops.database_watch import PATIENCE, DatabaseWatch
from igbot.ops.upkeep import FORGOTTEN_AFTER, drop_raw, rearm
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.answering.talking import START, customer_says, open_desk
from tests.ops.alerting import Channel, Time

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("how", ["DELETE FROM inbox_lane", "UPDATE inbox_lane SET ready_at = NULL"])
async def test_an_event_without_a_lane_is_found_after_a_minute(database: Database, how: str) -> None:
    """Whatever a bug or a hand in the database did."""
    async with open_desk(database) as desk:
        await desk.arrive(customer_says("hello", "m1"))
        await desk.value(how)
        async with database.connection() as conn:
            assert await rearm(conn, now=START + FORGOTTEN_AFTER) == 0
            assert await rearm(conn, now=START + FORGOTTEN_AFTER + SECOND) == 1
            assert await rearm(conn, now=START + FORGOTTEN_AFTER + SECOND) == 0
        desk.time.now = START + FORGOTTEN_AFTER + SECOND
        await desk.settle_all()
        assert await desk.replies() == ["Hi there!"]


@pytest.mark.parametrize("how", ["DELETE FROM outbox_lane", "UPDATE outbox_lane SET due_at = NULL"])
async def test_a_reply_without_a_lane_is_found_too(database: Database, how: str) -> None:
    """The sender then finds it."""
    async with open_desk(database) as desk:
        await desk.arrive(customer_says("hello", "m1"))
        await desk.settle_all()
        await desk.value(how)
        now = START + FORGOTTEN_AFTER + SECOND
        async with database.connection() as conn:
            assert await rearm(conn, now=now) == 1
        assert await desk.value("SELECT due_at FROM outbox_lane") == now


async def test_raw_events_go_after_a_while_and_their_keys_stay(database: Database) -> None:
    """Settled ones; what is pending or dead is still needed. A duplicate stays a duplicate."""
    async with open_desk(database) as desk:
        items = [customer_says("hello", f"m{number}") for number in range(4)]
        await desk.arrive(*items)
        await desk.settle_all()
        await desk.value("UPDATE inbox SET status = 'dead' WHERE mid = 'm3'")
        await desk.arrive(customer_says("hello", "pending"))
        async with database.connection() as conn:
            assert await drop_raw(conn, before=START) == 0
            assert await drop_raw(conn, before=START + SECOND, limit=2) == 2
            assert await drop_raw(conn, before=START + SECOND, limit=2) == 1
        assert await desk.value("SELECT count(*) FROM inbox WHERE raw IS NULL") == 3
        await desk.arrive(*items)
        assert await desk.value("SELECT count(*) FROM inbox") == 5


async def test_a_database_that_is_away_for_long_is_an_alert_once(time: Time) -> None:
    """After half a minute, not before; when it is back there is an all-clear."""
    channel = Channel()
    alerts = Alerts(["a://channel"], clock=time, log=event_log("alerts"), send=channel)
    watch = DatabaseWatch(alerts, clock=time)
    for available in (True, False, False):
        watch.changed(available)
    time.pass_by(PATIENCE)
    watch.turn()
    await alerts.turn()
    assert channel.got == []
    time.pass_by(SECOND)
    for _ in range(3):
        watch.turn()
        await alerts.turn()
    assert [notice.over for notice in channel.got] == [False]
    watch.changed(True)
    watch.turn()
    await alerts.turn()
    assert [notice.over for notice in channel.got] == [False, True]


async def test_a_short_absence_of_the_database_is_nobodys_business(time: Time) -> None:
    """Back within half a minute."""
    channel = Channel()
    alerts = Alerts(["a://channel"], clock=time, log=event_log("alerts"), send=channel)
    watch = DatabaseWatch(alerts, clock=time)
    for _ in range(5):
        watch.changed(False)
        time.pass_by(PATIENCE)
        watch.turn()
        watch.changed(True)
        await alerts.turn()
    assert channel.got == []
