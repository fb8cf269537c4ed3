"""Decisions agree with a slow and obvious way of making them, on any rules and messages."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from igbot.rules.conditions import Comparison, CustomerCondition, TextCondition, TextNode, When, WordList
from igbot.rules.deciding.choice import Considered, Customer, Incoming, Options, Profile
from igbot.rules.deciding.measures import words as count_words
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.responding import Standing
from igbot.rules.deciding.ruleset import RuleSet, build_ruleset, take_apart
from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import NO_TEXT, Fuzzy, Keyword, Matcher, Pattern, Rank, Text, payload_rank
from igbot.rules.rule import Rule
from tests.rules.deciding.building import NOW, choose, explain, rule, turn

PAUSED = Standing(paused_until=NOW + timedelta(hours=1), customer_at=NOW)
WORDS = ["a", "b", "c d", "é", "🔥", "价", "order"]
KINDS = ["text", "quick_reply", "reaction", "image"]
PAYLOADS = ["X", "XY", "X*", "*"]

keywords = st.builds(Keyword.of, st.sampled_from(["is", "word", "starts", "ends", "contains"]), st.sampled_from(WORDS))
matchers = keywords | st.sampled_from([Pattern("[ab] "), Pattern("d$", raw=True), Fuzzy("order", 1, "order")])
lists = st.builds(WordList, st.just("list"), st.lists(matchers, min_size=1, max_size=3).map(tuple))
bounds = st.none() | st.integers(0, 3)


def tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few of them, mostly none."""
    return st.just(()) | st.lists(of, max_size=3).map(tuple)


def conditions(node: st.SearchStrategy[Any]) -> st.SearchStrategy[TextCondition]:
    """Conditions on the text over some nodes: mostly of one key, sometimes of several."""
    some = st.lists(node, min_size=1, max_size=4).map(tuple)
    few = st.lists(node, min_size=1, max_size=2).map(tuple)
    return st.one_of(
        st.builds(TextCondition, any=some),
        st.builds(TextCondition, every=few),
        st.builds(TextCondition, none=few),
        st.builds(TextCondition, any=some, none=tuples(node), max_words=bounds),
        st.builds(TextCondition, any=some, every=few),
        st.builds(TextCondition, min_words=bounds, max_words=bounds),
    )


