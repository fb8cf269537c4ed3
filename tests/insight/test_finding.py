"""Which message is meant by a mid."""

import json

import pytest

from igbot.errors import ExitCode, UsageError
from igbot.insight.why import NothingDecided
from igbot.sandbox import customer
from tests.answering.talking import ACCOUNT, ANA, BEN, OTHER_ACCOUNT, PAGE, START, Desk, customer_says, shop_says
from tests.insight.asking import why
from tests.outbox.posting import Post


async def test_an_answer_leads_to_the_message_it_answers(post: Post) -> None:
    """By the mid that Meta gave it."""
    await post.queue("hello", "repeat after me")
    for _ in range(2):
        await post.sent(await post.claim_one())
    rows = await post.desk.rows("SELECT mid FROM outbox ORDER BY outbox_id")
    for text, own, sent in zip(("hello", "repeat after me"), ("in-1", "in-2"), rows, strict=True):
        found = await why(post.desk, sent["mid"])
        assert (found.message.text, found.message.mid) == (text, own)
        assert found == await why(post.desk, own)


async def test_a_tap_without_a_mid_is_found_by_its_answer(post: Post) -> None:
    """Also where several were worked on in one turn."""
    taps = [
        {
            "sender": {"id": ANA},
            "recipient": {"id": ACCOUNT},
            "timestamp": int(START.timestamp() * 1000) + number,
            "postback": {"title": title, "payload": "RED"},
        }
        for number, title in enumerate(("Red", "Red again"))
    ]
    await post.desk.arrive(*taps)
    await post.desk.settle_all()
    for title in ("Red", "Red again"):
        reply = await post.claim_one()
        await post.sent(reply)
        found = await why(post.desk, f"out-{reply.outbox_id}")
        assert (found.message.mid, found.message.text, found.message.payload) == (None, title, "RED")
        assert [each.outbox_id for each in found.replies] == [reply.outbox_id]


async def test_what_a_reaction_is_about_comes_before_the_reaction(post: Post) -> None:
    """Both carry the mid, of the customer's message as of ours; the reaction is shown where nothing else is known."""
    await post.queue("hello")
    await post.sent(await post.claim_one())
    for number, about in enumerate(("in-1", "out-1", "m_long_ago")):
        at = START.replace(second=20 + number)
        await post.desk.arrive(customer.customer_message(ANA, ACCOUNT, at=at, kind="reaction", about=about))
    await post.desk.settle_all()
    assert [(await why(post.desk, mid)).message.kind for mid in ("in-1", "out-1", "m_long_ago")] == [
        "text",
        "text",
        "reaction",
    ]


async def test_an_archived_message_is_found(post: Post) -> None:
    """With its reply."""
    await post.queue("hello")
    await post.desk.value("UPDATE message SET archived = true")
    assert [reply.text for reply in (await why(post.desk, "in-1")).replies] == ["Hi there!"]


async def test_what_is_not_worked_on_yet_is_known(post: Post) -> None:
    """What it says, and that nothing is decided."""
    await post.desk.arrive(customer_says("hello", "m1"))
    found = await why(post.desk, "m1")
    assert (found.message.status, found.message.text, found.message.account) == ("pending", "hello", ACCOUNT)
    assert (found.decision, found.replies) == (None, ())


async def test_what_was_set_aside_says_for_which_error(post: Post) -> None:
    """Also where it cannot be read at all."""
    await post.desk.arrive(customer_says("hello", "m1"), customer_says("hello", "m2", igsid=BEN))
    await post.desk.value(
        "UPDATE inbox SET status = 'dead', settled_at = $1, error = 'ValueError: odd',"
        " raw = CASE WHEN mid = 'm2' THEN 'no JSON'::bytea ELSE raw END",
        START,
    )
    told = [(await why(post.desk, mid)).message for mid in ("m1", "m2")]
    assert [(m.status, m.error, m.text) for m in told] == [
        ("dead", "ValueError: odd", "hello"),
        ("dead", "ValueError: odd", ""),
    ]


