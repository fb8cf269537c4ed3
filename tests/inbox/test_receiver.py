"""Every webhook event is durable before Meta gets its 200: each once, whatever comes beside it."""

import asyncio
import json
import random
from datetime import timedelta
from typing import Any

import pytest

from igbot.errors import DatabaseUnavailable
from igbot.inbox.receiver import Receiver
from igbot.sandbox.customer import delivery_body
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, ANA, OTHER_ACCOUNT, PAGE, START, Desk, customer_says, logged

COUNT = "SELECT count(*) FROM inbox"
STRANGER = "17841499999999999"


def delivery(*entries: tuple[str, list[dict[str, Any]]]) -> bytes:
    """One POST with several entries, each of an account."""
    whole = [{"id": account, "time": 1, "messaging": items} for account, items in entries]
    return json.dumps({"object": "instagram", "entry": whole}).encode()


async def test_a_thousand_events_of_several_accounts_are_a_thousand_rows(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """One POST, three accounts: each event is kept under its own account, and each conversation is ready once.

    An account that is none of ours is told.
    """
    desk.accounts[OTHER_ACCOUNT] = OTHER_ACCOUNT
    accounts = (ACCOUNT, OTHER_ACCOUNT, STRANGER)
    items: dict[str, list[dict[str, Any]]] = {account: [] for account in accounts}
    for number in range(1000):
        account = accounts[number % 3]
        igsid = str(9_000_000 + number % 100)
        items[account].append(customer_says("hello", f"m{number}", igsid=igsid, account=account))
    await desk.receiver.accept(delivery(*items.items()), START)

    rows = await desk.rows("SELECT account_id, known_account, count(*) AS n FROM inbox GROUP BY 1, 2 ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [
        (ACCOUNT, True, 334),
        (OTHER_ACCOUNT, True, 333),
        (STRANGER, False, 333),
    ]
    assert await desk.value("SELECT count(*) FROM inbox_lane WHERE ready_at IS NOT NULL AND arrivals = 1") == 300


async def test_both_ids_of_an_account_lead_to_one_conversation(desk: Desk) -> None:
    """The page's id and the Instagram account's id are the same shop, and the same event by both is one."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.arrive(customer_says("hello", "m2", account=PAGE), account=PAGE)
    await desk.arrive(customer_says("hello", "m1", account=PAGE), account=PAGE)
    assert await desk.value(COUNT) == 2
    assert await desk.value("SELECT array_agg(DISTINCT account_id) FROM inbox") == [ACCOUNT]


@pytest.mark.parametrize("together", [True, False])
async def test_a_duplicate_changes_nothing_and_is_logged(
    desk: Desk, together: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """In one delivery or in the next: one row, armed once, `duplicate_ignored` once."""
    item = customer_says("hello", "m1")
    if together:
        await desk.arrive(item, item)
    else:
        await desk.arrive(item)
        await desk.arrive(item)
    assert await desk.value(COUNT) == 1
    assert await desk.value("SELECT arrivals FROM inbox_lane") == 1
    [line] = logged(caplog, "duplicate_ignored")
    assert (line["igsid"], line["mid"], line["kind"]) == (ANA, "m1", "text")
    assert desk.woken == ["inbox"]


async def test_the_same_message_fifty_times_at_once_is_one_row(desk: Desk) -> None:
    """Fifty parallel deliveries, fifty answers, one row."""
    await asyncio.gather(*(desk.arrive(customer_says("hello", "m1")) for _ in range(50)))
    assert await desk.value(COUNT) == 1


async def test_a_duplicate_of_a_settled_event_stays_settled(desk: Desk) -> None:
    """Meta repeats what was answered long ago: nothing becomes ready."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    await desk.arrive(customer_says("hello", "m1"))
    assert await desk.work() == 0
    assert len(await desk.replies()) == 1


async def test_deliveries_that_meet_are_committed_together(desk: Desk) -> None:
    """What arrives while one insert is in flight goes into the next one: a hundred deliveries take a few commits."""
    await asyncio.gather(*(desk.arrive(customer_says("hello", f"m{number}")) for number in range(100)))
    assert await desk.value(COUNT) == 100
    assert await desk.value("SELECT count(DISTINCT xmin::text) FROM inbox") <= 5


async def test_two_messages_of_one_moment_keep_their_order_when_their_delivery_comes_twice_at_once(desk: Desk) -> None:
    """The copies are committed together, and whichever of the equal rows is kept, the first message comes first."""
    pairs = [
        [customer_says(text, f"{text}-{number}", igsid=str(number)) for text in ("first", "second")]
        for number in range(100)
    ]
    await asyncio.gather(*(desk.arrive(*pair) for pair in pairs), *(desk.arrive(*pair) for pair in reversed(pairs)))
    rows = await desk.rows(
        "SELECT igsid, array_agg(split_part(mid, '-', 1) ORDER BY inbox_id) AS said FROM inbox GROUP BY 1"
    )
    assert len(rows) == 100
    assert {tuple(row["said"]) for row in rows} == {("first", "second")}


async def test_customers_who_are_testers_are_marked(desk: Desk) -> None:
    """Their rows are test data, their neighbours' are not."""
    desk.testers = {ANA}
    await desk.arrive(customer_says("hello", "m1"), customer_says("hello", "m2", igsid="77"))
    rows = await desk.rows("SELECT igsid, test FROM inbox ORDER BY mid")
    assert [tuple(row.values()) for row in rows] == [(ANA, True), ("77", False)]


async def test_the_dashboards_test_is_kept_at_each_press_and_marked(desk: Desk) -> None:
    """A second press with the same bytes is seen."""
    body = json.dumps(
        {
            "object": "instagram",
            "entry": [
                {
                    "id": "0",
                    "time": 1,
                    "changes": [
                        {
                            "field": "messages",
                            "value": {
                                "sender": {"id": "12334"},
                                "recipient": {"id": "23245"},
                                "timestamp": "1527459824",
                                "message": {"mid": "random_mid", "text": "random_text"},
                            },
                        }
                    ],
                }
            ],
        }
    ).encode()
    for seconds in (0, 3):
        await desk.receiver.accept(body, START + timedelta(seconds=seconds))
    rows = await desk.rows("SELECT kind, test FROM inbox")
    assert [tuple(row.values()) for row in rows] == [("dashboard_test", True)] * 2


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b'{"entry": 5}', b'{"entry": [null, 7, "x"]}', b"null"])
async def test_what_cannot_be_understood_is_kept_raw_and_marked(desk: Desk, body: bytes) -> None:
    """Nothing that is signed is lost, and working on it answers nothing."""
    await desk.receiver.accept(body, START)
    kinds = {row["kind"] for row in await desk.rows("SELECT kind FROM inbox")}
    assert kinds
    assert kinds <= {"raw", "unknown"}
    await desk.settle_all()
    assert await desk.value("SELECT count(*) FROM inbox WHERE status <> 'done'") == 0
    assert await desk.value("SELECT count(*) FROM outbox") == 0


