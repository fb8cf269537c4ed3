"""What stands beside a decision: why its rule won, what else happened, what was asked of others."""

from igbot.calls.queue import Ended, claim_calls, finish_call
from tests.answering.talking import ACCOUNT, START, Desk, customer_says
from tests.insight.asking import decision, why
from tests.rules.writing import rules

RULES = """
- name: watch
  observe: true
  keywords: [discount]
  tag: [asked]
- name: deal
  keywords: [discount]
  reply: {variants: [{text: Ten per cent., name: plain}], attach: {image: "https://lola.example/d.png"}}
  limit: {times: 1, within: 1d, then: silent}
- name: order
  keywords: [order]
  settle: 2s
  call: {name: orders, save: order, on_error: ignore}
  reply: {text: Here it is., buttons: [{title: Track, url: "https://lola.example/t"}]}
"""


async def test_a_decision_says_what_made_its_rule_win(desk: Desk) -> None:
    """What hit, its rank, the variant, and which observers fitted; and what was shown beside the words."""
    desk.rules = rules(RULES)
    await desk.arrive(customer_says("any discount", "m1"))
    await desk.settle_all()
    told = await decision(desk, "m1")
    assert (told.rule, told.matched, told.rank) == ("deal", 'word "discount"', (0, 5, 1, 8, 1))
    assert (told.variant, told.observers, told.withheld) == ("plain", ("watch",), None)
    picture, words = (await why(desk, "m1")).replies
    assert (picture.attachment, picture.text) == ("https://lola.example/d.png", "")
    assert (words.attachment, words.text) == (None, "Ten per cent.")


async def test_a_rule_that_was_kept_silent_says_why(desk: Desk) -> None:
    """Its limit, in words."""
    desk.rules = rules(RULES)
    for number in (1, 2):
        await desk.arrive(customer_says("any discount", f"m{number}", at=desk.time()))
        await desk.settle_all()
    told = await decision(desk, "m2")
    assert (told.reason, told.rule) == ("rule", "deal")
    assert told.withheld


async def test_what_was_asked_of_a_service_is_told(desk: Desk) -> None:
    """While it has not ended, too; of a message that was answered with a later one, that one's calls and replies."""
    desk.rules = rules(RULES)
    await desk.arrive(customer_says("my order", "m1"))
    await desk.arrive(customer_says("order 12345", "m2", at=START))
    desk.time.pass_by(seconds=2)
    await desk.settle_all()
    waiting = await why(desk, "m2")
    assert (waiting.decision, waiting.message.status) == (None, "pending")
    [call] = waiting.message.calls
    assert (call.name, call.kind, call.rule, call.waits, call.ok) == ("orders", "service", "order", True, None)
    async with desk.database.connection() as conn:
        [claimed] = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=desk.time())
        await finish_call(conn, claimed, Ended(ok=False, why="it answered HTTP 500"), now=desk.time())
    await desk.settle_all()
    first, last = await why(desk, "m1"), await why(desk, "m2")
    assert first.decision is not None
    assert last.decision is not None
    assert (first.decision.answered_with, last.decision.answered_with) == ("m2", None)
    assert first.message.calls == last.message.calls
    assert [(call.ok, call.why) for call in last.message.calls] == [(False, "it answered HTTP 500")]
    assert first.replies == last.replies
    [reply] = last.replies
    assert (reply.text, [button.url for button in reply.buttons]) == ("Here it is.", ["https://lola.example/t"])
