"""What customers ask for that no rule answers, put together, with a rule to begin with."""

from textwrap import indent

from hypothesis import given
from hypothesis import strategies as st

from igbot.insight import gaps as module
from igbot.insight.gaps import Gap, Gaps, Gathering
from igbot.insight.likeness import Form, group
from igbot.insight.past import Decided
from igbot.insight.replaying import Again, Answer
from igbot.rules.deciding.choice import Customer, Incoming
from igbot.rules.deciding.decision import decide
from igbot.rules.loading import Loaded
from tests.answering.talking import ANA, BEN, DAY, RULES, START, Desk, customer_says
from tests.insight.replayed import gaps, say, wrote
from tests.rules.writing import NOON, load

FALLBACK = Answer("fallback")


def gathered(*texts: str, taken: tuple[str, ...] = (), payload: str | None = None, kind: str = "text") -> Gaps:
    """The gaps of these messages."""
    gathering = Gathering()
    for number, text in enumerate(texts):
        message = Decided(START, number, kind, f"m{number}", text, payload)
        gathering.add(Again(message, text, FALLBACK, FALLBACK), ANA)
    return gathering.gaps(taken)


def pasted(groups: tuple[Gap, ...]) -> Loaded:
    """The rules of all groups, filled in and in use, as they load."""
    body = "".join(indent(gap.rule, "  ") for gap in groups if gap.rule)
    return load(
        "version: 1\nrules:\n" + "".join(line for line in body.splitlines(keepends=True) if "enabled" not in line)
    )


def shape(found: Gaps) -> list[tuple[int, tuple[str, ...]]]:
    """How many, and which keywords."""
    return [(gap.count, gap.keywords) for gap in found.groups]


def test_messages_that_ask_for_the_same_are_one_group() -> None:
    """Whatever stands around it, in any case and form; the largest group first, with three different examples."""
    found = gathered(
        "do you have gift cards?",
        "gift card please",
        "Can I buy a GIFT CARD",
        "gift card please",
        "do you restock the blue dress",
        "when is the blue dress back?",
        "tenéis tarjetas regalo?",
    )
    assert shape(found) == [(4, ("gift",)), (2, ("blue dress",)), (1, ("tarjetas regalo",))]
    assert [each.text for each in found.groups[0].examples] == [
        "gift card please",
        "Can I buy a GIFT CARD",
        "do you have gift cards?",
    ]
    assert (found.messages, found.unanswered) == (7, 7)


def test_a_group_brings_a_rule_to_paste_that_is_not_in_use_yet() -> None:
    """Its name is one that no rule has; what is to be filled in must not reach a customer by mistake."""
    [gap] = gathered("any vegan bags?", "vegan bags", taken=("vegan-bags",)).groups
    assert gap.rule == (
        "- name: vegan-bags-2\n"
        "  enabled: false # write the answer, then delete this line\n"
        '  keywords: ["vegan bags"]\n'
        '  reply: "Write the answer here."\n'
    )
    assert (gap.name, gap.keywords) == ("vegan-bags-2", ("vegan bags",))


def test_several_words_where_one_does_not_find_them_all() -> None:
    """A few at most."""
    [gap] = gathered("Geschenkkarten", "Geschenkkarte", "habt ihr Geschenkkarten?").groups
    assert gap.keywords == ("geschenkkarten", "geschenkkarte")


def test_what_has_no_words_is_put_together_as_well() -> None:
    """Numbers, emoji, scripts without spaces, pictures, buttons of old."""
    assert shape(gathered("🔥", "🔥🔥🔥")) == [(2, ("🔥",))]
    assert shape(gathered("价格多少", "请问价格多少")) == [(2, ("价格多少",))]
    [numbers] = gathered("12345", "#1234567").groups
    assert numbers.rule is not None
    assert 'keywords: [{ regex: "^#?[0-9]{5,7}$" }]' in numbers.rule
    [pictures] = gathered("", "", kind="image").groups
    assert (pictures.count, pictures.name) == (2, "image")
    [buttons] = gathered("Tap", payload="OLD", kind="postback").groups
    assert buttons.rule is not None
    assert 'payload: "OLD"' in buttons.rule


