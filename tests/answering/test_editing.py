"""Messages that customers edit: the stored text changes, in whatever order it comes, and nothing is said twice."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from igbot.calls.queue import claim_calls
from tests.answering.talking import ACCOUNT, OTHER_ACCOUNT, Desk, customer_says, logged, shop_says
from tests.rules.writing import rules

SECOND = timedelta(seconds=1)
STORED = "SELECT text, edits FROM message WHERE mid = $1"
RULES = """
- name: shipping
  keywords: [shipping]
  settle: 4s
  reply: "You wrote: {{ message.text }}"
- name: order
  keywords: [order]
  call: {name: orders, send: {text: "{{ message.text }}"}, timeout: 4s}
  reply: Here it is.
- name: hello
  keywords: [hello]
  reply: Hi there!
"""


@pytest.fixture
async def shop(desk: Desk) -> Desk:
    """A desk whose rules wait before they answer."""
    desk.rules = rules(RULES)
    return desk


def edited(text: str, mid: str, number: object = 1, **more: Any) -> dict[str, Any]:
    """The webhook item of an edit, which is the message's so-many-th."""
    item = customer_says(text, "", kind="edit", about=mid, **more)
    return {**item, "message_edit": {**item["message_edit"], "num_edit": number}}


async def write(desk: Desk, *items: dict[str, Any]) -> None:
    """This arrives, and what is ready is worked on."""
    await desk.arrive(*items)
    await desk.settle_all()


async def stored(desk: Desk, mid: str = "m1") -> tuple[Any, ...]:
    """Text of a message, and the number of its newest edit."""
    [row] = await desk.rows(STORED, mid)
    return tuple(row.values())


async def test_an_edit_after_the_answer_changes_the_text_and_nothing_else(shop: Desk) -> None:
    """No second answer, no second decision; the time of the conversation stays."""
    await write(shop, customer_says("hello", "m1"))
    before = await shop.talk()
    shop.time.pass_by(seconds=60)
    await write(shop, edited("shipping?", "m1", at=shop.time()))
    assert await stored(shop) == ("shipping?", 1)
    assert (await shop.replies(), await shop.reasons()) == (["Hi there!"], ["rule"])
    assert await shop.talk() == before


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_newest_edit_counts_in_any_order(shop: Desk, order: tuple[int, ...]) -> None:
    """By Meta's number, which comes quoted too."""
    await write(shop, customer_says("hello", "m1"))
    edits = [edited("one", "m1", 1), edited("two", "m1", "2"), edited("three", "m1", 3)]
    for place in order:
        await write(shop, edits[place])
    assert await stored(shop) == ("three", 3)


async def test_edits_before_their_message(shop: Desk) -> None:
    """They wait for it; it is stored and answered as edited."""
    await write(shop, edited("nonsense", "m1", 1), edited("hello", "m1", 2))
    assert await shop.rows("SELECT * FROM message") == []
    shop.time.pass_by(seconds=60)
    await write(shop, customer_says("asdf", "m1"))
    assert await stored(shop) == ("hello", 2)
    assert await shop.replies() == ["Hi there!"]


async def test_an_edit_while_lines_are_waited_for(shop: Desk) -> None:
    """The edited text is what is decided on."""
    await write(shop, customer_says("shipping?", "m1"))
    shop.time.pass_by(seconds=1)
    await write(shop, edited("shipping to Spain?", "m1"))
    assert await shop.replies() == []
    shop.time.pass_by(seconds=4)
    await shop.settle_all()
    assert await shop.replies() == ["You wrote: shipping to Spain?"]
    assert await stored(shop) == ("shipping to Spain?", 1)


async def test_an_edit_while_a_call_is_out(shop: Desk) -> None:
    """The service is asked anew, about what the message says now."""
    await write(shop, customer_says("order 1", "m1"))
    await write(shop, edited("order 2", "m1"))
    async with shop.database.connection() as conn:
        calls = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=shop.time())
    assert [call.body for call in calls] == ['{"text": "order 2"}']


async def test_an_edit_without_words_or_number(shop: Desk) -> None:
    """One that says nothing changes nothing; one without a number counts until a numbered one comes."""
    await write(shop, customer_says("hello", "m1"))
    await write(shop, edited("", "m1", 3), edited("plain", "m1", None))
    assert await stored(shop) == ("plain", 0)
    await write(shop, edited("first", "m1", 1), edited("late", "m1", "many"))
    assert await stored(shop) == ("first", 1)
    await write(shop, edited("endless", "m1", 2_000_000_000))
    assert (await stored(shop))[0] == "endless"