async def test_of_two_copies_the_one_that_is_ours_to_answer_counts(desk: Desk) -> None:
    """Meta delivers a message to the app on standby too."""
    item = customer_says("hello", "m1")
    standby = {"object": "instagram", "entry": [{"id": ACCOUNT, "time": 1, "standby": [item]}]}
    await desk.receiver.accept(json.dumps(standby).encode(), desk.time())
    await desk.settle_all()
    alone = await why(desk, "m1")
    assert alone.decision is not None
    assert (alone.decision.reason, alone.replies) == ("standby", ())
    await desk.arrive(item)
    await desk.settle_all()
    both = await why(desk, "m1")
    assert both.decision is not None
    assert (both.decision.rule, len(both.replies)) == ("greeting", 1)


async def test_of_several_bots_on_one_database_the_own_one_is_meant(desk: Desk) -> None:
    """Unless another is named; where neither says it, nothing is guessed."""
    post = Post(desk)
    await post.open()
    desk.accounts[OTHER_ACCOUNT] = OTHER_ACCOUNT
    await desk.arrive(customer_says("hello", "m1"))
    await desk.arrive(customer_says("repeat", "m1", account=OTHER_ACCOUNT), account=OTHER_ACCOUNT)
    await desk.settle_all()
    texts = [
        (await why(desk, "m1")).message.text,
        (await why(desk, "m1", own=[PAGE])).message.text,
        (await why(desk, "m1", account=OTHER_ACCOUNT)).message.text,
        (await why(desk, "m1", own=["nobody"], account=PAGE)).message.text,
    ]
    assert texts == ["hello", "hello", "repeat", "hello"]
    with pytest.raises(UsageError, match=f"{ACCOUNT}, {OTHER_ACCOUNT}") as raised:
        await why(desk, "m1", own=["nobody"])
    assert "--account" in raised.value.hint
    with pytest.raises(NothingDecided, match="in account nobody"):
        await why(desk, "m1", account="nobody")


async def test_another_bots_message_is_found_where_it_is_the_only_one(desk: Desk) -> None:
    """An operator may ask from anywhere."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    assert (await why(desk, "m1", own=[OTHER_ACCOUNT])).message.account == ACCOUNT


async def test_a_persons_own_words_have_no_decision(post: Post) -> None:
    """And that is said."""
    await post.desk.arrive(shop_says("Eva here", "p1"))
    post.desk.time.pass_by(seconds=10)
    await post.desk.settle_all()
    with pytest.raises(NothingDecided, match="by a person"):
        await why(post.desk, "p1")


async def test_what_another_tool_wrote_is_no_persons(desk: Desk) -> None:
    """As soon as it is known for one; before, it is taken for a person's, as is what a person says meanwhile."""
    customers = ["9000000000000001", "9000000000000002", "9000000000000003"]
    for number, igsid in enumerate(customers):
        await desk.arrive(customer_says("hello", f"m{number}", igsid=igsid, at=desk.time()))
        await desk.settle_all()
        desk.time.pass_by(seconds=1)
        await desk.arrive(shop_says("We are  open.", f"p{number}", igsid=igsid, at=desk.time()))
        desk.time.pass_by(seconds=10)
        await desk.settle_all()
        if not number:
            with pytest.raises(NothingDecided, match="p0 was written by a person"):
                await why(desk, "p0")
    for mid in ("p0", "p1", "p2"):
        with pytest.raises(NothingDecided, match=f"{mid} was written by another tool"):
            await why(desk, mid)
    await desk.arrive(shop_says("Eva here", "p3", igsid=customers[0], at=desk.time()))
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    with pytest.raises(NothingDecided, match="p3 was written by a person"):
        await why(desk, "p3")


@pytest.mark.parametrize("mid", ["m_unknown", "", "a\0b", "\udc80"])
async def test_an_unknown_mid_is_the_callers_mistake(desk: Desk, mid: str) -> None:
    """Exit 1, whatever was written."""
    with pytest.raises(NothingDecided) as raised:
        await why(desk, mid)
    assert raised.value.exit_code == ExitCode.BAD
