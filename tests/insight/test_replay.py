"""What other rules would have answered: decided again as it was, and set beside what was said."""

from datetime import datetime, timedelta

from igbot.calls.queue import Ended, claim_calls, finish_call
from igbot.conversations.archive import archive
from igbot.insight.past import MESSAGES_A_PIECE
from tests.answering.talking import ACCOUNT, ANA, BEN, DAY, OTHER_ACCOUNT, RULES, START, Desk, customer_says, shop_says
from tests.insight.replayed import replayed, say, wrote
from tests.rules.writing import rules

NEW = """
- name: hi
  keywords: [hello]
  reply: Hi there!
- name: shipping-cost
  keywords: [shipping]
  reply: It is 5 €.
- name: want-human
  keywords: [human]
  handoff: {pause: 2h}
- name: review
  keywords: [red]
  reply: We look.
"""

REMEMBERING = """
- name: gift
  keywords: [gift]
  once: true
  reply: A gift for you.
  tag: [gifted]
- name: again
  keywords: [gift]
  priority: -1
  when: {customer: {tags: {any: [gifted]}}}
  reply: You have had yours.
- name: first
  priority: -2
  when: {first_message: true}
  reply: Welcome.
- name: quiet
  keywords: [quiet]
  limit: {times: 1, within: 1d, then: silent}
  reply: Psst.
- name: race
  keywords: [race]
  limit: {times: 1, within: 1d, per: all}
  reply: You are in.
- name: lines
  keywords: [story]
  settle: 5s
  reply: "I read: {{ message.text }}"
- name: order
  keywords: [order]
  call: {name: orders, save: it, on_error: next}
  reply: "It is {{ slots.it.status | default('lost') }}."
- name: sorry
  keywords: [order]
  priority: -1
  reply: I cannot look now.
- name: other
  fallback: true
  limit: {times: 2, within: 1d, then: handoff}
  reply: Sorry?
"""


def told(found: object) -> list[str]:
    """The changes in words."""
    return [str(change) for change in found.changes]  # type: ignore[attr-defined]


async def test_by_the_same_rules_everything_is_the_same(desk: Desk) -> None:
    """Limits, tags, facts, hand-offs and the first message count as they did."""
    desk.rules = rules(REMEMBERING)
    await say(desk, "hello", "gift", "gift", "gift", "what", "quiet", "quiet", "race", "hm", "hm", "hm", "gift")
    await say(desk, "race", "gift", igsid=BEN)
    found = await replayed(desk)
    assert told(found) == []
    assert (found.same, found.left_out) == (12, {"paused": 2})
    assert found.summary() == "12 messages: 12 same"
    assert found.omissions() == "left out: 2 paused"


async def test_answers_that_change_are_grouped_by_who_answered_and_who_would(desk: Desk) -> None:
    """The largest group first, with a few examples."""
    await say(desk, "hello", "hello", "shipping?", "to Spain, shipping", "shipping", "any shipping", "human")
    await say(desk, "red", "repeat it", igsid=BEN)
    found = await replayed(desk, NEW)
    assert told(found) == [
        "4 now answered by shipping-cost (were fallback)",
        "2 lost from greeting → hi",
        "1 now answered by review (was fallback)",
        "1 lost from echoing → fallback",
    ]
    first = found.changes[0]
    assert [each.text for each in first.examples] == ["shipping?", "to Spain, shipping", "shipping"]
    assert [(each.mid, each.igsid) for each in first.examples][:1] == [("m1-3", ANA)]
    assert found.summary() == (
        "9 messages: 1 same, 4 now answered by shipping-cost (were fallback), 2 lost from greeting → hi, "
        "1 now answered by review (was fallback), 1 lost from echoing → fallback"
    )


async def test_many_kinds_of_change_do_not_make_a_line_without_end(desk: Desk) -> None:
    """The summary names the largest; all are there below."""
    for number in range(7):
        await wrote(desk, f"word{number}", at=START - timedelta(hours=number), reason="rule", rule=f"old-{number}")
    found = await replayed(desk)
    assert len(found.changes) == 7
    assert found.summary().endswith("lost from old-4 → fallback, 2 changed otherwise")


async def test_nothing_is_written_and_nothing_sent(desk: Desk) -> None:
    """The database is as it was."""
    await say(desk, "hello", "shipping?", "human")
    tables = ("message", "outbox", "conversation", "inbox", "service_call", "rule_use", "inbox_lane", "outbox_lane")
    before = [await desk.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]
    woken = list(desk.woken)
    await replayed(desk, NEW)
    assert [await desk.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables] == before
    assert desk.woken == woken


