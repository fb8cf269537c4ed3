"""A conversation is written as a test that can be read, and that holds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.deciding.choice import Answered, Incoming, Options, Profile
from igbot.rules.model import RuleFile
from igbot.rules.reading.source import Report
from igbot.rules.testing.cases import Case, OwnerSays
from igbot.rules.testing.masking import Mask
from igbot.rules.testing.quoting import keepable
from igbot.rules.testing.reading import read_cases
from igbot.rules.testing.recording import Said, write_case
from tests.rules.testing.playing import SHOP, Shop
from tests.rules.testing.playing import UTC as ZONE

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def read(text: str) -> Case:
    """The one case that there must be."""
    report = Report()
    file = read_cases(RuleFile("a.test.yaml", text.encode()), report, zone=ZONE, beside=lambda _: None)
    assert [finding.message for finding in report.findings] == []
    assert file is not None
    [case] = file.cases
    return case


def customer(text: str, *, after: float = 0, rule: str | None = None, reason: str = "rule", kind: str = "text") -> Said:
    """A customer's message, so many seconds after noon."""
    return Said(NOON + timedelta(seconds=after), "customer", kind, text, reason=reason, rule=rule)


def test_a_recorded_conversation_holds() -> None:
    """Steps, an owner in between, buttons, a service's answer: written, read, and played by the same rules."""
    said = [
        customer("any prices?", rule="prices"),
        Said(NOON, "bot", "text", "From 10 €.", rule="prices"),
        Said(NOON + timedelta(minutes=5), "customer", "quick_reply", "Small", "SIZE_S", "rule", "size-tapped"),
        Said(
            NOON + timedelta(minutes=6),
            "customer",
            "text",
            "my order",
            reason="rule",
            rule="order",
            stubs={"orders": Answered(ok=True, answer={"status": "sent", "n": [1, None, True, 2.5, -3]})},
        ),
        customer("what?", after=400, reason="fallback", rule="other"),
        Said(NOON + timedelta(hours=1), "person", "text", "Hi, Eva here"),
        customer("a price", after=3700, reason="paused"),
        customer("", after=90_000, rule="thanks", kind="story_mention"),
    ]
    text = write_case(said, name="as it was")
    assert '      - { say: "any prices?", at: "+0s", expect: { rule: prices } }' in text.splitlines()
    assert '      - { say: "a price", at: "+1h1m40s", expect: { silent: paused } }' in text.splitlines()
    assert len(read(text).steps) == 7
    assert [result.status for result in Shop.of(SHOP).run(text)] == ["passed"]


def test_what_a_test_cannot_know_is_not_expected() -> None:
    """A window that had closed, another app's conversation, an emoji that is not kept."""
    said = [
        customer("a price", reason="window_closed"),
        customer("", kind="reaction", rule="heart"),
        customer("one", reason="rule", rule="story"),
    ]
    case = read(write_case(said, name="a"))
    assert [step.expect.rule and step.expect.rule.name for step in case.steps] == [None, None, "story"]


def test_a_conversation_with_a_stop_holds() -> None:
    """What came after it, what the loop guard silenced, and a message that was taken back, which is no step."""
    said = [
        customer("price", rule="prices"),
        customer("", after=10, reason="deleted"),
        customer("price", after=20, reason="loop_guard"),
        customer("Stop!", after=30, reason="opted_out"),
        customer("price", after=40, reason="opted_out"),
        customer("start", after=50, reason="opted_out"),
        customer("price", after=60, reason="paused"),
    ]
    text = write_case(said, name="a")
    assert '{ say: "price", at: "+20s", expect: { silent: loop_guard } }' in text
    assert len(read(text).steps) == 6
    [result] = Shop.of(SHOP, options=Options(loop_guard=1)).run(text)
    assert result.status == "passed"


def test_lines_that_were_answered_together_say_so() -> None:
    """The earlier ones are silent, the last is answered."""
    first = Said(NOON, "customer", "text", "a story", reason="rule", rule="story", answered_later=True)
    text = write_case([first, customer("of mine", after=3, rule="story")], name="a")
    assert [result.status for result in Shop.of(SHOP).run(text)] == ["passed"]


def test_what_came_before_is_remembered_as_history() -> None:
    """Who wrote, and which rule answered."""
    before = [
        Said(NOON - timedelta(days=2, seconds=5), "customer", "text", "gift?"),
        Said(NOON - timedelta(days=2), "bot", "text", "A gift.", rule="gift"),
    ]
    case = read(write_case([customer("gift", rule=None, reason="fallback")], name="a", before=before))
    assert [(past.author, past.rule and past.rule.name) for past in case.history] == [
        ("customer", None),
        ("bot", "gift"),
    ]
    assert case.person.known


def test_masked_everywhere_and_alike() -> None:
    """In what customer and owner say, in the profile, in what services answered."""
    said = [
        customer("order 55555 for Ana López", rule="order"),
        Said(NOON, "person", "text", "Ana, 55555 is on its way"),
        Said(NOON, "customer", "text", "x", stubs={"orders": Answered(ok=True, answer={"to": "ana@x.es", "n": 55555})}),
    ]
    text = write_case(said, name="a", profile=Profile("ana_92", "Ana López", True), mask=Mask(("Ana López", "ana_92")))
    for private in ("55555", "Ana", "ana", "López", "92"):
        assert private not in text
    case = read(text)
    assert case.steps[0].happening == Incoming("text", "order 10001 for Alex Robin")
    assert case.steps[1].happening == OwnerSays("Alex, 10001 is on its way")
    assert case.steps[2].stubs["orders"].answer == {"to": "person1@mail.example", "n": 10001}
    assert case.person.profile == Profile("somebody1", "Alex Robin", True)


def test_nothing_said_is_no_test() -> None:
    """A case without a step could not be read."""
    with pytest.raises(ValueError, match="nothing"):
        write_case([Said(NOON, "person", "text", "hi")], name="a")


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=30)), min_size=1, max_size=4), st.text(max_size=30))
def test_any_words_are_read_as_they_were_written(said: list[tuple[str, str]], name: str) -> None:
    """Quotes, colons, line breaks, controls, halves of characters: nothing breaks out of its place.

    What a test may not hold, and nobody can see, is left out.
    """
    written = [Said(NOON, "customer", "text", text, payload or None, "rule", "no") for text, payload in said]
    case = read(write_case(written, name=f"a{name}"))
    assert case.name == keepable(f"a{name}")
    happened = [step.happening for step in case.steps]
    assert [each.text for each in happened if isinstance(each, Incoming)] == [keepable(text) for text, _ in said]
    assert {step.expect.rule.name for step in case.steps if step.expect.rule} == {"no"}
