"""What holds a sender up (limits, dead tokens, outages, a process that dies), and how it goes on afterwards."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from igbot.outbox.graph import GraphClient
from igbot.sandbox.faults import CutBeforeFault, DelayFault, ErrorFault
from igbot.sandbox.graph import Sandbox
from tests.answering.talking import ANA, BEN, DAY, Desk, customer_says, logged
from tests.outbox.posting import Post
from tests.outbox.sending import Sender, sending
from tests.sandbox.playing import TOKEN, settings
from tests.waiting import eventually


async def test_a_rate_limit_pauses_all_and_loses_nothing(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    """As long as Meta says; nobody else's reply is tried meanwhile, and it counts as no attempt."""
    sender.fails(ErrorFault(status=429, code=613, headers={"Retry-After": "90"}))
    await sender.post.queue("hello")
    await sender.idle()
    await sender.post.queue("hello", igsid=BEN)
    await sender.idle()
    assert sender.calls() == 1
    sender.passes(seconds=90)
    await sender.becomes("sent")
    await sender.becomes("sent", igsid=BEN)
    assert (await sender.post.row())["attempts"] == 1
    [line] = logged(caplog, "send_postponed")
    assert (line["reason"], line["until"]) == ("rate limit", sender.post.now)


async def test_limits_without_a_hint_double(sender: Sender) -> None:
    """About 60, 120 and 240 seconds; after a message that went out, 60 again."""
    sender.fails(ErrorFault(status=400, code=613), times=3)
    await sender.post.queue("hello")
    waits = []
    for _ in range(3):
        await sender.idle()
        wait = (await sender.post.account())["send_after"] - sender.post.now
        waits.append(wait.total_seconds())
        sender.passes(seconds=waits[-1])
    assert [nominal / 2 <= wait <= nominal * 1.5 for wait, nominal in zip(waits, (60, 120, 240), strict=True)] == [
        True
    ] * 3
    await sender.becomes("sent")
    assert (await sender.post.account())["rate_waits"] == 0


async def test_a_dead_token_stops_all_sends_and_tells_a_person(sender: Sender) -> None:
    """Replies stay queued; once somebody has acted they go out."""
    sender.fails(ErrorFault(status=401, code=190), times=1)
    await sender.post.queue("hello")
    await sender.idle()
    await sender.post.queue("hello", igsid=BEN)
    await sender.idle()
    assert (await sender.post.states(), sender.calls()) == (["queued"], 1)
    await eventually(lambda: [kind for kind, _ in sender.troubles] == ["halted"])
    await sender.post.desk.value("UPDATE account SET halted_at = NULL, halted_reason = NULL")
    await sender.becomes("sent")
    await sender.becomes("sent", igsid=BEN)


async def test_whoever_ends_it_a_person_is_told_that_sends_go_on(sender: Sender) -> None:
    """The operator resumes from another process: this one, which has told of the stop, tells of its end, once."""
    sender.fails(ErrorFault(status=401, code=190))
    await sender.post.queue("hello")
    await eventually(lambda: sender.told == ["halted"])
    sender.passes(minutes=1)
    await sender.idle()
    assert sender.told == ["halted"]
    await sender.post.desk.value("UPDATE account SET halted_at = NULL, halted_reason = NULL")
    for _ in range(3):
        sender.passes(minutes=1)
        await sender.becomes("sent")
    await eventually(lambda: sender.told == ["halted", "halted is over"])


async def test_when_no_reply_is_dead_any_more_a_person_is_told(sender: Sender) -> None:
    """Each was dropped or sent again."""
    sender.fails(ErrorFault(status=500, code=2), times=None)
    await sender.post.queue("hello")
    await sender.settles()
    await eventually(lambda: sender.told == ["dead"])
    await sender.post.desk.value("UPDATE outbox SET status = 'cancelled'")
    sender.passes(minutes=1)
    await eventually(lambda: sender.told == ["dead", "dead is over"])


async def test_a_call_with_a_token_that_was_replaced_meanwhile_stops_nothing(sender: Sender) -> None:
    """Meta's word on the old token comes after the new one is there: the reply goes out with that, as one attempt."""
    sender.fails(DelayFault(seconds=0.3, accepted=False))
    sender.sandbox.tokens.revoke(TOKEN)
    sender.sandbox.tokens.issue("EAAfresh")
    await sender.post.queue("hello")
    await eventually(lambda: sender.calls() == 1)
    [(account_id, account)] = sender.accounts.items()
    sender.accounts[account_id] = replace(account, token="EAAfresh")
    await sender.becomes("sent")
    assert (await sender.post.account())["halted_at"] is None
    assert (await sender.post.row())["attempts"] == 1
    assert sender.troubles == []


