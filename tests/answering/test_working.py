"""Claiming, deciding and settling on a real database: each conversation by one worker, each event once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from igbot.accounts.identity import enter
from igbot.answering.claim import LEASE, claim_conversations
from igbot.store.pool import Database
from tests.answering.talking import (
    ACCOUNT,
    ANA,
    BEN,
    DAY,
    HOUR,
    OTHER_ACCOUNT,
    PAGE,
    START,
    Desk,
    claimed,
    customer_says,
    logged,
    open_desk,
    settled,
    shop_says,
)

SECOND = timedelta(seconds=1)
PENDING = "SELECT count(*) FROM inbox WHERE status = 'pending'"
HISTORY = "SELECT author, text, reason FROM message WHERE igsid = $1 ORDER BY at, message_id"


async def test_a_conversation_belongs_to_one_worker_at_a_time(desk: Desk) -> None:
    """While one process has it, another gets the rest, and nothing of it."""
    await desk.arrive(customer_says("hello", "m1"), customer_says("hello", "m2", igsid=BEN))
    [first] = await claimed(desk, 1, limit=1)
    [second] = await claimed(desk, 2)
    assert {first.igsid, second.igsid} == {ANA, BEN}
    assert await claimed(desk, 3) == []


async def test_a_lease_that_ran_out_is_anybodys(desk: Desk) -> None:
    """A minute later another process takes the conversation, and its first holder can write nothing of it."""
    await desk.arrive(customer_says("hello", "m1"))
    late = await claimed(desk, 1)
    desk.time.now += LEASE + SECOND
    await desk.work(process_id=2)
    assert await settled(desk, late, 1) == {}
    assert await desk.replies() == ["Hi there!"]
    assert len(await desk.rows(HISTORY, ANA)) == 2


async def test_a_lost_lease_writes_nothing(desk: Desk) -> None:
    """Not while the other one still works on it either, and the log says so."""
    await desk.arrive(customer_says("hello", "m1"))
    late = await claimed(desk, 1)
    desk.time.now += LEASE + SECOND
    await claimed(desk, 2)
    assert await settled(desk, late, 1) == {}
    assert await desk.replies() == []
    assert await desk.value(PENDING) == 1
    assert await desk.value("SELECT lease_by FROM inbox_lane") == 2


async def test_what_lands_between_claim_and_settling_is_not_forgotten(desk: Desk) -> None:
    """It makes the conversation ready again at once."""
    await desk.arrive(customer_says("hello", "m1"))
    claims = await claimed(desk, 1)
    await desk.arrive(customer_says("repeat this", "m2", at=START + SECOND))
    await settled(desk, claims, 1)
    assert await desk.work() == 1
    assert await desk.replies() == ["Hi there!", "You said: repeat this"]
    assert await desk.work() == 0


async def test_an_older_message_after_a_newer_one_is_answered_then(desk: Desk) -> None:
    """History shows Meta's order; the conversation's time never goes back."""
    desk.time.pass_by(minutes=1)
    await desk.arrive(customer_says("repeat new", "m2", at=START + 30 * SECOND))
    await desk.settle_all()
    before = await desk.talk()
    await desk.arrive(customer_says("repeat old", "m1", at=START))
    await desk.settle_all()
    assert await desk.replies() == ["You said: repeat new", "You said: repeat old"]
    said = [row["text"] for row in await desk.rows(HISTORY, ANA) if row["author"] == "customer"]
    assert said == ["repeat old", "repeat new"]
    after = await desk.talk()
    assert (after["last_at"], after["customer_at"]) == (before["last_at"], START + 30 * SECOND)
    assert after["started_at"] == START


async def test_pending_events_come_in_the_order_of_metas_time(desk: Desk) -> None:
    """Whatever the order of their arrival."""
    desk.time.pass_by(minutes=1)
    numbers = [4, 1, 3, 0, 2]
    for number in numbers:
        await desk.arrive(customer_says(f"repeat {number}", f"m{number}", at=START + number * SECOND))
    await desk.settle_all()
    assert await desk.replies() == [f"You said: repeat {number}" for number in range(5)]


async def test_a_claim_brings_the_last_ten_messages_of_both_sides(desk: Desk) -> None:
    """Oldest first; a conversation without any is a new one."""
    for number in range(8):
        at = desk.time()
        await desk.arrive(customer_says(f"repeat {number}", f"m{number}", at=at))
        desk.time.pass_by(seconds=1)
        await desk.settle_all()
        desk.time.pass_by(seconds=1)
    await desk.arrive(customer_says("hello", "last", at=desk.time()), customer_says("hello", "b", igsid=BEN))
    claims = {claim.igsid: claim for claim in await claimed(desk, 1)}
    assert (claims[BEN].known, claims[BEN].history) == (False, ())  # type: ignore[index]  # an Igsid
    ana = claims[ANA]  # type: ignore[index]  # an Igsid
    assert ana.known
    assert [message.text for message in ana.history] == [
        text for number in range(3, 8) for text in (f"repeat {number}", f"You said: repeat {number}")
    ]
    assert {message.author for message in ana.history} == {"customer", "bot"}


async def test_the_whole_of_a_decision_is_kept(desk: Desk) -> None:
    """Reason, rule, set and what else was considered stand with the message; the reply knows its rule."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    row = (await desk.rows("SELECT * FROM message WHERE direction = 'in'"))[0]
    assert desk.rules is not None
    assert (row["reason"], row["rule"], row["digest"]) == ("rule", "greeting", desk.rules.digest)
    assert row["decided_at"] == START
    assert '"greeting"' in row["considered"]
    reply = (await desk.rows("SELECT * FROM message WHERE direction = 'out'"))[0]
    assert (reply["author"], reply["text"], reply["rule"]) == ("bot", "Hi there!", "greeting")
    assert reply["outbox_id"] == await desk.value("SELECT outbox_id FROM outbox")


