"""What a file says beside its rules: version, accounts, vars, shared replies; names that stand once in all files."""

import pytest

from igbot.rules.reading.files import MOST_NAMED
from igbot.rules.surroundings import Surroundings
from tests.rules.writing import findings, load, with_rules

RULE = "- {name: a, keywords: [x], reply: b}"


def wrong(*texts: str, surroundings: Surroundings | None = None) -> list[tuple[str, str, int, int]]:
    """Code, file, line and column of the errors."""
    found = load(*texts, surroundings=surroundings).findings
    return [(each.code, each.file, each.line, each.column) for each in found if each.severity == "error"]


@pytest.mark.parametrize(
    "head", ["rules: []", "version: 2", "version: '1'", "version: one", "version: [1]", "version:"]
)
def test_the_version_must_be_one(head: str) -> None:
    """A newer one is not guessed at."""
    assert [each[0] for each in wrong(head)] == ["R005"]


@pytest.mark.parametrize("key", ["rule", "Rules", "schedule", "flows", "x"])
def test_other_keys_of_a_file_are_r003(key: str) -> None:
    """Those that come later are refused, never left out silently."""
    assert wrong(f"version: 1\n{key}: []") == [("R003", "1.yaml", 2, 1)]


def test_a_file_may_be_for_some_accounts() -> None:
    """Of those that are known; where none are known any name passes."""
    text = with_rules(RULE, "accounts: [shop, outlet]")
    assert load(text).rules[0].accounts == frozenset({"shop", "outlet"})
    assert wrong(text, surroundings=Surroundings(accounts=frozenset({"shop"}))) == [("R050", "1.yaml", 2, 18)]
    assert load(with_rules(RULE)).rules[0].accounts is None


@pytest.mark.parametrize("accounts", ["shop", "[]", "[no]", "{a: b}"])
def test_accounts_are_a_list_of_names(accounts: str) -> None:
    """At least one."""
    assert [each[0] for each in wrong(f"version: 1\naccounts: {accounts}")] == ["R004"]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("vars: {message: {a: b}}", "R011"),
        ("vars: {a-b: {a: b}}", "R011"),
        ("vars: {shop: {a b: c}}", "R011"),
        ("vars: {shop: {days: 30}}", "R004"),
        ("vars: {shop: b}", "R004"),
        ("schedules: {a b: {mon: ['09:00-12:00']}}", "R011"),
        ("schedules: []", "R004"),
        ("lists: {a: x}", "R004"),
        ("lists: {a: []}", "R004"),
        ("lists: {'': [x]}", "R011"),
        ("lists: {a: [{any: [x]}]}", "R003"),
        ("replies: {a: {texts: x}}", "R003"),
        ("rules: {a: b}", "R004"),
        ("rules: x", "R004"),
        ("rules: [x]", "R004"),
        ("timezone: Mars/Base", "R051"),
        ("timezone: 1", "R004"),
    ],
)
def test_wrong_shapes_have_their_codes(head: str, code: str) -> None:
    """In the second line."""
    found = wrong(f"version: 1\n{head}")
    assert code in [each[0] for each in found]
    assert all(each[2] == 2 for each in found)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("vars: {shop: {name: A}}", "vars: {shop: {other: B, name: C}}"),
        ("schedules: {open: {mon: ['09:00-12:00']}}", "schedules: {open: {tue: ['09:00-12:00']}}"),
        ("lists: {ship: [x]}", "lists: {ship: [y]}"),
        ("replies: {hello: x}", "replies: {hello: y}"),
    ],
)
def test_a_name_stands_once_in_all_files(first: str, second: str) -> None:
    """The second one is at fault, and is told where the first is."""
    loaded = load(f"version: 1\n{first}", f"version: 1\n{second}")
    found = [each for each in loaded.findings if each.severity == "error"]
    assert [(each.code, each.file) for each in found] == [("R010", "2.yaml")]
    assert "1.yaml:2" in found[0].message


