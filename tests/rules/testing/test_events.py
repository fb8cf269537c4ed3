"""What a customer does other than writing: every kind, in every form that tests may write it."""

import json

import pytest

from igbot.meta.events import CUSTOMER_KINDS
from igbot.rules.deciding.choice import Incoming
from tests.rules.testing.playing import Shop, case, read


def event(body: str, *, beside: dict[str, bytes] | None = None) -> Incoming:
    """The event of a test."""
    found = read(case(f"event: {body}, expect: {{silent: false}}"), beside=beside)
    assert found.file, found.told
    assert not found.findings, found.told
    happening = found.file.cases[0].steps[0].happening
    assert isinstance(happening, Incoming)
    return happening


def wrong(body: str, *, beside: dict[str, bytes] | None = None) -> list[str]:
    """What is wrong with the event of a test."""
    found = read(case(f"event: {body}, expect: {{silent: false}}"), beside=beside)
    return [f"{each.message} ({each.hint})" for each in found.findings]


@pytest.mark.parametrize("kind", sorted(CUSTOMER_KINDS))
def test_every_kind_can_be_named(kind: str) -> None:
    """With all that rules may ask of it."""
    assert event(f"{{kind: {kind}}}") == Incoming(kind)  # type: ignore[arg-type]
    details = "text: a, payload: b, emoji: c, story: d, post: e, ad: f"
    assert event(f"{{kind: {kind}, {details}}}") == Incoming(kind, "a", "b", "c", "d", "e", "f")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{quick_reply: SHIP_ES}", Incoming("quick_reply", payload="SHIP_ES")),
        ("{quick_reply: SHIP_ES, text: Spain}", Incoming("quick_reply", "Spain", "SHIP_ES")),
        ("{postback: START}", Incoming("postback", payload="START")),
        ("{referral: summer, ad: '12'}", Incoming("referral", payload="summer", ad="12")),
        ("{reaction: ❤️}", Incoming("reaction", emoji="❤️")),
        ("{reaction: true}", Incoming("reaction")),
        ("{image: true}", Incoming("image")),
        ("{image: true, text: which size?}", Incoming("image", "which size?")),
        ("{story_mention: true}", Incoming("story_mention")),
        ("{story_reply: '1789', text: wow}", Incoming("story_reply", "wow", story="1789")),
        ("{share: '1800'}", Incoming("share", post="1800")),
        ("{unsupported: true}", Incoming("unsupported")),
    ],
)
def test_a_kind_is_also_a_key_with_what_it_is_about(body: str, message: Incoming) -> None:
    """The short form."""
    assert event(body) == message


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{kind: storymention}", '"storymention" is no kind of message (did you mean "story_mention"?)'),
        ("{imagge: true}", 'event has no key "imagge" (did you mean "image"?)'),
        ("{image: false}", "image is what happens here (write true, or another kind)"),
        ("{image: true, video: true}", "an event is of one kind only (for example {kind: story_mention})"),
        ("{text: hi}", "an event wants one kind of message (for example {kind: story_mention})"),
        ("story_mention", "event wants a map of keys, not 'story_mention' ()"),
    ],
)
def test_what_is_no_event_is_told(body: str, told: str) -> None:
    """With the right word where there is one near."""
    assert told in wrong(body)


def webhook(*items: dict[str, object]) -> bytes:
    """A body as Meta posts it."""
    return json.dumps({"object": "instagram", "entry": [{"id": "1", "time": 1, "messaging": list(items)}]}).encode()


def item(**fields: object) -> dict[str, object]:
    """One item of a customer."""
    return {"sender": {"id": "77"}, "recipient": {"id": "1"}, "timestamp": 1764000000000, **fields}


def test_a_webhook_that_meta_once_sent_can_be_played() -> None:
    """Read by the same code that reads it live; the file lies beside the test."""
    message = {"mid": "m1", "text": "Small", "quick_reply": {"payload": "SIZE_S"}}
    body = webhook(item(message=message))
    assert event("{payload: tap.json}", beside={"tap.json": body}) == Incoming("quick_reply", "Small", "SIZE_S")
    story = {"mid": "m2", "text": "wow", "reply_to": {"story": {"id": "9", "url": "https://x.example"}}}
    assert event("{payload: s.json}", beside={"s.json": webhook(item(message=story))}) == Incoming(
        "story_reply", "wow", story="9"
    )


def test_a_webhook_that_is_missing_or_holds_something_else_is_told() -> None:
    """One customer's message, neither none nor two."""
    assert wrong("{payload: no.json}") == ["there is no file no.json (the path is relative to this file)"]
    one = item(message={"mid": "m1", "text": "a"})
    [several] = wrong("{payload: x.json}", beside={"x.json": webhook(one, one)})
    assert several.startswith("x.json holds 2 messages of a customer, and should hold one")
    [none] = wrong("{payload: x.json}", beside={"x.json": b"{}"})
    assert none.startswith("x.json holds no messages of a customer")


def test_rules_answer_events(shop: Shop) -> None:
    """As they would live."""
    told = shop.told(
        """\
        customer: {known: true}
        cases:
          - {name: a, event: {kind: story_mention}, expect: {rule: thanks}}
          - {name: b, event: {reaction: ❤}, expect: {rule: heart}}
          - {name: c, event: {image: true}, expect: {rule: picture}}
          - {name: d, event: {quick_reply: SIZE_S, text: Small}, expect: {rule: size-tapped, reply: Thanks for Small}}
          - {name: e, event: {postback: NONE}, expect: {rule: other}}
          - {name: f, event: {kind: referral}, expect: {silent: unmatched}}
        """
    )
    assert told == []