async def test_pauses_are_as_they_were(desk: Desk) -> None:
    """By hand-off or by a person; what was said meanwhile is left out, a hand-off of the new rules pauses nothing."""
    await say(desk, "human", "hello", "shipping")
    await say(desk, "hello", igsid=BEN)
    await desk.arrive(shop_says("Eva here", "p1", igsid=BEN, at=desk.time()))
    desk.time.pass_by(seconds=11)
    await desk.settle_all()
    await say(desk, "shipping", igsid=BEN, prefix="n")
    found = await replayed(desk, NEW + "- {name: early, priority: 9, keywords: [hello], handoff: true}")
    assert found.left_out == {"paused": 3}
    assert told(found) == ["1 lost from greeting → early"]


async def test_what_was_decided_too_late_keeps_its_reason(desk: Desk) -> None:
    """The window had closed; another app had the conversation."""
    await desk.arrive(customer_says("hello", "m1", at=START - 2 * DAY))
    await desk.settle_all()
    await wrote(desk, "hello", reason="standby")
    assert (await replayed(desk, NEW)).left_out == {"window_closed": 1, "standby": 1}


async def test_only_the_time_asked_for_is_compared_but_all_is_remembered(desk: Desk) -> None:
    """A gift given two months ago has been given."""
    desk.rules = rules(REMEMBERING)
    desk.time.now = START - 60 * DAY
    await say(desk, "gift")
    desk.time.now = START
    await say(desk, "gift", "gift", prefix="n")
    found = await replayed(desk, since=START - DAY)
    assert (found.same, told(found)) == (2, [])
    once_more = REMEMBERING.replace("once: true", "limit: {times: 2, within: 365d}")
    found = await replayed(desk, once_more, since=START - DAY)
    assert (found.same, told(found)) == (1, ["1 lost from again → gift"])


async def test_archived_conversations_count_too(desk: Desk) -> None:
    """And those that were archived in the middle."""
    await say(desk, "hello", "shipping")
    desk.time.pass_by(days=2)
    await archive(desk.database, older_than=DAY, now=desk.time, on_batch=lambda *_: None)
    await say(desk, "shipping", prefix="n")
    found = await replayed(desk, NEW)
    assert told(found) == ["2 now answered by shipping-cost (were fallback)", "1 lost from greeting → hi"]


async def test_testers_are_left_out(desk: Desk) -> None:
    """What they write is no customer's question."""
    desk.testers = {BEN}
    await say(desk, "shipping", igsid=BEN)
    found = await replayed(desk, NEW)
    assert (found.messages, found.left_out) == (0, {"test": 1})
    assert found.summary() == "no messages to compare"
    assert found.omissions() == "left out: 1 of testers"


async def test_lines_that_were_answered_as_one_are_decided_as_one(desk: Desk) -> None:
    """They count as the one message they were."""
    desk.rules = rules(REMEMBERING)
    await desk.arrive(customer_says("a story", "m1"))
    desk.time.pass_by(seconds=2)
    await desk.arrive(customer_says("about a gift", "m2", at=desk.time()))
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    found = await replayed(desk)
    assert (found.messages, told(found)) == (1, [])
    found = await replayed(desk, '- {name: both, when: {text: {all: [story, gift]}}, reply: "Both."}')
    [change] = found.changes
    assert str(change) == "1 lost from lines → both"
    assert change.examples[0].text == "a story\nabout a gift"


async def finished(desk: Desk, *, ok: bool) -> None:
    """The service has answered, or has not."""
    async with desk.database.connection() as conn:
        [call] = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=desk.time())
        await finish_call(conn, call, Ended(ok=ok, answer={"status": "sent"}, why="HTTP 500"), now=desk.time())
    await desk.settle_all()


async def test_no_service_is_called_and_a_rule_with_a_call_answers(desk: Desk) -> None:
    """Unless its call failed then."""
    desk.rules = rules(REMEMBERING)
    await say(desk, "my order")
    await finished(desk, ok=True)
    await say(desk, "my order", prefix="n")
    await finished(desk, ok=False)
    assert await desk.replies() == ["It is sent.", "I cannot look now."]
    found = await replayed(desk)
    assert (found.same, told(found)) == (2, [])
    with_call = "- {name: track, keywords: [order], call: {name: orders}, reply: Here.}"
    assert told(await replayed(desk, with_call)) == ["1 lost from order → track", "1 lost from sorry → track"]


