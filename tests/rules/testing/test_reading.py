"""Files of tests: what is wrong in one is told with its place and what to write instead."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.model import RuleFile
from igbot.rules.reading.source import Report
from igbot.rules.testing.reading import read_cases
from tests.rules.testing.playing import SHOP, UTC, Shop, case, read


def test_a_wrong_key_is_told_with_its_place_and_the_right_one() -> None:
    """At every level of the file."""
    found = read(
        """\
        noww: "2026-11-24T11:00:00"
        customer: {lnag: en}
        cases:
          - {name: a, sya: hi, say: hi, expect: {ruel: prices}}
          - {name: b, steps: [{say: hi, att: "+5m"}]}
          - {name: c, history: [{customer: hi, at: "-1d", rulle: x}], say: hi, expect: {rule: prices}}
        """
    )
    assert [(each.line, each.column, each.code, each.hint) for each in found.findings] == [
        (1, 1, "R003", 'did you mean "now"?'),
        (2, 12, "R003", 'did you mean "lang"?'),
        (4, 15, "R003", 'did you mean "say"?'),
        (4, 42, "R003", 'did you mean "rule"?'),
        (5, 33, "R003", 'did you mean "at"?'),
        (6, 51, "R003", 'did you mean "rule"?'),
    ]


@pytest.mark.parametrize("key", ["asks: mail", "flow: done"])
def test_what_belongs_to_flows_is_refused_in_one_clear_line(key: str) -> None:
    """Never silently ignored."""
    [told] = read(case(f"say: hi, expect: {{{key}}}")).told
    assert "is part of the rule language but not built in this version" in told


def test_recorded_answers_of_ai_are_refused_and_ai_off_is_what_it_is_anyway() -> None:
    """One clear line."""
    assert read("ai: recorded\n" + case("say: hi, expect: {rule: prices}")).told == [
        '1:5 R003 "ai: recorded" is part of the rule language but not built in this version'
    ]
    assert read("ai: off\n" + case("say: hi, expect: {rule: prices}")).told == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("say: no, expect: {rule: x}", "say wants a text; without quotes YAML may take no for something else"),
        ("say: hi", "this case expects nothing"),
        ("expect: {rule: x}", "in this case nothing happens"),
        ("say: hi, event: {kind: image}, expect: {rule: x}", 'a case has "say" or "event", not both'),
        ("table: [[hi, x]], expect: {rule: x}", 'of "table" each line says itself what is expected'),
        ("table: [[hi]]", "a row of a table is a text and a rule"),
        ("table: []", "table is an empty list"),
        ("steps: [{at: '+5m'}]", "in this step nothing happens"),
        ("steps: [{say: hi, owner_says: hi}]", "one thing happens in a step"),
        ("steps: [{say: hi, at: 5m}]", "at wants how long after the beginning, not '5m'"),
        ("steps: [{say: hi, at: '-5m'}]", "at wants how long after the beginning, not '-5m'"),
        ("steps: [{say: a, at: '+5m'}, {say: b, at: '+4m'}]", "this is before the step above"),
        ("history: [{customer: hi}], say: hi, expect: {rule: x}", "an earlier message has one author and a time"),
        (
            "history: [{owner: hi, at: '-1d', rule: x}], say: hi, expect: {rule: x}",
            "a rule belongs to what the bot said",
        ),
        ("tick: midnight, expect: {silent: true}", 'there is no tick "midnight"'),
        ("say: hi, expect: {}", "expect says nothing"),
        ("say: hi, expect: {silent: asleep}", '"asleep" is no reason for silence'),
        ("say: hi, expect: {alerts: [loud]}", '"loud" is no level of an alert'),
        ("say: hi, expect: {reply_matches: '(?=a)'}", "the pattern cannot be read: "),
        ("say: hi, expect: {messages: many}", "messages wants a whole number"),
        ("say: hi, stub: {orders: sent}, expect: {rule: x}", "the answer of orders is a map or a list"),
        ("now: tomorrow, say: hi, expect: {rule: x}", "now wants a date and a time, not 'tomorrow'"),
        ("customer: {name: Ana B, first_name: Ana}, say: hi, expect: {rule: x}", "name and first_name are one thing"),
    ],
)
def test_what_makes_no_sense_is_told(body: str, told: str) -> None:
    """In words for somebody who is no programmer."""
    found = [each.message for each in read(case(body)).findings]
    assert len(found) == 1, found
    assert found[0].startswith(told)


def test_a_file_without_cases_and_cases_without_names_are_told() -> None:
    """A test that does not run must not look like one that holds."""
    assert read("cases: []").told == ["1:8 R004 a file of tests without a case"]
    assert read("- a").told == ["1:1 R004 a file of tests wants a map of keys, not a list"]
    assert read("cases: [{say: hi, expect: {rule: x}}]").told == ["1:9 R011 a case without a name"]


def test_two_cases_of_one_name_are_told() -> None:
    """The name is what `explain --case` finds it by."""
    body = "{name: a, say: hi, expect: {rule: prices}}"
    assert read(f"cases:\n  - {body}\n  - {body}\n").told == ['3:12 R010 the name "a" stands twice, first in line 2']


def test_a_rule_that_does_not_exist_is_told() -> None:
    """`rule_not` of a misspelt rule would hold for ever."""
    shop = Shop.of(SHOP)
    told = read(case("say: hi, expect: {rule_not: pirces, observers: [wach]}"), ruleset=shop.ruleset)
    assert [(each.code, each.message, each.hint) for each in told.findings] == [
        ("T002", 'there is no rule "pirces"', 'did you mean "prices"?'),
        ("T002", 'there is no rule "wach"', 'did you mean "watch"?'),
    ]
    assert read(case("table: [[hi, fallback], [hi, none]]"), ruleset=shop.ruleset).told == []


def test_the_clock_stands_where_the_file_says_in_its_own_time_zone() -> None:
    """A case may have a time of its own; without any it is always the same Monday at noon."""
    found = read(
        """\
        timezone: Europe/Madrid
        now: "2026-11-24 11:00"
        cases:
          - {name: a, say: hi, expect: {rule: x}}
          - {name: b, now: "2026-07-01T11:00:00Z", say: hi, expect: {rule: x}}
        """
    )
    assert found.file
    assert [each.now.isoformat() for each in found.file.cases] == [
        "2026-11-24T11:00:00+01:00",
        "2026-07-01T11:00:00+00:00",
    ]
    fixed = read(case("say: hi, expect: {rule: x}")).file
    assert fixed
    assert fixed.cases[0].now == datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def test_times_add_up() -> None:
    """Of steps from the beginning, of history before it."""
    found = read(
        case("history: [{customer: a, at: '-1h30m'}, {bot: b, at: '-2d', rule: x}], steps: [{say: a, at: '+1d 2h'}]")
    )
    assert found.file
    [only] = found.file.cases
    assert [past.before for past in only.history] == [timedelta(days=2), timedelta(minutes=90)]
    assert only.steps[0].after == timedelta(hours=26)


def test_a_case_overrides_what_the_file_says_of_the_customer_key_by_key() -> None:
    """What it does not name stays."""
    found = read(
        """\
        customer: {lang: en, first_name: Ana, known: true, tags: [vip]}
        cases: [{name: a, customer: {lang: es, follows: true}, say: hi, expect: {rule: x}}]
        """
    )
    assert found.file
    person = found.file.cases[0].person
    assert (person.language, person.profile.name, person.profile.follows) == ("es", "Ana", True)
    assert (person.known, person.tags) == (True, frozenset({"vip"}))


KEYS = (
    *("name", "say", "event", "steps", "table", "expect", "at", "history"),
    *("stub", "rule", "kind", "payload", "reply", "silent", "tags"),
)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    """Whatever a file holds, the answer is findings."""
    read_cases(RuleFile("a.test.yaml", data), Report(), zone=UTC, beside=lambda _: None)


@given(
    st.recursive(
        st.sampled_from(["hi", "true", "+5m", "x", "none", "[]", "{}", "''", "~"]),
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
            | st.dictionaries(
                st.sampled_from(KEYS),
                inner,
                max_size=4,
            ).map(lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}")
        ),
        max_leaves=12,
    )
)
def test_no_shape_makes_the_reader_fail(shape: str) -> None:
    """The right keys in all the wrong places."""
    data = f"cases: [{{name: a, say: hi, expect: {{rule: x}}}}, {shape}]".encode()
    read_cases(RuleFile("a.test.yaml", data), Report(), zone=UTC, beside=lambda _: None)
