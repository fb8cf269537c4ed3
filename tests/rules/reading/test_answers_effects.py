"""What a rule does beside its reply: hand-offs, calls, alerts, tags and facts; and the names in all of its texts."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.events import CustomerKind
from igbot.rules.answers import AlertPlan, CallPlan, HandoffPlan
from igbot.rules.reading.gathered import Gathered
from igbot.rules.rule import FALLBACK_KINDS
from igbot.rules.schedules import Schedule
from igbot.rules.surroundings import Surroundings
from tests.rules.reading.answering import SHOP, answers, codes, problem, right

HOURS = Gathered(schedules={"open": Schedule("open", ZoneInfo("UTC"), {})})
KNOWN = Gathered(surroundings=Surroundings(channels=frozenset({"owner"}), services=frozenset({"orders-api"})))


def test_a_handoff_is_a_yes_or_a_plan() -> None:
    """A no is none at all."""
    assert right("handoff: true").handoff == HandoffPlan()
    assert right("handoff: false").handoff is None
    plan = right(
        """
        handoff:
          pause: 2h
          notify: [owner, team]
          note: "Asked: {{ message.text | truncate(120) }}"
          say: "{{ schedule.open.next | human }}"
          say_open: { en: Soon, es: Ahora }
        """,
        gathered=HOURS,
    ).handoff
    assert plan
    assert (plan.pause, plan.notify) == (timedelta(hours=2), ("owner", "team"))
    assert plan.note
    assert plan.say
    assert plan.say_open
    assert plan.say_open.by_language["es"] == ("Ahora",)
    assert right("handoff: {notify: owner}").handoff == HandoffPlan(notify=("owner",))


def test_words_by_the_hour_need_opening_hours() -> None:
    """The schedule is called `open`."""
    assert codes("handoff: {say_open: a, say_closed: b}") == [("R050", "error"), ("R050", "error")]
    assert codes("handoff: {say_open: a, say_closed: b}", gathered=HOURS) == []


def test_a_call_is_a_name_or_a_plan() -> None:
    """What it answers has a name in the reply."""
    assert right("call: orders-api").call == CallPlan("orders-api", {})
    found = right("""
        call: {name: orders-api, send: {no: "{{ message.text }}", src: bot}, save: order, timeout: 3s, retry: 0,
          on_error: handoff}
        reply: "{{ slots.order.status | truncate(40) }} {{ slots.order.lines.0 | truncate(40) }}"
    """)
    assert found.call
    assert found.call.send["src"] == ("bot",)
    assert (found.call.save, found.call.timeout, found.call.retry) == ("order", timedelta(seconds=3), 0)
    assert found.call.on_error == "handoff"


def test_an_answer_has_no_name_before_it_is_there() -> None:
    """Not in what is sent, nor in a rule that keeps none."""
    assert problem("call: {name: a, save: x, send: {b: '{{ slots.x.y }}'}}").code == "R045"
    found = problem("{call: a, reply: '{{ slots.x }}'}")
    assert (found.code, found.hint) == ("R045", 'slots are filled by a rule\'s call: with "save"')


def test_alerts_tags_and_facts() -> None:
    """A level and a text, names of small letters, and templates."""
    found = right("""
        alert: {level: critical, channel: owner, text: "{{ message.text }}"}
        tag: [complaint, vip, vip]
        untag: [new]
        set: {lang: es, size: "{{ message.text }}", empty: ""}
    """)
    assert found.alert
    assert (found.alert.level, found.alert.channel) == ("critical", "owner")
    assert (found.tags, found.untags) == (("complaint", "vip"), ("new",))
    assert found.sets["lang"] == ("es",)
    assert right("alert: {}").alert == AlertPlan()


@pytest.mark.parametrize(
    ("written", "code", "hint"),
    [
        ("handoff: maybe", "R004", ""),
        ("handoff: [a]", "R004", ""),
        ("handoff: {pause: soon}", "R004", ""),
        ("handoff: {sya: a}", "R003", 'did you mean "say"?'),
        ("handoff: {notify: [no]}", "R004", 'quote it: "no"'),
        ("handoff: {say: ''}", "R004", "write what is to be said"),
        (
            "call: https://api.example/x",
            "R004",
            "put the address under services: in the configuration, and its name here",
        ),
        ("call: {send: {}}", "R004", "add name: and a name of services: in the configuration"),
        ("call: {name: a, timeout: 21s}", "R004", ""),
        ("call: {name: a, retry: 9}", "R004", ""),
        ("call: {name: a, save: a-b}", "R011", "letters, digits and _, a letter first"),
        ("call: {name: a, send: {n: 5}}", "R004", 'quote it: "5"'),
        ("call: {name: a, send: {n: [x]}}", "R004", ""),
        ("call: {name: a, on_error: stop}", "R004", ""),
        ("call: [a]", "R004", ""),
        ("tag: vip", "R004", "write [vip]"),
        ("tag: [VIP Customer]", "R011", "for example: vip-customer"),
        ("tag: []", "R004", "delete the key or fill the list"),
        ("set: {a-b: c}", "R011", "letters, digits and _, a letter first"),
        ("set: {lang: spanish}", "R047", "write es"),
        (f"set: {{a: {'x' * 501}}}", "R004", "keep it short"),
        ("set: {a: 5}", "R004", 'quote it: "5"'),
        ("set: [a]", "R004", ""),
        ("alert: true", "R004", ""),
        ("alert: {level: high}", "R004", ""),
        ("alert: {channel: 5}", "R004", 'quote it: "5"'),
    ],
)
def test_what_cannot_be_done_is_told(written: str, code: str, hint: str) -> None:
    """With what to write instead, where that can be known."""
    found = problem(written)
    assert (found.code, found.severity, found.hint) == (code, "error", hint)


def test_names_of_the_configuration_are_checked_where_it_is_known() -> None:
    """Without it any name passes."""
    written = "{handoff: {notify: [ownr]}, call: order-api, alert: {channel: x}}"
    assert codes(written) == []
    assert codes(written, gathered=KNOWN) == [("R050", "error")] * 3
    assert codes("{handoff: {notify: [owner]}, call: orders-api, alert: {channel: owner}}", gathered=KNOWN) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("customer.first_name", ["R046"]),
        ("customer.set.size", ["R046"]),
        ("customer.lang", []),
        ("customer.first_name | default('you')", []),
        ("message.text", []),
        ("match.keyword", ["R046"]),
        ("match.no", ["R046"]),
        ("match.no | default('-')", []),
        ("match.other", ["R045"]),
        ("now | date", []),
        ("schedule.open.next | human", []),
        ("schedule.shut.next | human", ["R050"]),
    ],
)
def test_a_name_is_known_and_has_a_value_or_a_default(name: str, expected: list[str]) -> None:
    """In a rule with a pattern that has a group `no`."""
    _, findings = answers(f'reply: "x {{{{ {name} }}}}"', gathered=HOURS, match_names=("1", "no"))
    assert [each.code for each in findings] == expected
    assert all((each.line, each.column) == (1, 14) for each in findings)


def test_what_may_be_empty_depends_on_the_rule() -> None:
    """Pictures have no text; a failed call whose error is ignored has no answer."""
    pictures: frozenset[CustomerKind] = FALLBACK_KINDS
    text = 'handoff: {note: "{{ message.text }} {{ match.keyword }}"}'
    _, findings = answers(text, kinds=pictures, has_text_condition=False)
    assert [each.message for each in findings] == [
        *('"message.text" may be empty in this rule', '"match.keyword" may be empty in this rule')
    ]
    assert codes(text) == []
    assert codes("{call: {name: a, save: b, on_error: ignore}, reply: '{{ slots.b.c }}'}") == [("R046", "warning")]


TREE_WORDS = """
    reply text variants weight name quick_replies title payload buttons url attach image use split never handoff pause
    notify note say say_open call send save timeout retry on_error tag set alert level channel en es 30s true 1 ~ {{ }}
    https://a.example/b {{shop.name}}
"""
KEYS = st.sampled_from(TREE_WORDS.split())
TREES = st.recursive(
    KEYS | st.text(max_size=5),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["reply", "handoff", "call", "tag", "untag", "set", "alert"]), TREES, min_size=1)
)
def test_no_tree_of_our_own_words_raises(tree: dict[str, object]) -> None:
    """Right keys in wrong places are findings, each with a place and words."""
    import yaml

    written = yaml.safe_dump(tree, allow_unicode=True)
    try:
        _, findings = answers(written, gathered=SHOP)
    except AssertionError:
        return  # not YAML by our own, stricter reading
    assert all(each.line >= 1 and each.column >= 1 and each.message for each in findings)
