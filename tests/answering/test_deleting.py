"""Messages that their authors take back: nothing of them remains but that they were there."""

import json
from datetime import timedelta
from typing import Any

import pytest

from igbot.calls.queue import Ended, claim_calls, finish_call
from igbot.conversations.archive import archive
from igbot.sandbox.customer import customer_message
from tests.answering.everything import tables_with
from tests.answering.talking import ACCOUNT, ANA, BEN, HOUR, START, Desk, claimed, customer_says, logged, shop_says
from tests.answering.turning import pending, reasons, turn_over
from tests.rules.writing import rules

SECRET = "xyzzy"
SECOND = timedelta(seconds=1)
PARTITIONS = ["message_archived", "message_live"]
STORED = "SELECT text, attachments, payload, considered, matched, deleted_at, reason, rule FROM message WHERE mid = $1"
REPLIES = "SELECT status, reason, body ->> 'text' AS text FROM outbox ORDER BY outbox_id"
RULES = """
- name: quoting
  keywords: [repeat]
  set: {wish: "{{ message.text }}", size: M}
  reply: "You said: {{ message.text }}"
- name: patient
  keywords: [parcel]
  settle: 4s
  reply: "You wrote: {{ message.text }}"
- name: order
  keywords: [order]
  call: {name: orders, send: {text: "{{ message.text }}"}, save: order, timeout: 4s}
  settle: 2s
  reply: "It is {{ slots.order.status | default('somewhere') }}."
- name: watching
  observe: true
  keywords: [watch]
  call: {name: crm, send: {text: "{{ message.text }}"}}
"""
RULESET = rules(RULES)


@pytest.fixture
async def shop(desk: Desk) -> Desk:
    """A desk whose rules quote what the customer wrote, wherever they can."""
    desk.rules = RULESET
    return desk


def deleted(mid: str, **more: Any) -> dict[str, Any]:
    """The webhook item of a customer who takes a message back."""
    return customer_says("", "", kind="deleted", about=mid, **more)


def unsent(mid: str) -> dict[str, Any]:
    """The same of the shop's own."""
    item = shop_says("", mid)
    return {**item, "message": {"mid": mid, "is_deleted": True}}


def edited(text: str, mid: str) -> dict[str, Any]:
    """The webhook item of an edit."""
    return customer_says(text, "", kind="edit", about=mid)


def standby_body(*items: dict[str, Any]) -> bytes:
    """A delivery of what another app answers."""
    entry = {"id": ACCOUNT, "time": 1, "standby": list(items)}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


async def write(desk: Desk, *items: dict[str, Any]) -> None:
    """This arrives, and what is ready is worked on."""
    await desk.arrive(*items)
    await desk.settle_all()


async def answer_call(desk: Desk, answer: dict[str, Any]) -> str:
    """The one call that is due ends with this answer; returns what was sent."""
    async with desk.database.connection() as conn:
        [call] = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=desk.time())
        await finish_call(conn, call, Ended(ok=True, answer=answer), now=desk.time())
    await desk.settle_all()
    return call.body


async def stored(desk: Desk, mid: str) -> dict[str, Any]:
    """The history's row of a message."""
    [row] = await desk.rows(STORED, mid)
    return row


