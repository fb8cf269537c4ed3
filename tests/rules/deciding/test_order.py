"""Which of several rules answers: the total order, who is in the contest at all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from igbot.meta.outgoing import Outgoing
from igbot.rules.conditions import TextCondition, When, WordList
from igbot.rules.deciding.choice import Customer, Incoming, Options
from igbot.rules.deciding.winning import MOST_CONSIDERED
from igbot.rules.matching.matchers import Fuzzy, Keyword, Matcher, Near, Pattern, Similar
from igbot.rules.rule import FALLBACK_KINDS
from tests.rules.deciding.building import ANA, NOW, answer, choose, explain, hours, rule, rules, said, text, word, words
from tests.rules.effort import calls


def test_the_highest_priority_answers() -> None:
    """Whatever is more exact or stands first."""
    given = rules(rule("low", text(Keyword.of("is", "the price"))), rule("high", words("price"), priority=1))
    assert answer(given, "the price") == "high"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Keyword.of("is", "return shipping"), word("return shipping")),
        (word("return shipping"), Keyword.of("starts", "return")),
        (Keyword.of("starts", "retur"), word("shipping")),
        (Keyword.of("ends", "ping"), word("shipping")),
        (word("shipping"), word("return")),
        (word("return"), Pattern("return ship+ing")),
        (Near(word("shipping"), (word("return"),)), word("return")),
        (Pattern("ret"), Keyword.of("contains", "return shipping")),
        (Keyword.of("contains", "turn"), Fuzzy("shipping", 1, "shipping")),
        (Fuzzy("return", 1, "return"), Similar("return shipping", 80, "return shipping")),
        (Similar("return shipping", 80, "return shipping"), None),
    ],
)
def test_the_more_exact_matcher_answers(better: Matcher, worse: Matcher | None) -> None:
    """is, phrase and edges, word, pattern, part, typing error, likeness, no keyword; then words, then characters."""
    weak = text(worse) if worse else When(first_message=True)
    for given in (("one", "two"), ("two", "one")):
        conditions = {"one": text(better), "two": weak}
        assert answer(rules(*(rule(name, conditions[name]) for name in given)), "return shipping") == "one"


def test_the_strongest_keyword_that_hit_counts() -> None:
    """Of those in branches that hold, wherever in the conditions; one that is left out counts nothing."""
    deep = When(any=(When(every=(text(TextCondition(every=(word("order"), word("my order")))),)), words("hm")))
    idle = text("my", TextCondition(every=(word("my order"), word("late"))))
    choice = choose(rules(rule("deep", deep), rule("idle", idle)), "my order")
    assert [(each.rule, each.order) for each in choice.considered] == [
        ("deep", (0, 6, 2, 8, 1)),
        ("idle", (0, 5, 1, 2, 1)),
    ]
    assert (choice.matched, choice.order) == ('word "my order"', (0, 6, 2, 8, 1))


def test_a_strong_keyword_counts_however_deep_it_stands() -> None:
    """Behind rules that look better at first sight, and beside those that every message may fit."""
    deep = TextCondition(any=(word("x"), TextCondition(every=(WordList("l", (Keyword.of("is", "a b"),)),))))
    given = rules(
        rule("boast", text(Keyword.of("is", "something else"), "b")),
        rule("flat", words("a b")),
        rule("deep", When(any=(words("y"), When(every=(text("z", deep),))))),
        rule("paid", When(every=(When(payloads=("P",)),))),
        rule("any", When(first_message=True)),
        rule("first", When(test=False), priority=1),
        rule("last", words("a"), priority=-1),
    )
    choice = choose(given, Incoming("text", "A b!", "P"))
    assert [each.rule for each in choice.considered] == ["first", "deep", "paid", "flat", "boast", "any", "last"]


def test_of_equally_strong_keywords_the_one_written_first_is_named() -> None:
    """However the set numbers them, and also through a list."""
    listed = WordList("both", (word("cost"), word("free")))
    given = rules(rule("other", words("free"), priority=-1), rule("one", text("x", listed)))
    assert choose(given, "free of cost").matched == 'word "cost"'
    assert choose(given, "free").matched == 'word "free"'


def test_a_payload_counts_as_the_whole_message() -> None:
    """Its characters too, without the star; a text that hits beside it counts for less."""
    given = rules(
        rule("some", When(payloads=("SHIP_*",))),
        rule("both", replace(words("spain"), payloads=("SHIP_ES",))),
        rule("word", words("spain"), priority=0),
    )
    choice = choose(given, Incoming("quick_reply", "Spain", "SHIP_ES"))
    assert [(each.rule, each.order, each.because) for each in choice.considered] == [
        ("both", (0, 8, 1, 7, 1), 'payload "SHIP_ES"'),
        ("some", (0, 8, 1, 5, 1), 'payload "SHIP_*"'),
        ("word", (0, 5, 1, 5, 1), 'word "spain"'),
    ]
    assert answer(given, Incoming("quick_reply", "x", "SHIP_")) == "some"
    many = rules(rule("many", When(payloads=("S*", "SHIP_*", "SHIP_ES", "SHIP_ES*"))))
    assert choose(many, Incoming("postback", payload="SHIP_ES")).matched == ""
    assert choose(many, Incoming("quick_reply", "x", "SHIP_ES")).matched == 'payload "SHIP_ES"'


def test_more_conditions_answer_before_fewer() -> None:
    """Where the keyword is the same."""
    given = rules(rule("one", words("price"), conditions=1), rule("two", words("price"), conditions=2))
    assert answer(given, "price") == "two"


def test_the_first_in_the_files_answers_where_all_else_is_equal() -> None:
    """Files by their path, then the place in the file, however they were read."""
    first = [rule(name, words("price"), file="a.yaml") for name in ("z", "y")]
    second = [rule(name, words("price"), file="b/a.yaml") for name in ("b", "a")]
    for given in ([*first, *second], [*second, *first]):
        assert [each.rule for each in choose(rules(*given), "price").considered] == ["z", "y", "b", "a"]


def test_what_hit_is_told_where_no_keyword_did() -> None:
    """The conditions that held, an emoji, or the kind."""
    when = When(first_message=True, test=False)
    assert choose(rule("a", when), "x").matched == "first_message, test"
    assert choose(
        rule("a", When(emojis=("❤",)), kinds=frozenset({"reaction"})), Incoming("reaction", emoji="❤")
    ).matched
    assert choose(rule("a", kinds=frozenset({"image"})), Incoming("image")).matched == "kinds: image"


def test_a_rule_serves_its_kinds_only() -> None:
    """Whatever its conditions say."""
    given = rules(rule("typed", words("hi")), rule("love", kinds=frozenset({"story_mention"})))
    assert answer(given, "hi") == "typed"
    assert answer(given, Incoming("story_mention")) == "love"
    assert answer(given, Incoming("image", "hi")) is None


def test_rules_of_other_accounts_are_not_seen() -> None:
    """Not even by those who explain."""
    given = rules(
        rule("ours", words("hi"), accounts=frozenset({"shop"})),
        rule("theirs", words("hi"), accounts=frozenset({"other"}), priority=5),
        rule("all", words("hi")),
    )
    assert [each.rule for each in choose(given, "hi").considered] == ["ours", "all"]
    assert [each.rule for each in explain(given, "hi")] == ["ours", "all"]
    assert answer(given, "hi", Customer("1", "other")) == "theirs"


def test_a_rule_rests_when_it_is_switched_off_or_out_of_its_dates() -> None:
    """From its first moment up to, not with, its last."""
    sale = rule("sale", words("sale"), starts=NOW, ends=NOW + hours(1))
    assert answer(sale, "sale", now=NOW - timedelta(seconds=1)) is None
    assert answer(sale, "sale") == "sale"
    assert answer(sale, "sale", now=NOW + hours(1)) is None
    off = rule("off", words("sale"), enabled=False)
    assert answer(off, "sale") is None
    reasons = [explain(rules(sale), "sale", now=NOW + hours(after))[0].because for after in (-1, 0, 1)]
    assert reasons == ["from: not before 2026-11-24 11:00", 'word "sale"', "until: over since 2026-11-24 12:00"]
    assert explain(rules(off), "sale")[0].because == "enabled: false"


def test_the_fallback_answers_what_no_rule_answers() -> None:
    """Of its kinds, and whatever its priority."""
    last = rule("last", fallback=True, priority=900, kinds=FALLBACK_KINDS)
    given = rules(last, rule("hi", words("hi"), priority=-900))
    choice = choose(given, "blah", options=Options("unused"))
    assert (choice.reason, choice.rule, said(choice), choice.matched) == ("fallback", "last", ["last"], "")
    assert [(each.rule, each.because) for each in choice.considered] == [("last", "only if nothing else")]
    assert choose(given, "hi").reason == "rule"
    assert choose(given, Incoming("reaction", emoji="❤"), options=Options("unused")).reason == "unmatched"


def test_each_account_has_its_own_fallback() -> None:
    """Which goes before one for all, wherever they stand; conditions of it hold as for any rule."""
    everybody = rule("everybody", fallback=True)
    ours = rule("ours", fallback=True, accounts=frozenset({"shop"}))
    assert answer(rules(everybody, ours), "blah") == "ours"
    assert answer(rules(everybody, ours), "blah", Customer("1", "other")) == "everybody"
    away = replace(ours, enabled=False)
    assert answer(rules(everybody, away), "blah") == "everybody"
    picky = rule("picky", text(min_words=3), fallback=True)
    assert choose(picky, "too short", options=Options("unused")).reason == "unmatched"


def test_without_a_fallback_the_default_reply_is_said() -> None:
    """To the kinds that a fallback would answer; without one nothing is."""
    hi = rule("hi", words("hi"))
    choice = choose(hi, "blah", options=Options(" Sorry? "))
    assert (choice.reason, choice.rule, choice.replies) == ("fallback", None, (Outgoing("Sorry?"),))
    assert choose(hi, Incoming("image"), options=Options("Sorry?")).reason == "fallback"
    assert choose(hi, Incoming("story_mention"), options=Options("Sorry?")).reason == "unmatched"
    assert choose(hi, "blah", options=Options(" ")).reason == "unmatched"
    assert choose(rules(), "blah", options=Options("Sorry?")).reason == "fallback"


def test_a_decision_names_only_so_many_rules() -> None:
    """It is stored with every message; the winner is always among them."""
    given = rules(*(rule(f"r{number}", words("price")) for number in range(50)))
    assert len(choose(given, "price").considered) == MOST_CONSIDERED
    assert len(explain(given, "price")) == 50
    assert ANA.memory.messages == 0


@pytest.mark.parametrize("when", [When(), When(text=TextCondition(none=(word("x"),))), words("price")])
def test_no_more_rules_are_asked_than_are_named(when: When) -> None:
    """Of those that fit as well as they can; the others could not be better."""
    few, many = (rules(*(rule(f"r{number}", when) for number in range(count))) for count in (50, 1000))
    assert calls(lambda: choose(many, "price")) < calls(lambda: choose(few, "price")) + 50