async def test_characters_that_postgresql_cannot_hold_are_made_storable(desk: Desk) -> None:
    """NUL and half of a surrogate pair become U+FFFD on the way to people; the raw event stays as it came."""
    await desk.arrive(customer_says("repeat a\0b\ud800c", "m\0id"))
    await desk.settle_all()
    assert await desk.value("SELECT text FROM message WHERE direction = 'in'") == "repeat a�b�c"
    assert await desk.value("SELECT mid FROM inbox") == "m�id"
    assert b"\\u0000" in await desk.value("SELECT raw FROM inbox")
    assert await desk.replies() == ["You said: repeat a�b�c"]


async def test_ids_too_long_for_an_index_do_not_cost_their_neighbours(desk: Desk) -> None:
    """Two ids of random characters, four bytes each, as long as one accepts any: all of the delivery is kept."""
    chance = random.Random(5)
    wild = ["".join(chr(chance.randrange(0x10000, 0x30000)) for _ in range(512)) for _ in range(3)]
    item = customer_says("hello", wild[0], igsid=wild[1], account=wild[2])
    await desk.arrive(item, customer_says("hello", "m1"))
    await desk.settle_all()
    assert await desk.value(COUNT) == 2
    assert await desk.value("SELECT count(*) FROM inbox WHERE status <> 'done'") == 0
    assert await desk.replies() == ["Hi there!"]


async def test_one_row_that_postgresql_refuses_costs_only_its_own_delivery(
    desk: Desk, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Deliveries of one batch: the bad one is to be sent again, the others are kept."""
    async with database.connection() as conn:
        await conn.execute("ALTER TABLE inbox ADD CHECK (mid <> 'bad')")
    results = await asyncio.gather(
        *(desk.arrive(customer_says("hello", mid)) for mid in ("m1", "m2", "bad", "m3")), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), type(None), DatabaseUnavailable, type(None)]
    assert await desk.value("SELECT array_agg(mid ORDER BY mid) FROM inbox") == ["m1", "m2", "m3"]
    assert [line["mid"] for line in logged(caplog, "event_refused")] == ["bad"]


async def test_nothing_is_acknowledged_while_the_database_is_away(database_url: str) -> None:
    """Not open: refused at once, so that Meta keeps the event."""
    away = Database(database_url, embedded=None, size=1, log=event_log("store"))
    receiver = Receiver(
        away,
        accounts=lambda: {ACCOUNT: ACCOUNT},
        is_test=lambda _: False,
        on_kept=lambda: None,
        log=event_log("inbox"),
    )
    with pytest.raises(DatabaseUnavailable):
        await receiver.accept(delivery_body([customer_says("hello", "m1")], ACCOUNT, START), START)
    assert receiver.last_at is None


async def test_a_connection_that_breaks_is_no_acknowledgement(desk: Desk) -> None:
    """The server cuts us off in mid-insert: the delivery is refused, and the next one is kept."""
    async with desk.database.connection() as locker:
        transaction = locker.transaction()
        await transaction.start()
        await locker.execute("LOCK TABLE inbox")
        arriving = asyncio.create_task(desk.arrive(customer_says("hello", "m1")))
        blocked = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while (pid := await locker.fetchval(blocked)) is None:
            await locker.execute("SELECT pg_stat_clear_snapshot()")
        await locker.execute("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(DatabaseUnavailable):
            await arriving
        await transaction.rollback()
    assert await desk.value(COUNT) == 0
    await desk.arrive(customer_says("hello", "m1"))
    assert await desk.value(COUNT) == 1


async def test_an_empty_delivery_is_fine(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Meta's way of asking whether anyone is there: nothing is kept, and it is logged."""
    await desk.receiver.accept(b'{"object": "instagram", "entry": []}', START)
    assert await desk.value(COUNT) == 0
    assert logged(caplog, "webhook_received") == [{"events": 0, "new": 0, "bytes": 36}]