async def test_nothing_is_claimed_while_no_rules_have_ever_loaded(desk: Desk) -> None:
    """igbot receives and keeps; with the first set, all of it is decided."""
    given, desk.rules = desk.rules, None
    await desk.arrive(customer_says("hello", "m1"))
    assert await desk.work() == 0
    assert await desk.value("SELECT lease_by FROM inbox_lane") is None
    desk.rules = given
    await desk.settle_all()
    assert await desk.replies() == ["Hi there!"]


async def test_an_echo_of_our_own_reply_never_reaches_the_rules(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Echo and seen mark of one reply, in one turn, both become facts of it."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    await desk.value("UPDATE outbox SET status = 'sent', mid = 'out-1', finished_at = now()")
    seen = customer_says("", "", kind="seen", about="out-1", at=START + SECOND)
    await desk.arrive(shop_says("Hi there!", "out-1"), seen)
    await desk.settle_all()
    [reply] = await desk.rows("SELECT echoed_at, seen_at FROM outbox")
    assert tuple(reply.values()) == (START, START + SECOND)
    assert len(await desk.replies()) == 1
    assert logged(caplog, "echo_matched")[0]["mid"] == "out-1"
    assert (await desk.talk())["paused_until"] is None


@pytest.mark.parametrize("state", ["sending", "unknown"])
async def test_an_echo_proves_a_reply_sent_whose_answer_is_not_known(desk: Desk, state: str) -> None:
    """By its words: the reply is sent with the echo's mid, and the sender looks at the conversation at once."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    await desk.value("UPDATE outbox SET status = $1, sending_at = now(), attempts = 1", state)
    await desk.value("UPDATE outbox_lane SET due_at = due_at + interval '20 s', arrivals = 1")
    seen = customer_says("", "", kind="seen", about="out-1", at=START + SECOND)
    await desk.arrive(shop_says("Hi there!", "out-1"), seen)
    await desk.settle_all()
    [reply] = await desk.rows("SELECT status, mid, echoed_at, seen_at FROM outbox")
    assert tuple(reply.values()) == ("sent", "out-1", START, START + SECOND)
    [lane] = await desk.rows("SELECT due_at, arrivals FROM outbox_lane")
    assert tuple(lane.values()) == (START, 2)


async def test_a_person_who_writes_in_the_app_takes_over(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """An echo of words that are not ours: held for ten seconds, then the bot is silent for twelve hours."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    await desk.value("UPDATE outbox SET status = 'sent', mid = 'out-1', finished_at = now()")
    await desk.arrive(shop_says("Eva here, hello", "p1"))
    await desk.arrive(customer_says("hello", "m2", at=START + SECOND))
    assert await desk.work() == 1
    assert await desk.reasons() == ["rule"]
    assert await desk.work() == 0
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    assert await desk.reasons() == ["rule", "paused"]
    talk = await desk.talk()
    assert (talk["paused_reason"], talk["paused_until"]) == ("person", desk.time() + 12 * HOUR)
    assert logged(caplog, "human_takeover")[0]["mid"] == "p1"
    assert [row["author"] for row in await desk.rows(HISTORY, ANA)].count("person") == 1


async def test_each_message_of_a_person_renews_the_pause(desk: Desk) -> None:
    """Twelve hours after the last one, the bot answers again."""
    for number, hours in enumerate((0, 11)):
        desk.time.now = START + hours * HOUR
        await desk.arrive(shop_says(f"Eva, {number}", f"p{number}", at=desk.time()))
        desk.time.pass_by(seconds=10)
        await desk.settle_all()
    for hours, reason in ((13, "paused"), (24, "rule")):
        desk.time.now = START + hours * HOUR
        await desk.arrive(customer_says("hello", f"m{hours}", at=desk.time()))
        await desk.settle_all()
        assert (await desk.reasons())[-1] == reason


async def test_a_handoff_holds_until_its_time(desk: Desk) -> None:
    """The pause of the rule; afterwards the bot is back."""
    await desk.arrive(customer_says("a human please", "m1"))
    await desk.settle_all()
    assert (await desk.talk())["paused_reason"] == "handoff"
    for hours, reason in ((1, "paused"), (2, "rule")):
        desk.time.now = START + hours * HOUR
        await desk.arrive(customer_says("hello", f"later-{hours}", at=desk.time()))
        await desk.settle_all()
        assert (await desk.reasons())[-1] == reason


async def test_a_tester_is_answered_and_marked_everywhere(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """In the conversation, both messages, the reply, and each line of the log."""
    desk.testers = {ANA}
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    marks = await desk.rows(
        "SELECT test FROM conversation UNION ALL SELECT test FROM message UNION ALL SELECT test FROM outbox"
    )
    assert [row["test"] for row in marks] == [True] * 4
    for event in ("message_received", "rule_matched", "reply_queued"):
        assert [line["test"] for line in logged(caplog, event)] == [True], event


async def test_an_unknown_account_is_kept_and_never_answered(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Its raw id stands with it, and the log names it."""
    stranger = "17841499999999999"
    await desk.arrive(customer_says("hello", "m1", account=stranger), account=stranger)
    await desk.settle_all()
    assert await desk.reasons() == ["unknown_account"]
    assert await desk.replies() == []
    assert logged(caplog, "message_received")[0]["unknown_account"] == stranger


async def test_standby_and_duplicates_never_reach_the_rules(desk: Desk) -> None:
    """The copy for an app on standby is another event than the message, and is not answered."""
    item = customer_says("hello", "m1")
    body: dict[str, Any] = {"object": "instagram", "entry": [{"id": ACCOUNT, "time": 1, "standby": [item]}]}
    await desk.receiver.accept(json.dumps(body).encode(), START)
    await desk.settle_all()
    assert await desk.reasons() == ["standby"]
    await desk.arrive(item)
    await desk.arrive(item)
    await desk.settle_all()
    assert await desk.reasons() == ["standby", "rule"]
    assert await desk.replies() == ["Hi there!"]


async def test_a_customer_who_writes_after_archiving_has_a_live_conversation_with_its_past(desk: Desk) -> None:
    """The past is still in the claim."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    await desk.value("UPDATE message SET archived = true")
    await desk.value("UPDATE conversation SET archived_at = now()")
    await desk.value("UPDATE outbox SET status = 'sent', mid = 'out-1', finished_at = now()")
    desk.time.now = START + 40 * DAY
    await desk.arrive(customer_says("hello", "m2", at=desk.time()))
    [claim] = await claimed(desk, 1)
    assert [message.text for message in claim.history] == ["hello", "Hi there!"]
    await settled(desk, [claim], 1)
    assert (await desk.talk())["archived_at"] is None


async def test_conversations_of_two_accounts_with_one_customer_are_two(desk: Desk, database: Database) -> None:
    """The same igsid, another account: another conversation with its own order."""
    async with open_desk(database, accounts={ACCOUNT: ACCOUNT, PAGE: ACCOUNT, OTHER_ACCOUNT: OTHER_ACCOUNT}) as both:
        await both.arrive(customer_says("hello", "m1"))
        await both.arrive(customer_says("hello", "m1", account=OTHER_ACCOUNT), account=OTHER_ACCOUNT)
        await both.settle_all()
    rows = await desk.rows("SELECT account_id FROM conversation ORDER BY account_id")
    assert [row["account_id"] for row in rows] == [ACCOUNT, OTHER_ACCOUNT]


async def test_another_accounts_conversations_are_left_to_its_own_igbot(desk: Desk) -> None:
    """Two shops may share a database; neither bot decides a message that was written to the other."""
    await desk.arrive(customer_says("hello", "m1"))
    async with desk.database.connection() as conn:
        await enter(conn, [ACCOUNT], production=True)
        others = await claim_conversations(conn, process_id=7, accounts=[OTHER_ACCOUNT], limit=9, now=desk.time())
        ours = await claim_conversations(conn, process_id=7, accounts=[ACCOUNT], limit=9, now=desk.time())
    assert (others, len(ours)) == ([], 1)


async def test_our_own_words_are_known_again_many_messages_later(desk: Desk) -> None:
    """A copy whose answer was lost is echoed after ten more were said: no person has spoken, nobody is silenced."""
    for number in range(12):
        await desk.arrive(customer_says(f"repeat {number}", f"m{number}", at=desk.time()))
        await desk.settle_all()
        desk.time.pass_by(seconds=5)
    await desk.rows("UPDATE outbox SET status = 'dead', finished_at = $1 RETURNING 1", desk.time())
    await desk.arrive(shop_says("You said:  repeat 0", "late", at=desk.time()))
    await desk.settle_all()
    desk.time.pass_by(seconds=11)
    await desk.settle_all()
    assert (await desk.talk())["paused_until"] is None
    assert await desk.value("SELECT count(*) FROM message WHERE author = 'person'") == 0
    await desk.arrive(shop_says("You said: repeat 99", "else", at=desk.time()))
    desk.time.pass_by(seconds=11)
    await desk.settle_all()
    assert (await desk.talk())["paused_reason"] == "person"