async def test_nothing_of_a_deleted_message_remains_in_the_database(
    shop: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Text, raw bytes, what the decision quotes, queued replies and remembered facts; that it was there stays."""
    await write(shop, customer_says(f"repeat {SECRET}", "m1"), customer_says(f"watch {SECRET}", "m2"))
    assert await tables_with(shop, SECRET) != []
    shop.time.pass_by(seconds=5)
    await write(shop, deleted("m1", at=shop.time()), deleted("m2", at=shop.time()))
    assert await tables_with(shop, SECRET) == []
    row = await stored(shop, "m1")
    assert (row["text"], row["attachments"], row["payload"], row["considered"], row["matched"]) == ("", *[None] * 4)
    assert (row["reason"], row["rule"], row["deleted_at"]) == ("rule", "quoting", START + 5 * SECOND)
    assert logged(caplog, "message_deleted")[0] == {"account": ACCOUNT, "igsid": ANA, "mid": "m1", "cancelled": 1}


async def test_facts_that_quote_nothing_of_it_stay(shop: Desk) -> None:
    """What rules have learned of the customer otherwise is not the message's."""
    await write(shop, customer_says(f"repeat {SECRET}", "m1"))
    await write(shop, deleted("m1"))
    await write(shop, customer_says("hello", "m2"))
    assert await shop.value("SELECT memory -> 'facts' FROM conversation") == '{"size": "M"}'


async def test_a_queued_reply_to_it_is_cancelled_at_once(shop: Desk) -> None:
    """With the reason, and the sender is woken: what waits behind it need not wait longer."""
    await write(shop, customer_says(f"repeat {SECRET}", "m1"), customer_says("repeat me", "m2", at=START + SECOND))
    shop.woken.clear()
    await write(shop, deleted("m1"))
    assert [tuple(row.values()) for row in await shop.rows(REPLIES)] == [
        ("cancelled", "the customer deleted the message", ""),
        ("queued", None, "You said: repeat me"),
    ]
    assert shop.woken == ["inbox", "outbox"]


async def test_a_reply_that_has_left_stays(shop: Desk) -> None:
    """The customer has it; the record of what was sent is the shop's. Another's replies are none of its."""
    await write(shop, customer_says(f"repeat {SECRET}", "m1"), customer_says("repeat me", "m2", igsid=BEN))
    await shop.value("UPDATE outbox SET status = 'sent', mid = 'out-1', finished_at = $1 WHERE igsid = $2", START, ANA)
    await write(shop, deleted("m1"))
    assert await shop.replies() == [f"You said: repeat {SECRET}"]
    assert await shop.replies(BEN) == ["You said: repeat me"]


@pytest.mark.parametrize("status", ["sending", "unknown"])
async def test_a_reply_that_is_in_flight_is_not_sent_again(shop: Desk, status: str) -> None:
    """Whether it has arrived is found out; no time is left for another call."""
    await write(shop, customer_says(f"repeat {SECRET}", "m1"))
    await shop.value("UPDATE outbox SET status = $1, attempts = 1, sending_at = $2", status, START)
    shop.time.pass_by(seconds=1)
    await write(shop, deleted("m1"))
    assert await shop.value("SELECT status FROM outbox WHERE expires_at = '-infinity'") == status
    assert await shop.replies() == [f"You said: repeat {SECRET}"]


@pytest.mark.parametrize("status", ["dead", "failed", "expired"])
async def test_a_reply_that_never_left_quotes_it_no_longer(shop: Desk, status: str) -> None:
    """It stays what it was, without its words."""
    await write(shop, customer_says(f"repeat {SECRET}", "m1"))
    await shop.value("UPDATE outbox SET status = $1, finished_at = $2", status, START)
    await write(shop, deleted("m1"))
    assert [row["status"] for row in await shop.rows(REPLIES)] == [status]
    assert await tables_with(shop, SECRET) == []


async def test_a_deletion_that_comes_before_its_message_is_remembered(shop: Desk) -> None:
    """The message is stored without its words, never answered, and has opened the window nevertheless."""
    await write(shop, deleted("m1", at=START + SECOND))
    assert await shop.rows("SELECT * FROM conversation") == []
    shop.time.pass_by(seconds=60)
    await write(shop, customer_says(f"repeat {SECRET}", "m1"))
    assert (await shop.reasons(), await shop.replies()) == (["deleted"], [])
    assert (await stored(shop, "m1"))["deleted_at"] == START + SECOND
    assert (await shop.talk())["customer_at"] == START
    assert await tables_with(shop, SECRET) == []


async def test_a_message_and_its_deletion_in_one_turn(shop: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """In either order it is not answered; its neighbours are."""
    await write(shop, customer_says(f"repeat {SECRET}", "m1"), customer_says("repeat me", "m2"), deleted("m1"))
    assert sorted(map(str, await shop.reasons())) == ["deleted", "rule"]
    assert await shop.replies() == ["You said: repeat me"]
    assert await tables_with(shop, SECRET) == []
    assert {"mid": "m1", "reason": "deleted"}.items() <= logged(caplog, "no_reply")[0].items()


async def test_a_line_that_is_deleted_while_more_are_waited_for(shop: Desk) -> None:
    """The others are answered without it."""
    await write(shop, customer_says(f"parcel {SECRET}", "m1"))
    shop.time.pass_by(seconds=1)
    await write(shop, customer_says("my parcel", "m2", at=shop.time()), deleted("m1"))
    assert await shop.reasons() == ["deleted"]
    shop.time.pass_by(seconds=4)
    await shop.settle_all()
    assert await shop.replies() == ["You wrote: my parcel"]
    assert await tables_with(shop, SECRET) == []


async def test_lines_that_were_answered_together(shop: Desk) -> None:
    """Without one of them, their answer is not sent, and the last one's decision quotes it no longer."""
    lines = customer_says(f"parcel {SECRET}", "m1"), customer_says("my parcel", "m2", at=START + SECOND)
    await shop.arrive(*lines)
    shop.time.pass_by(seconds=4)
    await shop.settle_all()
    assert [row["status"] for row in await shop.rows(REPLIES)] == ["queued"]
    await write(shop, deleted("m1"))
    assert [row["status"] for row in await shop.rows(REPLIES)] == ["cancelled"]
    assert await tables_with(shop, SECRET) == []
    assert (await stored(shop, "m2"))["text"] == "my parcel"


async def test_a_message_that_is_deleted_while_its_call_is_out(shop: Desk) -> None:
    """Nobody waits any more; an answer that comes after all is not kept."""
    await write(shop, customer_says(f"order {SECRET}", "m1"))
    shop.time.pass_by(seconds=2)
    await shop.settle_all()
    async with shop.database.connection() as conn:
        [call] = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=shop.time())
        await shop.arrive(deleted("m1"))
        await shop.settle_all()
        assert not await finish_call(conn, call, Ended(ok=True, answer={"status": SECRET}), now=shop.time())
    await shop.settle_all()
    assert (await shop.reasons(), await shop.replies()) == (["deleted"], [])
    assert await tables_with(shop, SECRET) == []


async def test_what_a_call_was_told_with_a_deleted_line_is_asked_anew(shop: Desk) -> None:
    """Without it: the service is asked about what is still there."""
    await write(shop, customer_says(f"order {SECRET}", "m1"), customer_says("order two", "m2", at=START + SECOND))
    shop.time.pass_by(seconds=3)
    await shop.settle_all()
    assert await tables_with(shop, SECRET) == ["inbox", "service_call"]
    await write(shop, deleted("m1"))
    assert await answer_call(shop, {"status": "here"}) == '{"text": "order two"}'
    assert await shop.replies() == ["It is here."]
    assert await tables_with(shop, SECRET) == []


async def test_what_services_were_told_and_said_goes_too(shop: Desk) -> None:
    """Of the decision's own call, and of an observer's."""
    await write(shop, customer_says(f"watch {SECRET}", "m1"))
    await write(shop, customer_says("order one", "m2", at=START + SECOND))
    shop.time.pass_by(seconds=2)
    await shop.settle_all()
    await shop.value("DELETE FROM service_call WHERE name = 'crm' AND body::text NOT LIKE '%xyzzy%'")
    async with shop.database.connection() as conn:
        calls = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=shop.time())
        for call in calls:
            await finish_call(conn, call, Ended(ok=True, answer={"status": SECRET}), now=shop.time())
    await shop.settle_all()
    await write(shop, deleted("m1"), deleted("m2"))
    assert await tables_with(shop, SECRET) == []