async def test_a_refusal_ends_the_reply_and_not_the_conversation(sender: Sender) -> None:
    """The message has a fault of its own, the window is closed by Meta's own clock."""
    sender.fails(ErrorFault(status=400, code=100, subcode=2018109), text="1")
    sender.fails(ErrorFault(status=400, code=10, subcode=2534022), text="2")
    await sender.post.queue("repeat 1", "repeat 2", "repeat 3")
    await sender.becomes("failed", "expired", "sent")
    row = await sender.post.row()
    assert (row["code"], row["subcode"], row["attempts"]) == (100, 2018109, 1)
    assert row["fbtrace_id"]


async def test_a_customer_whom_meta_does_not_reach_gets_nothing_until_they_write_again(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    """What was decided before fails without a call, and says so; a hand-off's own words as well."""
    sender.fails(ErrorFault(status=400, code=100, subcode=2534014), text="1")
    await sender.post.queue("repeat 1", "repeat 2", "a human please")
    await sender.becomes("failed", "failed", "failed")
    assert sender.calls() == 1
    await eventually(lambda: len(logged(caplog, "send_failed")) == 3)
    assert logged(caplog, "send_failed")[1]["reason"] == "Meta reaches this customer no more, until they write again"
    sender.passes(hours=3)
    await sender.post.queue("repeat 3")
    await sender.becomes("failed", "failed", "failed", "sent")


async def test_what_expires_or_is_cancelled_is_never_called(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    """Both end before the call and say why."""
    await sender.post.desk.value("UPDATE account SET send_after = $1", sender.post.now + 10 * DAY)
    await sender.post.queue("hello")
    await sender.post.queue("hello", igsid=BEN)
    await sender.post.person_writes(BEN)
    sender.post.desk.time.now += DAY
    await sender.post.desk.value("UPDATE account SET send_after = NULL")
    await sender.becomes("expired")
    await sender.becomes("cancelled", igsid=BEN)
    assert sender.calls() == 0
    await eventually(lambda: (len(logged(caplog, "reply_expired")), len(logged(caplog, "reply_cancelled"))) == (1, 1))


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens; its port is taken, so that no other program gets it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


async def test_an_outage_of_meta_is_waited_out(post: Post, nobody: str) -> None:
    """Nobody listens: no attempt is counted, however long it takes."""
    async with sending(post) as sender, aiohttp.ClientSession() as session:
        [(account, real)] = sender.accounts.items()
        away = GraphClient(session, url=nobody, version="v25.0", clock=post.desk.time)
        sender.accounts[account] = replace(real, graph=away)
        await post.queue("hello")
        for _ in range(6):
            await sender.idle()
            assert (await post.states(), (await post.row())["attempts"]) == (["queued"], 0)
            sender.passes(seconds=8)
        sender.accounts[account] = real
        await sender.becomes("sent")


async def test_a_reply_left_in_flight_by_a_dead_process_is_settled_by_the_next(post: Post) -> None:
    """Meta had taken it: it is found, not sent again. Meta had not: it is sent."""
    sandbox = Sandbox(settings(echo="never"), clock=post.desk.time)
    for igsid in (ANA, BEN):
        await post.queue("hello", igsid=igsid)
    left = await post.claim(process_id=99)
    assert len(left) == 2
    async with sending(post, process_id=2, sandbox=sandbox) as sender:
        taken = {"recipient": {"id": ANA}, "message": {"text": "Hi there!"}}
        async with aiohttp.ClientSession() as meta:
            [account] = sender.accounts.values()
            host = account.graph._base
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with meta.post(f"{host}/me/messages", json=taken, headers=headers) as answer:
                mid = (await answer.json())["message_id"]
        await post.desk.value("UPDATE outbox_lane SET lease_by = NULL, lease_until = NULL")
        await sender.settles()
        await sender.settles(BEN)
        assert sender.received(ANA) == sender.received(BEN) == ["Hi there!"]
        assert (await post.row())["mid"] == mid


async def test_crashes_that_meta_disproves_cost_the_customer_nothing(post: Post) -> None:
    """The fourth process has died over one reply, and Meta has nothing of it: none of that was a call."""
    await post.queue("hello")
    await post.claim(process_id=99)
    await post.desk.value("UPDATE outbox SET attempts = 4, unanswered = 3")
    await post.desk.value("UPDATE outbox_lane SET lease_by = NULL, lease_until = NULL")
    async with sending(post) as sender:
        await sender.becomes("unknown")
        sender.passes(seconds=20)
        await sender.becomes("sent")
        assert sender.received() == ["Hi there!"]
    assert (await post.row())["attempts"] == 4


async def test_two_senders_over_one_outbox_send_everything_once(post: Post) -> None:
    """Each conversation in order, whoever takes it."""
    sandbox = Sandbox(settings(echo="never"), clock=post.desk.time)
    customers = [str(number) for number in range(12)]
    async with (
        sending(post, process_id=1, sandbox=sandbox) as one,
        sending(post, process_id=2, sandbox=sandbox) as two,
    ):
        for number in range(5):
            items = [customer_says(f"repeat {number}", f"{number}-{igsid}", igsid=igsid) for igsid in customers]
            await post.desk.arrive(*items)
            await post.desk.settle_all()
            one.woken.set()
            two.woken.set()
        for igsid in customers:
            await one.becomes(*["sent"] * 5, igsid=igsid)
            assert one.received(igsid) == [f"You said: repeat {number}" for number in range(5)]


async def test_one_verdict_that_cannot_be_written_costs_no_other(
    sender: Sender, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """A batch of verdicts is tried one by one; the bad one stays for the next process to settle."""
    async with desk.database.connection() as conn:
        await conn.execute("ALTER TABLE outbox ADD CHECK (status <> 'sent' OR igsid <> '13')")
    items = [customer_says("hello", f"m{number}", igsid=str(number)) for number in range(20)]
    await desk.arrive(*items)
    await desk.settle_all()

    async def others_are_sent() -> bool:
        sender.woken.set()
        return bool(await desk.value("SELECT count(*) FROM outbox WHERE status = 'sent'") == 19)

    await eventually(others_are_sent)
    await eventually(lambda: logged(caplog, "delivery_failed"))
    assert [line["igsid"] for line in logged(caplog, "delivery_failed")] == ["13"]
    assert await sender.post.states("13") == ["sending"]


BREAK_ONCE = """
CREATE SEQUENCE breaks;
CREATE FUNCTION break_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('breaks') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER break_once BEFORE UPDATE ON outbox FOR EACH ROW
    WHEN (OLD.status = 'unknown' AND NEW.status = 'sending') EXECUTE FUNCTION break_once();
"""


async def test_a_connection_that_breaks_while_a_call_is_looked_into_costs_a_second(
    sender: Sender, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing was called yet: Meta is asked once more, and the customer does not wait for the lease to end."""
    sender.fails(CutBeforeFault())
    await sender.post.queue("hello")
    await sender.becomes("unknown")
    async with desk.database.connection() as conn:
        await conn.execute(BREAK_ONCE)
    sender.passes(seconds=20)
    await eventually(lambda: logged(caplog, "send_postponed"))
    assert logged(caplog, "send_postponed")[0]["reason"] == "the database was away"
    assert sender.calls() == 1
    sender.passes(seconds=1)
    await sender.becomes("sent")
    assert (sender.received(), sender.calls(), sender.calls("conversations")) == (["Hi there!"], 2, 2)
    assert (await sender.post.row())["attempts"] == 2
    assert logged(caplog, "delivery_failed") == []


async def test_draining_lets_a_call_in_flight_end(post: Post) -> None:
    """Its verdict is written before the process goes."""
    sandbox = Sandbox(settings(echo="never"), clock=post.desk.time)
    async with sending(post, sandbox=sandbox) as sender:
        await post.queue("hello")
        await eventually(lambda: sender.calls() == 1)
    assert await post.states() == ["sent"]


async def test_nothing_is_sent_without_a_token(post: Post) -> None:
    """Parked, not failed."""
    async with sending(post) as sender:
        sender.accounts.clear()
        await post.queue("hello")
        sender.passes(seconds=timedelta(minutes=5).total_seconds())
        await eventually(lambda: not sender.woken.is_set())
        assert (await post.states(), sender.calls()) == (["queued"], 0)
