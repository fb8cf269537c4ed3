"""What loads, what does not, and that it is all or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.loading import digest_of, load_rules
from igbot.rules.model import RuleFile
from tests.rules.writing import load, rules, with_rules

GOOD = with_rules("- {name: a, keywords: [a], reply: b}")


def test_one_error_keeps_everything_out() -> None:
    """A good file beside a broken one does not load alone."""
    loaded = load(GOOD, "version: 1\nrules: [")
    assert loaded.ruleset is None
    assert [finding.file for finding in loaded.findings if finding.severity == "error"] == ["2.yaml"]


def test_warnings_do_not_keep_rules_out() -> None:
    """No fallback and no hand-off are only advice."""
    loaded = load(GOOD)
    assert loaded.ruleset is not None
    assert {"R014", "R060"} <= {finding.code for finding in loaded.findings}
    assert "error" not in {finding.severity for finding in loaded.findings}


def test_names_set_in_one_file_are_known_in_all() -> None:
    """`vars` are global."""
    loaded = load(
        with_rules('- {name: a, keywords: [a], reply: "{{ shop.name }}"}'), "version: 1\nvars: {shop: {name: L}}"
    )
    assert loaded.ruleset is not None


def test_a_file_that_cannot_be_read_does_not_make_its_names_unknown() -> None:
    """One error to mend, not twenty."""
    loaded = load(
        with_rules('- {name: a, keywords: [a], reply: "{{ shop.name }}"}'), "version: 1\nvars: {shop: {name: L}"
    )
    assert [finding.code for finding in loaded.findings] == ["R001"]


def test_the_digest_names_the_contents() -> None:
    """Another byte or another path is another set; the order of reading is not."""
    one, two = RuleFile("a.yaml", b"x"), RuleFile("b.yaml", b"y")
    assert digest_of([one, two]) == digest_of([two, one])
    others = [
        [one],
        [RuleFile("a.yaml", b"xb.yamly")],
        [one, RuleFile("b.yaml", b"z")],
        [one, RuleFile("c.yaml", b"y")],
    ]
    assert len({digest_of(files) for files in ([one, two], *others)}) == 5


def test_a_set_cannot_be_changed() -> None:
    """A message keeps the set it started with."""
    with pytest.raises(AttributeError):
        rules("- {name: a, keywords: [a], reply: b}").digest = "x"  # type: ignore[misc]


def test_a_value_reached_twice_is_one_finding() -> None:
    """Through an alias."""
    loaded = load("version: 1\nrules:\n  - &r {name: a, keywords: [no], reply: b}\n  - *r\n")
    assert [finding.code for finding in loaded.findings if finding.code == "R004"] == ["R004"]


def test_of_thousands_of_findings_the_first_are_told() -> None:
    """The rest is counted out loud, not listed; other files keep theirs."""
    body = "\n".join("- {name: a, keywords: [a], reply: b}" for _ in range(1000))
    loaded = load(with_rules(body), "version: 1\nrule: []")
    assert [finding.file for finding in loaded.findings].count("1.yaml") == 201
    assert "more than 200 findings in this file" in [finding.message for finding in loaded.findings]
    assert loaded.findings[-1].file == "2.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "version: 2",
        "version: '1'",
        "version: 1\nrules: {}",
        "version: 1\nrules: x",
        "version: 1\nrules: [x, [y], {}]",
        "version: 1\nvars: []",
        "version: 1\nvars: {shop: x}",
        "version: 1\nrules: [{name: [], keywords: {}, reply: []}]",
        "version: 1\nrules: [{name: {}, priority: .nan, kinds: x, handoff: [], reply: {text: {}}}]",
        "version: 1\nrules: [{name: a, keywords: [[], {}, {is: {}}, {a: b}, {is: a, word: b}]}]",
        "version: 1\nrules: [{name: a, keywords: [a], reply: {quick_replies: {}}}]",
    ],
)
def test_wrong_shapes_are_errors_with_a_place(text: str) -> None:
    """Never an exception, never a set."""
    loaded = load_rules([RuleFile("a.yaml", text.encode())])
    assert loaded.ruleset is None
    assert all(finding.line >= 1 and finding.column >= 1 and finding.message for finding in loaded.findings)


WORDS = """
    version rules vars name keywords reply match not payload kinds priority fallback handoff pause say text title
    quick_replies is word contains any all none 1 no ~ {{ }} {% - shop lists list schedules mon-fri closed_on open_on
    defaults replies use accounts timezone when emoji story post ad schedule first_message idle_for after turn customer
    tags lang follows username set test yes limit times within per then cooldown once settle delay typing observe
    on_tie from until label about enabled regex raw fuzzy distance similar min near starts ends question min_words
    has_link 30s 2026-11-24 09:00-17:00 >= 3 Europe/Madrid first ask call alert tag untag variants buttons attach split
"""
KEYS = st.sampled_from(WORDS.split())
TREES = st.recursive(
    KEYS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(TREES)
def test_no_tree_of_our_own_words_raises(tree: object) -> None:
    """Right keys in wrong places are findings."""
    import yaml

    tops = ("vars", "lists", "schedules", "defaults", "replies", "accounts", "timezone")
    text = yaml.safe_dump({"version": 1, "rules": [tree], **dict.fromkeys(tops, tree)}, allow_unicode=True)
    assert load_rules([RuleFile("a.yaml", text.encode())]).findings


@given(st.binary(max_size=100))
def test_no_bytes_raise(data: bytes) -> None:
    """Whatever is in the file."""
    load_rules([RuleFile("a.yaml", data), RuleFile("b.yaml", GOOD.encode())])


def test_a_thousand_rules_are_one_set() -> None:
    """Nothing in loading is bounded by what a small shop needs."""
    body = "\n".join(
        f"- {{name: r{n}, keywords: [word{n}, other phrase {n}], reply: 'Hi {{{{ message.text }}}}'}}"
        for n in range(1000)
    )
    assert rules(body).count == 1000