async def test_an_archived_message_of_years_ago_is_wiped(shop: Desk) -> None:
    """Where it lies now; the conversation stays archived."""
    await write(shop, customer_says(f"repeat {SECRET}", "m1"))
    await shop.value("UPDATE outbox SET status = 'failed', finished_at = $1", START)
    shop.time.pass_by(days=1500)
    await archive(shop.database, older_than=HOUR, now=shop.time, on_batch=lambda *_: None)
    assert await tables_with(shop, SECRET) == ["conversation", "inbox", "message", "message_archived", "outbox"]
    await write(shop, deleted("m1", at=shop.time()))
    assert await tables_with(shop, SECRET) == []
    assert (await shop.talk())["archived_at"] is not None


async def test_what_a_person_unsends_in_the_app_is_wiped(shop: Desk) -> None:
    """Before it is taken for a person's, too: that somebody wrote is a fact."""
    await write(shop, customer_says("hello", "m1"), shop_says(f"Psst {SECRET}", "p1"))
    shop.time.pass_by(seconds=10)
    await shop.settle_all()
    await write(shop, unsent("p1"))
    assert await tables_with(shop, SECRET) == []
    await write(shop, shop_says(f"Psst {SECRET}", "p2"), unsent("p2"))
    assert await shop.value("SELECT count(*) FROM inbox WHERE status = 'pending'") == 1
    shop.time.pass_by(seconds=10)
    await shop.settle_all()
    assert await tables_with(shop, SECRET) == []
    assert await shop.value("SELECT count(*) FROM message WHERE author = 'person' AND deleted_at IS NOT NULL") == 2
    assert (await shop.talk())["paused_until"] == shop.time() + 12 * HOUR


