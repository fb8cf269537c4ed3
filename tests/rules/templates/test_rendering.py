"""Replies are filled in, and nothing in them is ever run."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.templates.filters import FILTERS
from igbot.rules.templates.model import Value
from igbot.rules.templates.presentable import presentable
from igbot.rules.templates.rendering import longest_text
from tests.rules.templates.filling import VALUES, fill, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain } text { 100 % #1", "plain } text { 100 % #1"),
        ("Hi from {{ shop.name }}!", "Hi from lola wear!"),
        ("{{ shop.name | title }}", "Lola Wear"),
        ("{{ shop.name | upper | lower }}", "lola wear"),
        ("{{ rule.name }}: {{ match.keyword }} ({{ message.kind }})", "hello: how much (text)"),
        ("{{ message.text | truncate(10) }}", "how much…"),
        ("{{ message.text | truncate(14) }}", "how much is it"),
        ("{{ message.text | url }}", "how%20much%20is%20it"),
        ("{{ '{{' }} is how it begins", "{{ is how it begins"),
        ("  padded\n", "padded"),
        ("#{{ match.1 }}: {{ slots.order.status | upper }}", "#12345: ON ITS WAY"),
        ("{{ slots.order.total }} {{ slots.order.total | number }}", "1234.5 1,234.5"),
        ("{{ match.1 | number }} {{ message.text | number }}", "12,345 how much is it"),
        ("{{ slots.order.lines.0.name | default('-') }}", "-"),
    ],
)
def test_names_and_filters_are_filled_in(text: str, expected: str) -> None:
    """Customers' words, what a service answered, and what the owner calls things."""
    assert fill(text) == expected


def test_a_default_stands_in_for_nothing() -> None:
    """Only where the value is empty; a no and a zero are values."""
    text = "{{ message.text | default('that') }}"
    values: list[Value] = ["", None, "this", False, 0]
    assert [fill(text, {"message.text": value}) for value in values] == ["that", "that", "this", "no", "0"]
    assert fill("[{{ message.text }}]", {}) == "[]"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "yes 1,234,567.25 in 3 hours Nov 24, 2026 7:30 AM"),
        ("es-MX", "sí 1,234,567.25 dentro de 3 horas 24 nov 2026 7:30 a.m."),
        ("de", "ja 1.234.567,25 in 3 Stunden 24.11.2026 07:30"),
        ("ja", "yes 1,234,567.25 3 時間後 2026/11/24 7:30"),
        ("no-such-thing", "yes 1 234 567,25 om 3 timer 24. nov. 2026 07:30"),
        ("qq", "yes 1,234,567.25 in 3 hours Nov 24, 2026 7:30 AM"),
        ("", "yes 1,234,567.25 in 3 hours Nov 24, 2026 7:30 AM"),
    ],
)
def test_values_are_written_as_the_language_writes_them(language: str, expected: str) -> None:
    """Yes and no, numbers, distances, moments; as in English where the language is not known."""
    values: dict[str, Value] = {
        "customer.follows": True,
        "match.1": 1234567.25,
        "match.no": timedelta(hours=3),
        "now": datetime(2026, 11, 24, 6, 30, tzinfo=UTC),
    }
    text = "{{ customer.follows }} {{ match.1 | number }} {{ match.no | human }} {{ now }}"
    assert fill(text, values, language=language).replace("\xa0", " ").replace("\u202f", " ") == expected


def test_a_customers_text_is_never_read_as_a_template() -> None:
    """Template signs in a message come out as they are."""
    assert fill("You wrote {{ message.text }}", {"message.text": "{{ shop.name }}{% x %}"}) == (
        "You wrote {{ shop.name }}{% x %}"
    )


def test_what_comes_from_outside_is_made_fit_to_be_shown() -> None:
    """One line, no controls, no turned writing direction, at most 200 characters, no torn grapheme."""
    assert presentable("a\u202eb\x00c\x1b[31m\nd \ud800e") == "abc[31m d e"
    assert presentable("x" * 300) == "x" * 200
    assert presentable("👩\u200d👧" * 100) == "👩\u200d👧" * 66
    assert len(presentable("e" + "\u0301" * 1000)) == 200
    for name in ("message.text", "match.1", "customer.first_name", "slots.order.status", "customer.set.size"):
        assert fill(f"{{{{ {name} }}}}", {name: "a\u202eb\nc" + "x" * 300}).startswith("ab cx")
        assert len(fill(f"{{{{ {name} }}}}", {name: "x" * 300})) <= 200


def test_a_number_beyond_all_sense_is_not_said() -> None:
    """A service may answer with a thousand digits."""
    assert fill("[{{ slots.order.total }}]", {"slots.order.total": 10**5000}) == "[]"
    assert fill("{{ slots.order.total | number }}", {"slots.order.total": 1e300}) == "1e+300"


ANYTHING = st.one_of(
    st.text(max_size=300), st.integers(), st.floats(), st.booleans(), st.none(), st.datetimes(), st.timedeltas()
)
STEPS = st.lists(st.sampled_from([way.example for way in FILTERS.values()] + ["date", "date('long')"]), max_size=3)


@given(ANYTHING, STEPS, st.sampled_from(["en", "es", "ja", "ar", "tr"]))
def test_any_value_can_be_inserted(value: Value, steps: list[str], language: str) -> None:
    """Whatever filters it goes through, the result can be sent."""
    fill(" | ".join(["{{ message.text", *steps]) + " }}", {"message.text": value}, language=language).encode()


@given(st.text(), STEPS)
def test_no_customer_can_make_a_text_longer_than_is_said_before(text: str, steps: list[str]) -> None:
    """What lint promises about one message's size holds."""
    template, _ = read(" | ".join(["{{ message.text", *steps]) + " }}")
    longest = len(longest_text(template, "en").encode())
    assert len(fill(" | ".join(["{{ message.text", *steps]) + " }}", {"message.text": text * 50}).encode()) <= longest


def test_the_longest_text_counts_every_name_at_its_longest() -> None:
    """A username is short, a message is cut, a yes is a yes."""
    assert len(longest_text(read("{{ message.text }}")[0], "en")) == 200
    assert len(longest_text(read("{{ message.text | truncate(10) }}")[0], "en").encode()) >= 30
    assert longest_text(read("{{ customer.username }}")[0], "en") == "w" * 30
    assert longest_text(read("{{ schedule.open.next | human }}")[0], "en") == "on Wednesday at 22:30"
    assert all(longest_text(read(f"{{{{ {name} }}}}")[0], "en") for name in VALUES)
