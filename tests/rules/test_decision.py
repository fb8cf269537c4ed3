"""One message, one answer: which rule fits, which of those is best, and why."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igbot.meta.outgoing import Outgoing, QuickReply
from igbot.rules.deciding.decision import MOST_CONSIDERED, consider_all, decide
from igbot.rules.loading import load_rules
from igbot.rules.model import Incoming, RuleFile
from tests.rules.writing import choose, load, rules, says, with_rules

TWO = """
- {name: low, keywords: [price], reply: low}
- {name: high, keywords: [price, cost], priority: 5, reply: high}
"""


def test_the_highest_priority_answers() -> None:
    """Whatever stands first in the file."""
    assert says(TWO, "the price?") == "high"


@pytest.mark.parametrize(
    ("better", "worse", "text"),
    [
        ("{is: return shipping}", "return shipping", "return shipping!"),
        ("{starts: retur}", "return", "return shipping"),
        ("return shipping", "{starts: return}", "return shipping"),
        ("return shipping", "shipping", "return shipping"),
        ("{ends: ping}", "shipping", "return shipping"),
        ("shipping", "{contains: return shipping}", "return shipping"),
        ("shipping", "return", "return shipping"),
    ],
)
def test_the_more_exact_matcher_answers(better: str, worse: str, text: str) -> None:
    """is, phrase and edges, word, contains; then more words, then more characters; wherever they stand."""
    for first, second in ((better, worse), (worse, better)):
        body = f"- {{name: one, keywords: [{first}], reply: a}}\n- {{name: two, keywords: [{second}], reply: b}}"
        assert says(body, text) == ("one" if first == better else "two")


def test_more_conditions_answer_before_fewer() -> None:
    """Where the keyword is the same."""
    body = """
    - {name: one, keywords: [price], reply: a}
    - {name: two, keywords: [price], kinds: [text], reply: b}
    """
    assert says(body, "price") == "two"


def test_the_first_in_the_files_answers_where_all_else_is_equal() -> None:
    """File names in byte order, then the place in the file."""
    text = "version: 1\nrules: [{name: NAME, keywords: [price], reply: a}, {name: NAME2, keywords: [price], reply: a}]"
    files = [
        RuleFile(path, text.replace("NAME", name).encode()) for path, name in [("b/x.yaml", "bb"), ("a.yaml", "aa")]
    ]
    for given_order in (files, files[::-1]):
        loaded = load_rules(given_order)
        assert loaded.ruleset is not None
        choice = decide(loaded.ruleset, Incoming("text", "price"), default_reply="")
        assert [each.rule for each in choice.considered] == ["aa", "aa2", "bb", "bb2"]


def test_all_wants_every_keyword_and_not_wants_none() -> None:
    """`match: all` and `not`."""
    body = "- {name: one, match: all, keywords: [order, where], not: [wholesale], reply: a}"
    assert says(body, "where is my order") == "one"
    assert says(body, "my order") is None
    assert says(body, "where is my wholesale order") is None


def test_a_rule_may_only_exclude() -> None:
    """It then fits every text without those words, but nothing without text."""
    body = "- {name: one, kinds: [text, image], not: [stopper], reply: a}"
    assert says(body, "anything") == "one"
    assert says(body, "the stopper") is None
    assert says(body, "", kind="image") is None


def test_a_payload_is_taken_whole_or_by_its_beginning() -> None:
    """Exactly as sent, upper and lower case apart; the longer of two is better."""
    body = """
    - {name: ask, keywords: [shipping], reply: {text: a, quick_replies: [{title: S, payload: SHIP_ES}]}}
    - {name: some, payload: "SHIP_*", reply: a}
    - {name: spain, payload: [SHIP_ES], reply: b}
    """
    assert says(body, "Spain", kind="quick_reply", payload="SHIP_ES") == "spain"
    assert says(body, "Other", kind="quick_reply", payload="SHIP_EU") == "some"
    assert says(body, "shipping", kind="quick_reply", payload="ship_es") == "ask"
    assert says(body, "Spain", kind="text") is None


def test_payload_and_keywords_join_by_and() -> None:
    """Both must fit."""
    body = """
    - {name: ask, keywords: [x], reply: {text: a, quick_replies: [{title: "Yes", payload: P}]}}
    - {name: both, keywords: ["yes"], payload: P, reply: b}
    """
    assert says(body, "Yes", kind="quick_reply", payload="P") == "both"
    assert says(body, "Other", kind="quick_reply", payload="P") is None
    assert says(body, "Yes", kind="quick_reply", payload="Q") is None


@pytest.mark.parametrize(("kind", "rule"), [("text", "words"), ("story_mention", "love"), ("image", None)])
def test_a_rule_serves_its_kinds_only(kind: str, rule: str | None) -> None:
    """Typed text without the key."""
    body = "- {name: words, keywords: [hi], reply: a}\n- {name: love, kinds: [story_mention], reply: b}"
    assert says(body, "hi" if kind != "story_mention" else "", kind=kind) == rule


def test_the_fallback_answers_what_no_rule_answers() -> None:
    """Also pictures; never a reaction, a story mention or a referral."""
    body = "- {name: last, fallback: true, reply: what}\n- {name: hi, keywords: [hi], reply: a}"
    choice = choose(body, Incoming("text", "blah"), default_reply="unused")
    assert (choice.reason, choice.rule, choice.replies) == ("fallback", "last", (Outgoing("what"),))
    assert choose(body, Incoming("image")).reason == "fallback"
    for kind in ("reaction", "story_mention", "referral"):
        assert choose(body, Incoming(kind), default_reply="x").reason == "unmatched"


def test_without_a_fallback_the_default_reply_is_said() -> None:
    """And without either nothing is."""
    body = "- {name: hi, keywords: [hi], reply: a}"
    choice = choose(body, Incoming("text", "blah"), default_reply=" Sorry? ")
    assert (choice.reason, choice.rule, choice.replies) == ("fallback", None, (Outgoing("Sorry?"),))
    assert choose(body, Incoming("reaction"), default_reply="Sorry?").reason == "unmatched"
    assert choose(body, Incoming("text", "blah"), default_reply=" ").reason == "unmatched"


def test_an_empty_set_says_the_default_reply() -> None:
    """No files are no rules, and no error."""
    loaded = load_rules([])
    assert loaded.ruleset is not None
    assert (loaded.ruleset.count, loaded.findings) == (0, ())
    assert decide(loaded.ruleset, Incoming("text", "x"), default_reply="hm").replies == (Outgoing("hm"),)


def test_a_hand_off_says_its_words_last_and_how_long_it_lasts() -> None:
    """`handoff: true` lasts twelve hours and says nothing."""
    body = """
    - {name: person, keywords: [human], reply: "One moment.", handoff: {pause: 30m, say: "{{ message.text }} it is"}}
    - {name: quiet, keywords: [quiet], handoff: true}
    """
    choice = choose(body, Incoming("text", "Human"))
    assert [reply.text for reply in choice.replies] == ["One moment.", "Human it is"]
    assert choice.handoff is not None
    assert (choice.handoff.pause.total_seconds(), choice.handoff.say) == (1800, "Human it is")
    quiet = choose(body, Incoming("text", "quiet"))
    assert quiet.handoff is not None
    assert (quiet.handoff.pause.total_seconds(), quiet.handoff.say, quiet.replies) == (43200, None, ())


def test_quick_replies_come_with_the_text() -> None:
    """As written."""
    body = "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: T, payload: a}]}}"
    assert choose(body, Incoming("text", "a")).replies == (Outgoing("b", (QuickReply("T", "a"),)),)


def test_a_reply_that_comes_out_empty_is_not_sent() -> None:
    """The rule still won."""
    body = '- {name: a, kinds: [image], reply: "{{ message.text }}"}'
    choice = choose(body, Incoming("image"))
    assert (choice.rule, choice.replies) == ("a", ())


def test_the_choice_says_why() -> None:
    """The keyword that hit, the set, and the order of those that fitted."""
    choice = choose(TWO, Incoming("text", "price"))
    assert (choice.reason, choice.matched) == ("rule", 'word "price"')
    assert len(choice.digest) == 16
    assert [(each.rule, each.order) for each in choice.considered] == [
        ("high", (5, 5, 1, 5, 1)),
        ("low", (0, 5, 1, 5, 1)),
    ]


def test_everything_can_be_explained() -> None:
    """Every rule, yes or no and why, with its place."""
    body = """
    - {name: a, keywords: [price], reply: a}
    - {name: b, keywords: [cost, price], match: all, reply: b}
    - {name: c, keywords: [price], not: [the], reply: c}
    - {name: d, kinds: [image], reply: d}
    - {name: e, payload: "X*", reply: e}
    - {name: f, keywords: [x, y], reply: f}
    - {name: z, fallback: true, reply: z}
    """
    assert [
        (each.rule, each.fits, each.because) for each in consider_all(rules(body), Incoming("text", "the price"))
    ] == [
        ("a", True, 'word "price"'),
        ("b", False, 'all: word "cost" is missing'),
        ("c", False, 'not: word "the"'),
        ("d", False, "kinds: text is not one of its"),
        ("e", False, "payload: none came"),
        ("f", False, "keywords: none of 2"),
        ("z", True, "only if nothing else"),
    ]
    assert [each.line for each in consider_all(rules(body), Incoming("text", "y"))] == [8, 3, 4, 5, 6, 7, 9]


def test_a_decision_names_only_so_many_rules() -> None:
    """It is stored with every message."""
    body = "\n".join(f"- {{name: r{number}, keywords: [price], reply: a}}" for number in range(50))
    assert len(choose(body, Incoming("text", "price")).considered) == MOST_CONSIDERED


WORDS = ["a", "b", "c d", "d", "é", "🔥", "价"]
matchers = st.sampled_from(
    [*WORDS, *(f"{{{way}: {word}}}" for way in ("is", "starts", "ends", "contains") for word in WORDS)]
)


@st.composite
def rule_texts(draw: st.DrawFn) -> list[str]:
    """Rules as lines of YAML."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        keywords = ", ".join(draw(st.lists(matchers, min_size=1, max_size=3, unique=True)))
        excluded = ", ".join(draw(st.lists(matchers, min_size=1, max_size=2, unique=True)))
        extra = f", not: [{excluded}]" if draw(st.booleans()) else ""
        match = draw(st.sampled_from(["any", "all"]))
        priority = draw(st.integers(-1, 1))
        found.append(
            f"- {{name: r{number}, priority: {priority}, match: {match}, keywords: [{keywords}]{extra}, reply: a}}"
        )
    return found