async def test_an_answer_that_never_left_uses_no_limit_up(desk: Desk) -> None:
    """As it was then."""
    desk.rules = rules(REMEMBERING)
    await say(desk, "gift")
    await desk.value("UPDATE outbox SET status = 'failed', finished_at = $1", desk.time())
    await say(desk, "gift", "gift", prefix="n")
    assert await desk.reasons() == ["rule"] * 3
    found = await replayed(desk)
    assert (found.same, told(found)) == (3, [])


async def test_a_limit_that_now_holds_an_answer_back_is_a_change(desk: Desk) -> None:
    """The same rule wins, and says nothing."""
    await say(desk, "hello", "hello")
    limited = (
        "- {name: greeting, keywords: [hello], once: true, limit: {times: 1, within: 1d, then: silent}, reply: Hi}"
    )
    found = await replayed(desk, limited.replace("once: true, ", ""))
    assert told(found) == ["1 lost from greeting → greeting (silent)"]


async def test_what_the_history_does_not_keep_is_not_guessed(desk: Desk) -> None:
    """An emoji, a story, a post that rules ask for: such messages are left out, and where no rule asks, they count."""
    await wrote(desk, "", kind="reaction", reason="rule", rule="heart")
    await wrote(desk, "nice", kind="story_reply", reason="unmatched")
    heart = '- {name: heart, when: {kinds: [reaction], emoji: ["❤️"]}, reply: "❤️"}'
    found = await replayed(desk, heart)
    assert (found.left_out, found.same) == ({"details": 1}, 0)
    assert told(found) == ["1 now fallback (was no answer)"]
    assert told(await replayed(desk, RULES)) == ["1 lost from heart → no answer", "1 now fallback (was no answer)"]


async def test_other_accounts_are_not_looked_at(desk: Desk) -> None:
    """Each bot has rules of its own."""
    desk.accounts[OTHER_ACCOUNT] = OTHER_ACCOUNT
    await desk.arrive(customer_says("shipping", "m1", account=OTHER_ACCOUNT), account=OTHER_ACCOUNT)
    await desk.settle_all()
    assert (await replayed(desk, NEW)).messages == 0
    assert (await replayed(desk, NEW, accounts=[OTHER_ACCOUNT])).messages == 1


async def test_a_conversation_longer_than_a_piece_is_one_conversation(desk: Desk) -> None:
    """Read piece by piece, and remembered from one to the next; the progress counts conversations."""
    many = MESSAGES_A_PIECE + 3
    async with desk.database.connection() as conn:
        await conn.execute(
            "INSERT INTO message (account_id, igsid, at, direction, author, kind, mid, text, test, reason, decided_at)"
            " SELECT $1, $2, $3::timestamptz + n * interval '1 s', 'in', 'customer', 'text', 'x' || n, 'turn', false,"
            " 'unmatched', $3 FROM generate_series(1, $4) n",
            ACCOUNT,
            ANA,
            START - DAY,
            many,
        )
    await wrote(desk, "turn", at=START)
    await wrote(desk, "turn", igsid=BEN)
    done: list[int] = []
    last = f'- {{name: last, keywords: [turn], when: {{turn: ">= {many}"}}, reply: "Enough."}}'
    found = await replayed(desk, last, done=done)
    assert sum(change.count for change in found.changes if change.now.rule == "last") == 2
    assert found.messages == many + 2
    assert done == [1, 1, 2]


async def test_a_message_that_arrived_late_stands_where_it_was_written(desk: Desk) -> None:
    """In order of Meta's time."""

    def at(minute: int) -> datetime:
        return START + timedelta(minutes=minute)

    desk.time.now = at(10)
    await desk.arrive(customer_says("hello", "m2", at=at(5)))
    await desk.settle_all()
    await desk.arrive(customer_says("hello", "m1", at=at(1)))
    await desk.settle_all()
    first = "- {name: once, keywords: [hello], once: true, reply: Hi}\n- {name: twice, keywords: [hello], reply: Again}"
    found = await replayed(desk, first)
    assert {str(change.now): change.examples[0].mid for change in found.changes} == {"once": "m1", "twice": "m2"}


async def test_what_stood_above_the_rules_stays_as_it_was(desk: Desk) -> None:
    """STOP and what came until START, what the loop guard silenced; and no policy of now is put upon what was then."""
    desk.change(loop_guard=2)
    await say(desk, "hello", "stop", "hello", "start", "hello", "hello", "red")
    assert await desk.reasons() == ["rule", "opted_out", "opted_out", "opted_out", "rule", "loop_guard", "paused"]
    desk.change(loop_guard=1, disclosure="I am a bot.")
    found = await replayed(desk)
    assert found.left_out == {"opted_out": 3, "loop_guard": 1, "paused": 1}
    assert found.same == 2