async def test_an_edit_of_another_customers_message_is_none(shop: Desk) -> None:
    """It is about a message of its own conversation, or about none."""
    await write(shop, customer_says("hello", "m1"))
    await write(shop, edited("mine", "m1", igsid="9000000000000009"), edited("nobody's", "m9"))
    assert await stored(shop) == ("hello", 0)


async def test_a_person_may_edit_too(shop: Desk) -> None:
    """What the shop's side has written in the app."""
    await write(shop, shop_says("Eva here", "p1"))
    shop.time.pass_by(seconds=10)
    await shop.settle_all()
    item = edited("Eva here!", "p1")
    await write(shop, {**item, "sender": item["recipient"], "recipient": item["sender"]})
    assert await stored(shop, "p1") == ("Eva here!", 1)


async def test_an_edit_without_a_sender_is_kept_and_reported(shop: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Once a day: Meta does that to apps with limited access, and nothing else may come."""
    item = edited("hello", "m1", 0)
    for name in ("sender", "recipient"):
        item.pop(name)
    await write(shop, item)
    await write(shop, {**item, "message_edit": {"mid": "m2", "num_edit": 0}})
    assert await shop.value("SELECT count(*) FROM inbox WHERE status = 'done' AND raw IS NOT NULL") == 2
    [notice] = shop.notices
    assert (notice.what, notice.account, notice.level) == ("edit_without_sender", ACCOUNT, "warning")
    assert len(logged(caplog, "edit_without_sender")) == 1
    shop.time.pass_by(days=1)
    await write(shop, {**item, "message_edit": {"mid": "m3", "num_edit": 0}})
    assert len(shop.notices) == 2


# Accounts that are none of ours


async def test_an_unknown_account_is_reported_once_a_day(shop: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Each of them: kept, marked, never answered, and told to people."""
    other = "17841400000000003"
    for number, account in enumerate((OTHER_ACCOUNT, OTHER_ACCOUNT, other)):
        await shop.arrive(customer_says("hello", f"m{number}", account=account), account=account)
        await shop.settle_all()
    assert [(notice.what, notice.account) for notice in shop.notices] == [
        ("unknown_account", OTHER_ACCOUNT),
        ("unknown_account", other),
    ]
    assert len({notice.key for notice in shop.notices}) == 2
    assert [line["account"] for line in logged(caplog, "unknown_account")] == [OTHER_ACCOUNT, other]
    assert (await shop.replies(), set(await shop.reasons())) == ([], {"unknown_account"})
    shop.time.pass_by(days=1)
    await shop.arrive(customer_says("hello", "m9", account=other), account=other)
    await shop.settle_all()
    assert len(shop.notices) == 3


async def test_echoes_and_handovers_of_an_unknown_account_do_nothing(shop: Desk) -> None:
    """Nobody there can be silenced; what its customers take back is wiped nevertheless."""
    item = shop_says("Eva here", "p1")
    echo = {**item, "sender": {"id": OTHER_ACCOUNT}}
    taken = {**customer_says("", "x", account=OTHER_ACCOUNT)}
    taken.pop("message")
    await shop.arrive(echo, {**taken, "take_thread_control": {"new_owner_app_id": "1"}}, account=OTHER_ACCOUNT)
    shop.time.pass_by(seconds=10)
    await shop.settle_all()
    assert await shop.rows("SELECT * FROM conversation") == []
    assert await shop.value("SELECT count(*) FROM inbox WHERE status = 'pending'") == 0
    gone = customer_says("", "", kind="deleted", about="m1", account=OTHER_ACCOUNT)
    await shop.arrive(customer_says("xyzzy", "m1", account=OTHER_ACCOUNT), gone, account=OTHER_ACCOUNT)
    await shop.settle_all()
    assert await shop.value("SELECT text FROM message") == ""


async def test_the_dashboards_test_is_no_unknown_account(shop: Desk) -> None:
    """Nor is a body that cannot be read."""
    await shop.receiver.accept(b"no json", shop.time())
    await write(shop, customer_says("random_text", "random_mid"))
    assert shop.notices == []
