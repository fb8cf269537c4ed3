"""Which cases are run, and what they count as."""

from igbot.rules.reading.source import Report
from igbot.rules.testing.coverage import coverage_of
from igbot.rules.testing.inline import try_examples
from igbot.rules.testing.running import check_only, chosen, considered, words_of, worth_showing
from tests.rules.testing.playing import Shop, case, read

FOUR = """\
cases:
  - {name: holds, say: price, expect: {rule: prices}}
  - {name: fails, say: price, expect: {rule: sizes}}
  - {name: left out, skip: waits for the sale, say: price, expect: {rule: sizes}}
  - {name: not yet, todo: true, say: price, expect: {rule: sizes}}
  - {name: an idea, todo: for the summer}
  - {name: done by now, todo: true, say: price, expect: {rule: prices}}
"""


def test_a_case_passes_fails_is_skipped_or_is_to_do(shop: Shop) -> None:
    """What is to do may fail; what is skipped is not run at all."""
    results = shop.run(FOUR)
    assert [result.status for result in results] == ["passed", "failed", "skipped", "todo", "todo", "passed"]
    assert results[2].outcomes == ()
    assert results[2].case.skip == "waits for the sale"


def test_where_some_are_marked_only_no_others_run() -> None:
    """In all files; words choose among them."""
    one = read(case("only: true, say: hi, expect: {rule: x}")).file
    other = read(FOUR).file
    assert one
    assert other
    assert [[each.name for each in file.cases] for file in chosen([one, other], None)] == [["it"], []]
    assert [[each.name for each in file.cases] for file in chosen([other], "ANOTHER")] == [[]]
    assert [[each.name for each in file.cases] for file in chosen([other], "NOT")] == [["not yet"]]


def test_where_nobody_looks_only_is_an_error() -> None:
    """It would leave out all the others for ever."""
    file = read(case("only: true, say: hi, expect: {rule: x}")).file
    assert file
    report = Report()
    check_only(file, report.about(file.source))
    [finding] = report.findings
    assert (finding.code, finding.line, finding.column) == ("T003", 2, 12)


def test_of_a_conversation_the_first_failure_is_told_of_a_table_each(shop: Shop) -> None:
    """What follows a step may follow from it; rows stand alone."""
    talk, table = shop.run(
        """\
        cases:
          - {name: a, steps: [{say: price}, {say: size, expect: {rule: gift}}, {say: size, expect: {rule: gift}}]}
          - {name: b, table: [[price, prices], [size, gift], [price, gift]]}
        """
    )
    assert [failure.number for failure in talk.failures] == [2]
    assert [failure.number for failure in table.failures] == [2, 3]
    assert len(talk.outcomes) == 3


def test_the_table_of_reasons_shows_what_tells_something(shop: Shop) -> None:
    """What fitted, what was expected, and what an exception kept out; not every rule there is."""
    [result] = shop.run("customer: {known: true}\n" + case("say: price, expect: {rule: gift}"))
    asked = result.outcomes[0].asked
    assert asked
    everything = considered(shop.ruleset, asked)
    assert len(everything) == shop.ruleset.count
    shown = worth_showing(everything, {"gift"})
    assert [(each.rule, each.fits) for each in shown] == [("prices", True), ("gift", False), ("other", True)]


def test_a_step_is_named_by_what_happens_in_it() -> None:
    """For the heading of a failure."""
    file = read(
        """\
        cases:
          - name: a
            steps:
              - {say: hi}
              - {event: {quick_reply: A, text: b}}
              - {owner_says: hello}
              - {tick: owner_resume}
              - {unsend: true}
        """
    ).file
    assert file
    assert [words_of(step) for step in file.cases[0].steps] == [
        '"hi"',
        "quick_reply b A",
        'owner says "hello"',
        "tick owner_resume",
        "unsend",
    ]


def test_a_rule_is_covered_once_it_has_won_and_an_observer_once_it_has_fitted() -> None:
    """In a case or in an example of its own; what is switched off does not count."""
    shop = Shop.of(
        """
        version: 1
        rules:
          - {name: a, keywords: [aa], reply: A}
          - {name: b, keywords: [bb], reply: B, test: {yes: [bb]}}
          - {name: c, keywords: [cc], reply: C}
          - {name: resting, enabled: false, keywords: [dd], reply: D}
          - {name: seen, observe: true, keywords: [aa], tag: [x]}
          - {name: unseen, observe: true, keywords: [zz], tag: [x]}
          - {name: other, fallback: true, reply: "?"}
        """
    )
    results = shop.run("cases: [{name: a, table: [[aa, a], [hm, fallback]]}]")
    rules = shop.ruleset.rules
    found = coverage_of(rules, results, try_examples(rules))
    assert (found.rules, found.won, found.percent) == (6, 4, 66)
    assert [rule.name for rule in found.never] == ["c", "unseen"]
    assert coverage_of((), (), ()).percent == 0