async def test_what_the_bot_has_sent_and_the_shop_unsends_is_wiped(shop: Desk) -> None:
    """In the history and in the outbox; that it was sent stays."""
    await write(shop, customer_says("repeat me", "m1"))
    await shop.value("UPDATE outbox SET status = 'sent', mid = 'out-1', finished_at = $1", START)
    await write(shop, unsent("out-1"))
    assert await tables_with(shop, "You said") == []
    assert [row["status"] for row in await shop.rows(REPLIES)] == ["sent"]
    assert await shop.value("SELECT deleted_at FROM message WHERE author = 'bot'") == START


async def test_a_deletion_twice_or_of_nothing_changes_nothing(shop: Desk) -> None:
    """The second is a duplicate; of a message that nobody knows only the deletion is kept."""
    await write(shop, customer_says("repeat me", "m1"))
    await write(shop, deleted("m1"), deleted("nothing"))
    before = await shop.rows("SELECT * FROM message ORDER BY message_id")
    await write(shop, deleted("m1"))
    await shop.receiver.accept(standby_body(deleted("m1")), shop.time())
    await shop.settle_all()
    assert await shop.rows("SELECT * FROM message ORDER BY message_id") == before


async def test_both_copies_of_a_message_are_wiped(shop: Desk) -> None:
    """The one that came while another app had the conversation, and its deletion then."""
    item = customer_says(f"repeat {SECRET}", "m1")
    await shop.receiver.accept(standby_body(item), shop.time())
    await write(shop, item)
    await shop.receiver.accept(standby_body(deleted("m1")), shop.time())
    await shop.settle_all()
    assert await tables_with(shop, SECRET) == []
    late = customer_says(f"repeat {SECRET}", "m2")
    await shop.receiver.accept(standby_body(deleted("m2")), shop.time())
    await shop.receiver.accept(standby_body(late), shop.time())
    await write(shop, late)
    assert await tables_with(shop, SECRET) == []
    assert (await shop.reasons())[-2:] == ["deleted", "deleted"]


async def test_edits_of_a_deleted_message_are_wiped_and_bring_nothing_back(shop: Desk) -> None:
    """Those that came before the deletion, and those that come after it."""
    await write(shop, customer_says("repeat me", "m1"), edited(f"{SECRET} one", "m1"))
    await write(shop, deleted("m1"))
    assert await tables_with(shop, SECRET) == []
    later = edited(f"{SECRET} two", "m1")
    later["message_edit"]["num_edit"] = 2
    await write(shop, later)
    assert await tables_with(shop, SECRET) == []
    assert (await stored(shop, "m1"))["text"] == ""


async def test_a_reaction_to_a_deleted_message_is_a_reaction(shop: Desk) -> None:
    """Its mid is that of the message it is about."""
    await write(shop, customer_says("repeat me", "m1"))
    await write(shop, customer_says("", "", kind="reaction", about="m1"))
    await write(shop, deleted("m1"))
    await write(shop, customer_message(ANA, ACCOUNT, kind="reaction", about="m1", text="!", at=START + SECOND))
    assert await shop.value("SELECT count(*) FROM message WHERE kind = 'reaction' AND deleted_at IS NULL") == 2


async def test_a_dead_event_is_wiped_too(shop: Desk) -> None:
    """And what its error said of it."""
    await shop.arrive(customer_says(f"repeat {SECRET}", "m1"))
    await shop.value("UPDATE inbox SET status = 'dead', error = $1, settled_at = $2", f"no {SECRET}", START)
    await write(shop, deleted("m1"))
    assert await tables_with(shop, SECRET) == []


async def test_the_last_messages_hold_none_that_was_deleted(shop: Desk) -> None:
    """For whoever decides on what came before."""
    await write(shop, customer_says("repeat me", "m1"), customer_says("repeat it", "m2", at=START + SECOND))
    await write(shop, deleted("m1"))
    await shop.arrive(customer_says("hello", "m3"))
    [claim] = await claimed(shop, 1)
    assert "m1" not in {past.mid for past in claim.history}
    assert "m2" in {past.mid for past in claim.history}


def test_a_deletion_waits_for_nobody() -> None:
    """Not for an echo of which it is not known yet whose it is."""
    echo = pending(shop_says("Eva here", "p1"))
    gone = pending(customer_says("hello", "m1"), deleted_at=START)
    turn = turn_over(RULESET, echo, gone, pending(deleted("m1")))
    assert [event.mid for event in turn.settled] == ["m1", "m1"]
    assert reasons(turn) == ["deleted"]
    assert turn.again_at is not None
