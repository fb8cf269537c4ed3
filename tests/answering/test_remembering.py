"""What is kept of a decision and of the customer, and what a decision does beside answering."""

import json
from datetime import timedelta
from typing import Any

import pytest

from igbot.answering.claim import LEASE
from igbot.rules.deciding.memory import Memory, from_stored
from tests.answering.talking import ANA, HOUR, SHOP, START, Desk, claimed, customer_says, logged, settled, shop_says
from tests.answering.turning import pending, texts, turn_over
from tests.rules.writing import rules

SECOND = timedelta(seconds=1)
FIRST = """
- name: welcome
  priority: -1
  when: {first_message: true}
  reply: Welcome!
- name: third
  when: {turn: ">= 3"}
  reply: Still here?
- name: again
  priority: -2
  when: {first_message: false}
  reply: Hello again.
"""
EFFECTS = """
- name: complaint
  observe: true
  keywords: [broken]
  tag: [complaint]
  alert: {level: warning, text: "{{ message.text }}"}
- name: size
  keywords: [medium]
  set: {size: M}
  reply: "Noted: {{ customer.set.size }}"
- name: vip
  when: {customer: {tags: {any: [complaint]}}, text: {any: [hello]}}
  reply: We are sorry.
- name: want-human
  keywords: [human]
  handoff: {pause: 2h, notify: team, note: "Asked: {{ message.text }}", say: Eva will write to you.}
"""


async def remembered(desk: Desk, igsid: str = ANA) -> Memory:
    """What is kept of a customer."""
    return from_stored(json.loads((await desk.talk(igsid))["memory"]))


async def row_of(desk: Desk, mid: str) -> dict[str, Any]:
    """A customer's message as it is kept."""
    [row] = await desk.rows("SELECT * FROM message WHERE mid = $1 AND direction = 'in'", mid)
    return row


async def says(desk: Desk, text: str, mid: str, **more: Any) -> None:
    """A customer writes, and all that is ready is worked on."""
    await desk.arrive(customer_says(text, mid, at=desk.time(), **more))
    await desk.settle_all()


def test_each_message_of_a_turn_knows_what_came_before_it() -> None:
    """The customer's memory goes from decision to decision, before anything of it is written."""
    events = [pending(customer_says("x", f"m{n}", at=START + n * SECOND)) for n in range(3)]
    turn = turn_over(rules(FIRST), *events, now=START + 3 * SECOND)
    assert texts(turn) == ["Welcome!", "Hello again.", "Still here?"]
    assert turn.memory.messages == 3


async def test_the_next_turn_goes_on_where_the_last_one_ended(desk: Desk) -> None:
    """The memory is written with the turn and comes with the next claim."""
    desk.rules = rules(FIRST)
    for number in range(3):
        await says(desk, "x", f"m{number}")
        desk.time.pass_by(minutes=1)
    assert await desk.replies() == ["Welcome!", "Hello again.", "Still here?"]
    memory = await remembered(desk)
    assert (memory.messages, memory.answered_by) == (3, "third")
    assert memory.last_message_at == START + timedelta(minutes=2)


async def test_a_turn_that_was_not_written_is_not_remembered(desk: Desk) -> None:
    """Whoever lost its lease changes nothing; the message counts once."""
    desk.rules = rules(FIRST)
    await desk.arrive(customer_says("x", "m1"))
    late = await claimed(desk, 1)
    desk.time.now += LEASE + SECOND
    await desk.work(process_id=2)
    assert await settled(desk, late, 1) == {}
    assert (await remembered(desk)).messages == 1


async def test_a_claim_that_looked_too_early_overwrites_no_memory(desk: Desk) -> None:
    """Another process had just answered what it saw as pending: nothing of its turn counts, and it looks again."""
    desk.rules = rules(FIRST)
    await desk.arrive(customer_says("x", "m1"))
    early = await claimed(desk, 1)
    await desk.value("UPDATE inbox_lane SET lease_by = NULL, lease_until = NULL")
    await says(desk, "x", "m2")
    await desk.value("UPDATE inbox_lane SET lease_by = 1, lease_until = $1", desk.time() + HOUR)
    assert await settled(desk, early, 1) == {}
    assert (await remembered(desk)).messages == 2
    [lane] = await desk.rows("SELECT lease_by, ready_at FROM inbox_lane")
    assert tuple(lane.values()) == (None, desk.time())
    await desk.settle_all()
    assert await desk.replies() == ["Welcome!", "Hello again."]