def test_two_rules_of_one_name_are_r010() -> None:
    """In one file or in two."""
    assert [each[:3] for each in wrong(with_rules(f"{RULE}\n{RULE}"), with_rules(RULE)) if each[0] == "R010"] == [
        ("R010", "1.yaml", 4),
        ("R010", "2.yaml", 3),
    ]


def test_what_one_file_names_the_others_may_use() -> None:
    """Vars, lists, schedules, shared replies and rules, in whatever order the files come."""
    user = with_rules(
        """
        - {name: a, keywords: [{list: ship}], reply: "{{ shop.name }}"}
        - {name: b, when: {schedule: open, after: {rule: c}}, reply: {use: hello}}
        """
    )
    giver = with_rules(
        "- {name: c, keywords: [x], reply: b}",
        """
        vars: {shop: {name: Lola}}
        lists: {ship: [shipping]}
        schedules: {open: {mon: ["09:00-12:00"]}}
        replies: {hello: Hello}
        """,
    )
    assert load(user, giver).ruleset is not None
    assert load(giver, user).ruleset is not None


def test_every_file_has_its_own_time_zone() -> None:
    """Else that of the configuration."""
    surroundings = Surroundings(language="en")
    hours = "schedules: {%s: {mon: ['09:00-12:00']}}"
    loaded = load(
        f"version: 1\ntimezone: Asia/Tokyo\n{hours % 'one'}",
        f"version: 1\n{hours % 'two'}",
        with_rules(RULE),
        surroundings=surroundings,
    )
    zones = {name: str(each.zone) for name, each in loaded.rules[0].schedules.items()}
    assert zones == {"one": "Asia/Tokyo", "two": "UTC"}
    assert str(loaded.rules[0].zone) == "UTC"


def test_an_unreadable_file_leaves_the_others_to_be_checked() -> None:
    """But for names that it may give."""
    found = wrong("version: 1\nlists: {", with_rules("- {name: a, keywords: [{list: ship}, no], reply: b}"))
    assert [(code, file) for code, file, _, _ in found] == [("R001", "1.yaml"), ("R004", "2.yaml")]


def test_empty_parts_are_nothing() -> None:
    """A key with nothing behind it is one that is still to be filled."""
    loaded = load("version: 1\nlists:\nschedules:\nreplies:\ndefaults:\nrules:\n")
    assert loaded.ruleset is not None
    assert loaded.rules == ()


def test_too_many_names_in_one_file_are_asked_to_be_split() -> None:
    """Lists, schedules and shared replies are all read, whether a rule uses them or not."""
    names = "".join(f"  n{number}: [x]\n" for number in range(MOST_NAMED + 1))
    (finding,) = (each for each in load(f"version: 1\nlists:\n{names}").findings if each.severity == "error")
    assert (finding.code, finding.line, finding.hint) == ("R001", 2, "split it into several")


def test_a_shared_reply_is_one_for_all_rules_unless_it_names_what_is_theirs() -> None:
    """A long one in thousands of rules is kept once."""
    head = "replies: {a: 'Hi {{ customer.name | default(''you'') }}', b: 'This is {{ rule.name }}', c: '{{ match.1 }}'}"
    body = "".join(
        f"- {{name: r{number}, keywords: [{{regex: '{number}(x)'}}], reply: [{{use: a}}, {{use: b}}, {{use: c}}]}}\n"
        for number in range(2)
    )
    first, second = load(with_rules(body, head)).rules
    assert first.replies[0] is second.replies[0]
    assert first.replies[1] != second.replies[1]
    assert first.replies[2] is second.replies[2]


def test_shared_replies_cannot_blow_up_a_file() -> None:
    """A long one that names each rule."""
    body = "".join(f"- {{name: r{number}, keywords: [x{number}], reply: {{use: a}}}}\n" for number in range(300))
    found = findings(body, "R004", f"replies: {{a: '{'x' * 19_000} {{{{ rule.name }}}}'}}")
    assert "5000000 characters of shared replies" in found[0].message