texts = conditions(st.recursive(matchers | lists, conditions, max_leaves=4))
turns = st.builds(Comparison, st.sampled_from(["<", "<=", ">", ">=", "=="]), st.integers(1, 3))
flat = st.one_of(
    *[st.builds(When, text=texts)] * 6,
    st.builds(When, payloads=st.lists(st.sampled_from(PAYLOADS), min_size=1, max_size=3).map(tuple)),
    st.builds(When, text=texts, payloads=tuples(st.sampled_from(PAYLOADS))),
    st.builds(When, emojis=tuples(st.sampled_from(["❤", "👍"])), stories=tuples(st.sampled_from(["s1", "s2"]))),
    st.builds(When, turn=turns, test=st.sampled_from([None, None, True])),
    st.builds(When, kinds=st.frozensets(st.sampled_from(KINDS), min_size=2)),
    st.builds(When, customer=st.builds(CustomerCondition, tags_any=st.frozensets(st.sampled_from("xy"), max_size=1))),
)
whens = st.recursive(
    flat,
    lambda inner: st.one_of(
        st.builds(When, any=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(lambda when, every, none: replace(when, every=every, none=none), flat, tuples(inner), tuples(inner)),
    ),
    max_leaves=4,
)


@st.composite
def sets_of_rules(draw: st.DrawFn) -> list[Rule]:
    """Rules of a few files."""
    return [
        rule(
            f"r{number}",
            draw(whens),
            file=draw(st.sampled_from(["a.yaml", "b/a.yaml", "b.yaml"])),
            kinds=frozenset({"text", *draw(st.frozensets(st.sampled_from(KINDS)))}),
            priority=draw(st.integers(-1, 1)),
            conditions=draw(st.integers(0, 2)),
            enabled=draw(st.integers(0, 5)) > 0,
            observe=draw(st.integers(0, 5)) == 0,
            accounts=draw(st.sampled_from([None, None, frozenset({"shop"}), frozenset({"other"})])),
        )
        for number in range(draw(st.integers(3, 10)))
    ]


sentences = st.lists(st.sampled_from([*WORDS, "d", "ordre", "!"]), min_size=2, max_size=6).map(" ".join)
messages = st.builds(
    Incoming,
    st.sampled_from(["text", "text", *KINDS]),
    text=sentences | st.text("ab cdé🔥价!", max_size=9),
    payload=st.sampled_from([None, None, "X", "XY", "Z"]),
    emoji=st.sampled_from([None, "❤️", "👍🏽"]),
    story=st.sampled_from([None, "s1"]),
    test=st.booleans(),
)
customers = st.builds(
    Customer,
    st.just("1"),
    st.just("shop"),
    st.builds(Memory, messages=st.integers(0, 3), tags=st.frozensets(st.sampled_from(["x", "y"]))),
    st.just(Profile()),
)


def best_of_text(node: TextNode, text: Text) -> Rank | None:
    """How much a node of a text condition counts, None where it does not hold."""
    if isinstance(node, WordList):
        return best_of_text(TextCondition(any=node.any), text)
    if not isinstance(node, TextCondition):
        return node.rank if hit_alone(node, text) else None
    every = [best_of_text(each, text) for each in node.every]
    some = [rank for each in node.any if (rank := best_of_text(each, text)) is not None]
    count = count_words(text)
    holds = (
        bool(text.plain)
        and not any(best_of_text(each, text) is not None for each in node.none)
        and None not in every
        and (bool(some) or not node.any)
        and (node.min_words is None or count >= node.min_words)
        and (node.max_words is None or count <= node.max_words)
    )
    return max([NO_TEXT, *some, *filter(None, every)]) if holds else None


def hit_alone(matcher: Matcher, text: Text) -> bool:
    """Whether one matcher hits, without any others."""
    return build_index([matcher]).hits(text) == {0}


def best_of(when: When, message: Incoming, customer: Customer) -> Rank | None:
    """How much conditions count, None where they do not hold."""
    ranks: list[Rank] = [NO_TEXT]
    if when.text:
        rank = best_of_text(when.text, Text.of(message.text))
        if rank is None:
            return None
        ranks.append(rank)
    if when.payloads:
        payload = message.payload
        taken = [w for w in when.payloads if w == payload or (w[-1] == "*" and (payload or "-").startswith(w[:-1]))]
        if payload is None or not taken:
            return None
        ranks.append(max(map(payload_rank, taken)))
    tags = when.customer.tags_any if when.customer else frozenset()
    others = [
        when.kinds is None or message.kind in when.kinds,
        not when.emojis or (message.emoji or "-")[0] in when.emojis,
        not when.stories or message.story in when.stories,
        when.turn is None or when.turn.holds(customer.memory.messages + 1),
        not tags or bool(tags & customer.memory.tags),
        when.test is None or when.test == message.test,
        all(best_of(each, message, customer) is None for each in when.none),
    ]
    every = [best_of(each, message, customer) for each in when.every]
    some = [rank for each in when.any if (rank := best_of(each, message, customer)) is not None]
    if not all(others) or None in every or (when.any and not some):
        return None
    return max([*ranks, *filter(None, every), *some])


def reference(given: list[Rule], message: Incoming, customer: Customer) -> tuple[list[str], list[str]]:
    """The names of the rules that answer, best first, and of the observers that run."""
    found = []
    for place, each in enumerate(sorted(given, key=lambda each: each.file)):
        ours = each.accounts is None or customer.account in each.accounts
        rank = best_of(each.when, message, customer) if ours and each.enabled and message.kind in each.kinds else None
        if rank is not None:
            found.append(((-each.priority, *(-part for part in rank), -each.conditions, place), place, each))
    answering = [each.name for _, _, each in sorted(found, key=lambda one: one[0]) if not each.observe]
    return answering, [each.name for _, place, each in sorted(found, key=lambda one: one[1]) if each.observe]


def lines(considered: tuple[Considered, ...]) -> list[str]:
    """The names of those that fit and compete."""
    return [each.rule for each in considered if each.fits and each.order]


@settings(max_examples=400, deadline=None)
@given(given_rules=sets_of_rules(), message=messages, customer=customers)
def test_the_index_finds_what_walking_through_every_rule_finds(
    given_rules: list[Rule], message: Incoming, customer: Customer
) -> None:
    """The same rules in the same order, whether asked for the decision or for every reason."""
    answering, observing = reference(given_rules, message, customer)
    ruleset = build_ruleset("d", given_rules)
    choice = choose(ruleset, message, customer)
    assert lines(choice.considered) == answering
    assert choice.rule == (answering[0] if answering else None)
    assert list(choice.observers) == observing
    everything = explain(ruleset, message, customer)
    assert lines(everything) == answering
    visible = [each.name for each in given_rules if each.accounts is None or "shop" in each.accounts]
    assert sorted(each.rule for each in everything) == sorted(visible)
    assert "it does not fit" not in {each.because for each in everything}


@settings(max_examples=200, deadline=None)
@given(given_rules=sets_of_rules(), message=messages, customer=customers, seed=st.randoms(use_true_random=False))
def test_the_order_is_total_and_independent_of_how_files_are_read(
    given_rules: list[Rule], message: Incoming, customer: Customer, seed: random.Random
) -> None:
    """No two rules are equal, and the files may come in any order."""
    first = choose(build_ruleset("d", given_rules), message, customer)
    files = list(dict.fromkeys(each.file for each in given_rules))
    seed.shuffle(files)
    mixed = [each for file in files for each in given_rules if each.file == file]
    assert choose(build_ruleset("d", mixed), message, customer) == first
    places = {each.name: place for place, each in enumerate(sorted(given_rules, key=lambda each: each.file))}
    keys = [(*(-part for part in each.order), places[each.rule]) for each in first.considered if each.order]
    assert keys == sorted(set(keys))


@given(given_rules=sets_of_rules(), message=messages, customer=customers)
def test_to_be_silent_changes_nothing_but_the_answer(
    given_rules: list[Rule], message: Incoming, customer: Customer
) -> None:
    """Observers and the count of messages are the same."""
    ruleset = build_ruleset("d", given_rules)
    spoken = turn(ruleset, message, customer)
    paused = turn(ruleset, message, customer, standing=PAUSED)
    assert paused.observers == spoken.observers
    assert paused.memory.messages == spoken.memory.messages


@given(st.text(max_size=80), st.sampled_from(KINDS))
def test_no_message_raises(written: str, kind: Any) -> None:
    """Whatever a customer writes; and what a rule says of it can be stored."""
    given_rules = [
        rule("a", When(text=TextCondition(min_words=1, has_link=False, question=False)), "{message.text}"),
        rule("b", When(text=TextCondition(none=(Keyword.of("contains", "b"),)))),
    ]
    choice = choose(build_ruleset("d", given_rules), Incoming(kind, written, written, written), options=Options("x"))
    for reply in choice.replies:
        reply.text.encode()


def test_a_set_can_be_taken_apart() -> None:
    """Into pieces that hold all of it, rule by rule."""
    ruleset: RuleSet = build_ruleset("d", [rule("a", When(text=TextCondition(any=(Keyword.of("word", "a"),))))])
    pieces = take_apart(ruleset)
    assert set(map(id, ruleset.entries)) <= set(map(id, pieces))
    assert ruleset.index in pieces