def test_where_there_is_no_word_to_go_by_there_is_no_rule() -> None:
    """Question marks, a link, and the words that no rule can have."""
    found = gathered("???", "https://x.example/a", "stop")
    assert [(gap.count, gap.rule) for gap in found.groups] == [(1, None)] * 3


def test_reactions_are_no_questions() -> None:
    """Nobody waits for an answer to a heart."""
    assert gathered("", kind="reaction").unanswered == 0


def test_too_many_different_messages_are_counted_only() -> None:
    """What was seen first is still told apart."""
    gathering = Gathering()
    for number in range(module.MOST_DIFFERENT + 5):
        gathering.add(Again(Decided(START, number, text=f"word{number}"), f"word{number}", FALLBACK, FALLBACK), ANA)
    gathering.add(Again(Decided(START, 0, text="word0"), "word0", FALLBACK, FALLBACK), ANA)
    assert (gathering.beyond, gathering.unanswered) == (5, module.MOST_DIFFERENT + 6)


def test_the_groups_are_the_same_in_whatever_order_messages_came() -> None:
    """Nothing depends on luck."""
    texts = ["gift card", "gift cards?", "blue dress", "the blue dress", "red dress", "vegan bag", "gift"]
    assert shape(gathered(*texts)) == shape(gathered(*reversed(texts)))


SENTENCES = st.lists(
    st.sampled_from(
        ["gift", "card", "the", "blue", "é", "dress?", "c++", "no", "#12", "价格", "🔥", "stop", "https://x.y", "don't"]
    ),
    max_size=5,
)


@given(st.lists(st.one_of(SENTENCES.map(" ".join), st.text(max_size=30)), min_size=1, max_size=12))
def test_every_rule_passes_lint_and_all_of_them_together(texts: list[str]) -> None:
    """Once it is filled in; whatever customers wrote. And a rule finds at least the message it was made of first."""
    found = gathered(*texts)
    assert sum(gap.count for gap in found.groups) == found.unanswered == len(texts)
    loaded = pasted(found.groups)
    assert [each.message for each in loaded.findings if each.severity == "error"] == []
    assert loaded.ruleset is not None
    for gap in found.groups:
        if gap.keywords:
            hits = [
                decide(loaded.ruleset, Incoming("text", each.text), Customer(ANA), now=NOON) for each in gap.examples
            ]
            assert any(choice.rule for choice in hits)


@given(st.lists(st.text(max_size=20), max_size=20))
def test_every_form_is_in_one_group(texts: list[str]) -> None:
    """None is lost, none is counted twice."""
    forms = [Form(text, number) for number, text in enumerate(dict.fromkeys(texts), start=1)]
    grouped = [form for each in group(forms) for form in each.forms]
    assert sorted(grouped, key=lambda form: form.count) == forms


async def test_gaps_are_what_no_rule_answered_and_none_would_now(desk: Desk) -> None:
    """Unmatched or fallback, in the time asked for; pauses and testers aside."""
    desk.testers = {BEN}
    await say(desk, "hello", "vegan bags", "any vegan bags?", "gift cards", "human", "shipping")
    await say(desk, "tester", igsid=BEN)
    await wrote(desk, "long ago", at=START - 60 * DAY)
    await wrote(desk, "story?", kind="story_mention", reason="unmatched")
    found = await gaps(desk)
    assert [(gap.count, gap.name) for gap in found.groups] == [
        (2, "vegan-bags"),
        (1, "story-mention"),
        (1, "gift-cards"),
    ]
    assert (found.messages, found.unanswered) == (6, 4)
    answered = RULES + "- {name: vegan, keywords: [vegan], reply: Yes.}\n"
    assert [gap.name for gap in (await gaps(desk, answered)).groups] == ["story-mention", "gift-cards"]


async def test_a_deleted_message_asks_for_nothing(desk: Desk) -> None:
    """Its customer has taken it back: it is neither counted nor decided again."""
    await say(desk, "gift cards?", "parking?")
    await desk.arrive(customer_says("", "", kind="deleted", about=f"m{ANA[-1]}-1"))
    await desk.settle_all()
    found = await gaps(desk)
    assert (found.messages, [gap.keywords for gap in found.groups]) == (1, [("parking",)])
