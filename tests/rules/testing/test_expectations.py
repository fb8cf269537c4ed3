"""Every key of `expect`: it holds where it should, and says what came where it does not."""

import pytest

from tests.rules.testing.playing import Shop, case


@pytest.mark.parametrize(
    "body",
    [
        "say: 'PRICE??', expect: {rule: prices}",
        "say: hi, customer: {known: true}, expect: {rule: other}",
        "say: hi, customer: {known: true}, expect: {rule: fallback}",
        "say: price, expect: {rule_not: sizes}",
        "say: price, expect: {rule_not: [sizes, gift]}",
        "say: price, expect: {reply: From 10 €.}",
        "say: price, expect: {reply: [From 10 €.]}",
        "say: price, expect: {reply_contains: 10}".replace("10", "'10'"),
        "say: price, expect: {reply_contains: [From, '€']}",
        "say: price, expect: {reply_matches: 'From [0-9]+ €'}",
        "say: size, expect: {buttons: [Small, Large]}",
        "say: price, expect: {buttons: []}",
        "say: gift, expect: {tags: [gifted]}",
        "say: price, expect: {tags: []}",
        "say: price, customer: {tags: [vip]}, expect: {tags: [vip]}",
        "say: gift, expect: {set: {likes: gifts}}",
        "say: human, expect: {handoff: true}",
        "say: price, expect: {handoff: false}",
        "say: price, expect: {silent: false}",
        "event: {reaction: 👍}, customer: {known: true}, expect: {silent: unmatched, rule: none}",
        "say: broken, expect: {alerts: 1}",
        "say: broken, expect: {alerts: [critical]}",
        "say: price, expect: {alerts: 0}",
        "say: price, expect: {messages: 1}",
        "say: broken, expect: {observers: [watch]}",
        "say: price, expect: {observers: []}",
        "say: price, expect: {max_bytes: 12}",
    ],
)
def test_an_expectation_that_is_met_says_nothing(shop: Shop, body: str) -> None:
    """One of each key, and of each form of it."""
    assert shop.told(case(body)) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("say: price, expect: {rule: sizes}", "1 rule: sizes | prices"),
        ("say: price, expect: {rule: none}", "1 rule: none | prices"),
        ("event: {reaction: 👍}, customer: {known: true}, expect: {rule: heart}", "1 rule: heart | none (unmatched)"),
        ("say: price, expect: {rule_not: prices}", "1 rule_not: not prices | prices"),
        ("say: price, expect: {reply: From 11 €.}", "1 reply: From 11 €. | From 10 €."),
        ("say: price, expect: {reply: [From 10 €., More.]}", "1 reply: From 10 €.\nMore. | From 10 €."),
        ("say: price, expect: {reply_contains: [From, '11']}", "1 reply_contains: 11 | From 10 €."),
        ("say: price, expect: {reply_matches: '^[0-9]'}", "1 reply_matches: ^[0-9] | From 10 €."),
        ("say: size, expect: {buttons: [Large, Small]}", "1 buttons: Large, Small | Small, Large"),
        ("say: size, expect: {buttons: []}", "1 buttons: none | Small, Large"),
        ("say: price, expect: {tags: [gifted]}", "1 tags: gifted | none"),
        ("say: gift, expect: {tags: []}", "1 tags: none | gifted"),
        ("say: price, expect: {set: {likes: gifts}}", "1 set likes: gifts | nothing"),
        ("say: price, expect: {handoff: true}", "1 handoff: true | false"),
        ("say: price, expect: {silent: true}", "1 silent: true | From 10 €."),
        ("say: price, expect: {silent: paused}", "1 silent: paused | an answer (rule)"),
        ("event: {reaction: 👍}, customer: {known: true}, expect: {silent: paused}", "1 silent: paused | unmatched"),
        ("event: {reaction: 👍}, customer: {known: true}, expect: {silent: false}", "1 silent: false | unmatched"),
        ("say: broken, expect: {alerts: 0}", "1 alerts: 0 | 1 (critical)"),
        ("say: price, expect: {alerts: 1}", "1 alerts: 1 | 0"),
        ("say: broken, expect: {alerts: [info]}", "1 alerts: info | critical"),
        ("say: price, expect: {messages: 2}", "1 messages: 2 | 1"),
        ("say: price, expect: {observers: [watch]}", "1 observers: watch | none"),
        ("say: price, expect: {max_bytes: 10}", "1 max_bytes: at most 10 | 12 bytes"),
        ("event: {reaction: 👍}, customer: {known: true}, expect: {reply: x}", "1 reply: x | nothing (unmatched)"),
    ],
)
def test_an_expectation_that_is_not_met_says_what_came(shop: Shop, body: str, told: str) -> None:
    """Expected first, then got."""
    assert shop.told(case(body)) == [told]


def test_everything_that_differs_is_told_at_once(shop: Shop) -> None:
    """So that one run shows all there is to mend."""
    told = shop.told(case("say: size, expect: {rule: prices, reply: x, messages: 3}"))
    assert [line.split(":")[0] for line in told] == ["1 rule", "1 reply", "1 messages"]


def test_several_replies_are_compared_in_their_order() -> None:
    """As one text with line breaks, or one by one."""
    shop = Shop.of(
        """
        version: 1
        rules:
          - {name: two, keywords: [two], reply: [First., Second.]}
          - {name: other, fallback: true, reply: "?"}
        """
    )
    assert shop.told(case('say: two, expect: {reply: "First.\\nSecond.", messages: 2}')) == []
    assert shop.told(case("say: two, expect: {reply: [First., Second.]}")) == []
    assert shop.told(case("say: two, expect: {reply: [Second., First.]}")) != []


def test_the_configured_text_is_the_fallback_where_no_rule_is() -> None:
    """So a test may always say `fallback`."""
    from igbot.rules.deciding.choice import Options

    rules = "version: 1\nrules:\n  - {name: a, keywords: [a], reply: A}\n"
    shop = Shop.of(rules, options=Options(default_reply="We will get back to you."))
    assert shop.told(case("say: hm, expect: {rule: fallback, reply: We will get back to you.}")) == []