@settings(max_examples=150, deadline=None)
@given(lines=rule_texts(), text=st.text("ab cdé🔥价!", max_size=10), seed=st.randoms(use_true_random=False))
def test_the_live_way_agrees_with_asking_every_rule(lines: list[str], text: str, seed: random.Random) -> None:
    """The index finds exactly the rules that fit, in one total order, however the files are handed over."""
    files = [RuleFile(f"{number}.yaml", with_rules(line).encode()) for number, line in enumerate(lines)]
    seed.shuffle(files)
    ruleset = load_rules(files).ruleset
    assert ruleset is not None
    message = Incoming("text", text)
    fitting = tuple(each for each in consider_all(ruleset, message) if each.fits)
    choice = decide(ruleset, message, default_reply="")
    assert choice.considered == fitting
    assert choice.rule == (fitting[0].rule if fitting else None)
    orders = [(*(-part for part in each.order or ()), each.file) for each in fitting]
    assert orders == sorted(orders)
    assert len(set(orders)) == len(orders)
    assert load(*[with_rules(line) for line in lines]).ruleset is not None


@given(st.text(max_size=60))
def test_no_message_raises(text: str) -> None:
    """Whatever a customer writes."""
    choose("- {name: a, keywords: [a, {contains: b}, {ends: c}], reply: '{{ message.text }}'}", Incoming("text", text))