async def test_tags_and_facts_stay_with_the_customer(desk: Desk) -> None:
    """What one rule sets another one reads, in this turn and in any later one."""
    desk.rules = rules(EFFECTS)
    await says(desk, "it is broken", "m1")
    await says(desk, "medium please", "m2")
    await says(desk, "hello", "m3")
    assert await desk.replies() == ["We will get back to you.", "Noted: M", "We are sorry."]
    memory = await remembered(desk)
    assert (set(memory.tags), dict(memory.facts)) == ({"complaint"}, {"size": "M"})


async def test_observers_run_while_the_bot_is_silent(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A person has taken over: nothing is said, but the tag is there and the staff is told."""
    desk.rules = rules(EFFECTS)
    await desk.arrive(shop_says("Eva here", "p1"))
    desk.time.pass_by(seconds=10)
    await says(desk, "it is broken", "m1")
    assert await desk.replies() == []
    assert (await remembered(desk)).tags == {"complaint"}
    row = await row_of(desk, "m1")
    assert (row["reason"], row["rule"], row["observers"]) == ("paused", None, ["complaint"])
    assert [(n.what, n.rule, n.level, n.text, n.channels) for n in desk.notices] == [
        ("alert", "complaint", "warning", "it is broken", ())
    ]
    assert logged(caplog, "no_reply")[-1]["observers"] == ["complaint"]


async def test_a_handoff_tells_the_staff_it_names(desk: Desk) -> None:
    """Its note, to its channels, under a key of the rule and the customer; a rule without `notify` tells the owner."""
    desk.rules = rules(EFFECTS)
    await says(desk, "a human please", "m1")
    [notice] = desk.notices
    assert (notice.what, notice.text, notice.channels) == ("handoff", "Asked: a human please", ("team",))
    assert (notice.account, notice.igsid, notice.key) == (SHOP, ANA, f"handoff:want-human:{ANA}")
    desk.notices.clear()
    desk.rules = rules("- {name: quiet, keywords: [human], handoff: {pause: 1h}}")
    desk.time.now += 3 * HOUR
    await says(desk, "human", "m2")
    assert [(notice.channels, notice.text) for notice in desk.notices] == [(("owner",), "human")]
    assert (await desk.talk())["paused_until"] == desk.time() + HOUR


async def test_what_made_a_rule_win_is_kept(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """What hit, how it was ranked, which variant was said; the log has it too, and no word of the customer's."""
    desk.rules = rules(
        """
        - name: deal
          priority: 7
          keywords: [discount]
          reply: {variants: [{text: Ten per cent., name: plain}]}
        """
    )
    await says(desk, "any DISCOUNT for me", "m1")
    row = await row_of(desk, "m1")
    assert (row["matched"], row["variant"], row["withheld"]) == ('word "discount"', "plain", None)
    assert row["rank"] == [7, 5, 1, 8, 1]
    [line] = logged(caplog, "rule_matched")
    assert (line["rule"], line["reason"], line["matched"], line["variant"]) == (
        "deal",
        "rule",
        'word "discount"',
        "plain",
    )
    assert line["digest"] == desk.rules.digest
    assert "for me" not in str(line)


async def test_a_rule_whose_limit_keeps_it_silent_says_so(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """It wins and says nothing: no reply, for the reason `limit`."""
    desk.rules = rules("- {name: once, keywords: [hello], reply: Hi!, limit: {times: 1, within: 1d, then: silent}}")
    await says(desk, "hello", "m1")
    await says(desk, "hello", "m2")
    assert await desk.replies() == ["Hi!"]
    row = await row_of(desk, "m2")
    assert (row["reason"], row["rule"]) == ("rule", "once")
    assert row["withheld"]
    [line] = logged(caplog, "no_reply")
    assert (line["reason"], line["rule"], line["mid"]) == ("limit", "once", "m2")
    assert len(logged(caplog, "rule_matched")) == 1


LIMITED = """
- {name: gift, keywords: [gift], reply: Here it is., once: true}
- {name: fallback, fallback: true, reply: There is no more.}
"""


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired", "dead"])
async def test_an_answer_that_never_left_gives_its_use_back(desk: Desk, status: str) -> None:
    """The customer has not got it: the rule may answer again, and the new use counts."""
    desk.rules = rules(LIMITED)
    await says(desk, "gift", "m1")
    await desk.value("UPDATE outbox SET status = $1, finished_at = $2", status, START)
    await says(desk, "gift", "m2")
    await says(desk, "gift", "m3")
    assert await desk.replies() == ["Here it is.", "Here it is.", "There is no more."]


@pytest.mark.parametrize("status", ["queued", "sending", "unknown", "sent"])
async def test_an_answer_that_may_have_left_counts(desk: Desk, status: str) -> None:
    """Also while nobody knows."""
    desk.rules = rules(LIMITED)
    await says(desk, "gift", "m1")
    over = status == "sent"
    mid, finished_at = ("out-1", START) if over else (None, None)
    query = "UPDATE outbox SET status = $1, sending_at = $2, mid = $3, finished_at = $4"
    await desk.value(query, status, START, mid, finished_at)
    await says(desk, "gift", "m2")
    assert (await desk.replies())[-1] == "There is no more."


async def test_a_delayed_answer_is_due_later_and_typing_at_once(desk: Desk) -> None:
    """Without typing the row waits for its time; with it the row is due, and carries how long typing is shown."""
    desk.rules = rules(
        """
        - {name: slow, keywords: [slow], reply: [One., Two.], delay: 4s}
        - {name: typed, keywords: [typed], reply: [Three., Four.], delay: 5s, typing: true}
        """
    )
    await says(desk, "slow", "m1")
    lane = "SELECT due_at FROM outbox_lane"
    assert await desk.value(lane) == START + 4 * SECOND
    await says(desk, "typed", "m2")
    rows = await desk.rows("SELECT due_at, typing, delay_ms FROM outbox ORDER BY outbox_id")
    assert [tuple(row.values()) for row in rows] == [
        (START + 4 * SECOND, False, 0),
        (START + 4 * SECOND, False, 0),
        (START, True, 5000),
        (START + 5 * SECOND, False, 0),
    ]
    assert await desk.value(lane) == START


async def test_a_picture_of_ours_is_history(desk: Desk) -> None:
    """With its address; the words beside it are a message of their own."""
    desk.rules = rules(
        "- {name: map, keywords: [where], reply: {text: Here., attach: {image: https://lola.example/map.png}}}"
    )
    await says(desk, "where are you", "m1")
    rows = await desk.rows("SELECT kind, text, attachments FROM message WHERE author = 'bot' ORDER BY message_id")
    assert [(row["kind"], row["text"]) for row in rows] == [("image", ""), ("text", "Here.")]
    assert json.loads(rows[0]["attachments"])[0]["url"] == "https://lola.example/map.png"


def test_a_rule_is_told_of_the_story_the_post_and_the_ad() -> None:
    """What was replied to, shared or clicked."""
    ruleset = rules(
        """
        - {name: story, kinds: [story_reply], when: {story: "771"}, reply: That story!}
        - {name: post, kinds: [share], when: {post: "18100"}, reply: That post!}
        - {name: ad, when: {ad: "99"}, reply: That ad!}
        """
    )
    said: dict[str, Any] = {"mid": "m1", "text": "nice"}
    shared = {"mid": "m2", "attachments": [{"type": "ig_post", "payload": {"ig_post_media_id": "18100"}}]}
    whole = [
        {"message": said | {"reply_to": {"story": {"id": "771", "url": "https://cdn.example/1"}}}},
        {"message": shared},
        {"message": {"mid": "m3", "text": "hi", "referral": {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "99"}}},
    ]
    base = {key: value for key, value in customer_says("x", "m").items() if key != "message"}
    turn = turn_over(ruleset, *(pending(base | each) for each in whole))
    assert texts(turn) == ["That story!", "That post!", "That ad!"]
