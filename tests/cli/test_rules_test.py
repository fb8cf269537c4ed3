"""`igbot rules test` on real files: what is printed, what is written, and the exit codes."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from igbot.cli.rules_folder import folder_around
from igbot.cli.rules_test import Asked, watch_tests
from igbot.errors import IgbotError, UsageError
from tests.cli.rules_folder import SHOP, TESTS, command, furnish

GOLDEN = """\
rules.d/tests/shop.test.yaml
  ok    plain keyword, other case, punctuation
  ok    a word inside another word does not count
  FAIL  all + none  row 3: "shipping cost for wholesale"
        expected rule  fallback
        got rule       bulk-orders                  rules.d/20-sale.yaml:6
        because        word "wholesale" (exactness 5, priority 0)
        considered     bulk-orders    yes  (0, 5, 1, 9, 1)
                       shipping-cost  no   none: "wholesale"       rules.d/10-shop.yaml:9
                       fallback       yes  only if nothing else
        more           igbot rules explain --case "all + none#3"
  ok    a human answered, the bot keeps quiet            4 steps
  ok    night
  ok    outside the 24 hour window nothing is sent
  ok    inline examples of 1 rule                        1 yes, 1 no

6 passed, 1 failed in 0.00 s         rules covered 5 of 7 (71 %): never won: story-love, watch-complaints
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def timeless(text: str) -> str:
    """The text with no time spent."""
    return re.sub(r"in [0-9]+\.[0-9]{2} s", "in 0.00 s", text)


def test_what_is_printed_is_what_the_design_shows(home: Path) -> None:
    """Expected first, then got, always the reason, and places that an editor can open. Exit 1."""
    furnish(home)
    result = command("test")
    assert (timeless(result.output), result.exit_code) == (GOLDEN, 1)


def test_when_all_is_well_it_is_exit_0_and_quiet_prints_one_line(home: Path) -> None:
    """Failures only, and the count."""
    furnish(home, sale="")
    assert command("test").exit_code == 0
    result = command("test", "-q")
    assert result.exit_code == 0
    assert timeless(result.output).startswith("7 passed in 0.00 s ")
    assert result.output.count("\n") == 1


def test_quiet_prints_failures_only(home: Path) -> None:
    """With the file they are in."""
    furnish(home)
    lines = command("test", "-q").output.splitlines()
    assert lines[:2] == ["rules.d/tests/shop.test.yaml", '  FAIL  all + none  row 3: "shipping cost for wholesale"']
    assert not any(line.startswith("  ok") for line in lines)


@pytest.mark.parametrize("path", ["rules.d", "rules.d/tests", "rules.d/tests/shop.test.yaml"])
def test_the_rules_are_those_of_the_folder_that_the_tests_lie_in(home: Path, path: str) -> None:
    """Whatever is named: the folder, a part of it, or one file."""
    furnish(home)
    assert "bulk-orders" in command("test", path).output
    (home / "config").mkdir()
    assert "bulk-orders" in command("test", str(home / path), IGBOT_RULES_DIR="elsewhere").output


def test_tests_outside_any_folder_of_rules_are_about_the_rules_beside_them(home: Path) -> None:
    """Where no folder is called `rules.d`."""
    (home / "mine").mkdir()
    assert folder_around(Path("mine"), Path("rules.d")) == Path("mine")
    (home / "mine" / "a.test.yaml").write_text("cases: []")
    assert folder_around(Path("mine/a.test.yaml"), Path("rules.d")) == Path("mine")


def test_a_file_may_be_about_some_rules_only(home: Path) -> None:
    """Then the sale does not interfere."""
    file = furnish(home)
    file.write_text('rules: ["../10-shop.yaml"]\n' + TESTS, encoding="utf-8")
    assert command("test").exit_code == 0
    file.write_text('rules: ["../11-shop.yaml"]\n' + TESTS, encoding="utf-8")
    result = command("test")
    assert result.exit_code == 1
    assert result.output.startswith("rules.d/tests/shop.test.yaml:1:9  error  R050  there is no file 11-shop.yaml\n")


def test_a_wrong_test_file_is_told_with_its_place_and_the_others_run(home: Path) -> None:
    """Exit 1."""
    furnish(home)
    (home / "rules.d" / "b.test.yaml").write_text("cases:\n  - {name: a, say: hi, expect: {ruel: returns}}\n")
    result = command("test")
    assert result.exit_code == 1
    assert result.output.startswith(
        'rules.d/b.test.yaml:2:33  error  R003  expect has no key "ruel"\n'
        "    2 |   - {name: a, say: hi, expect: {ruel: returns}}\n"
        '      |                                 ^^^^ did you mean "rule"?\n'
        "rules.d/tests/shop.test.yaml\n"
    )
    assert "6 passed, 1 failed, 1 error" in result.output


def test_rules_that_cannot_be_loaded_are_told_and_nothing_is_run(home: Path) -> None:
    """With the place, as lint has it."""
    furnish(home, shop=SHOP.replace("keywords: [return,", "keyword: [return,"))
    result = command("test")
    assert result.exit_code == 1
    assert "error  R003" in result.output
    assert "rules.d/10-shop.yaml:6:5" in result.output
    assert "0 passed, " in result.output


def test_an_inline_example_that_does_not_hold_is_a_failed_test(home: Path) -> None:
    """The cases are run all the same."""
    furnish(home, sale="", shop=SHOP.replace("yes: [returns please]", "yes: [my parcel]"))
    result = command("test", "-q")
    assert result.exit_code == 1
    assert (
        "  FAIL  inline examples of 1 rule                        1 yes, 1 no\n"
        '        rules.d/10-shop.yaml:8:18  "my parcel" is not answered by returns, as its test says'
    ) in result.output
    assert "6 passed, 1 failed" in result.output


def test_words_choose_cases(home: Path) -> None:
    """In any case of letters; what is never won by so few is of no interest."""
    furnish(home)
    result = command("test", "-k", "NIGHT")
    assert timeless(result.output) == "rules.d/tests/shop.test.yaml\n  ok    night\n\n1 passed in 0.00 s\n"


def test_only_is_for_a_person_at_work_and_an_error_in_ci(home: Path) -> None:
    """The variable CI says who looks."""
    furnish(home, tests=TESTS.replace("- name: night", "- name: night\n    only: true"))
    told = timeless(command("test").output)
    assert told.startswith("rules.d/tests/shop.test.yaml\n  ok    night\n  ok    inline")
    assert '2 passed, 5 left out by "only" in 0.00 s' in told
    result = command("test", CI="true")
    assert result.exit_code == 1
    assert 'T003  "night" is marked only, so that no other case would run' in result.output


def test_skipped_and_to_do_are_counted_with_their_reasons(home: Path) -> None:
    """Neither fails."""
    furnish(
        home,
        tests="""\
        cases:
          - {name: a, skip: no stock, say: hi, expect: {rule: returns}}
          - {name: b, todo: after the sale, say: hi, expect: {rule: returns}}
          - {name: c, todo: true, say: returns, expect: {rule: returns}}
        """,
    )
    result = command("test")
    assert result.exit_code == 0
    assert [line.split() for line in result.output.splitlines()[1:4]] == [
        ["skip", "a", "no", "stock"],
        ["todo", "b", "after", "the", "sale"],
        ["ok", "c", "holds", "now:", "delete", '"todo"'],
    ]
    assert "2 passed, 1 skipped, 1 to do in" in result.output


def test_coverage_lists_what_never_won_and_can_fail(home: Path) -> None:
    """With places; below the wanted share it is exit 1."""
    furnish(home, sale="")
    result = command("test", "-q", "--coverage", "--fail-under", "66")
    assert result.exit_code == 0
    assert result.output.splitlines()[1:] == [
        "  never won  story-love                   rules.d/10-shop.yaml:17",
        "  never won  watch-complaints             rules.d/10-shop.yaml:18",
    ]
    result = command("test", "-q", "--fail-under", "67")
    assert result.exit_code == 1
    assert "covered 66 %, and --fail-under wants 67 %" in result.stderr


def test_rules_of_the_main_account_are_tested_and_explained_as_they_serve(home: Path) -> None:
    """A customer writes to it where no test says otherwise."""
    file = furnish(home, sale="", shop=SHOP.replace("version: 1\n", "version: 1\naccounts: [main]\n"))
    assert command("test").exit_code == 0
    assert "rule returns " in command("explain", "returns").output
    file.write_text("cases: [{name: a, customer: {account: other}, say: returns, expect: {rule_not: returns}}]")
    assert command("test").exit_code == 0


def test_one_step_is_one_and_a_question_back_is_told(home: Path) -> None:
    """What was asked, not that no rule answered."""
    rules = SHOP + "".join(
        f"  - {{name: {name}, label: {name}, on_tie: ask, keywords: [wool], reply: A}}\n"
        for name in ("coats", "scarves")
    )
    tests = """        cases:
          - {name: a, steps: [{say: returns, expect: {rule: returns}}]}
          - {name: b, say: wool, expect: {rule: coats}}
        """
    furnish(home, sale="", shop=rules, tests=tests)
    told = command("test").output
    assert re.search(r"ok    a +1 step\n", told)
    assert "got rule       none (asked which one is meant: coats or scarves)\n" in told
    assert "because        asked which one is meant: coats or scarves\n" in told


def test_json_has_all_of_it(home: Path) -> None:
    """One object; `--json` is the same as `--format json`."""
    furnish(home)
    result = command("test", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["good"], found["passed"], found["failed"], found["skipped"], found["todo"]) == (False, 6, 1, 0, 0)
    assert found["coverage"] == {
        "rules": 7,
        "won": 5,
        "percent": 71,
        "never": ["story-love", "watch-complaints"],
    }
    [failed] = [each for each in found["cases"] if each["status"] == "failed"]
    assert (failed["file"], failed["line"], failed["name"]) == ("rules.d/tests/shop.test.yaml", 13, "all + none")
    [failure] = failed["failures"]
    assert failure["mismatches"] == [{"key": "rule", "expected": "fallback", "got": "bulk-orders"}]
    assert failure["considered"][0] == {
        "rule": "bulk-orders",
        "fits": True,
        "because": 'word "wholesale"',
        "order": [0, 5, 1, 9, 1],
        "file": "rules.d/20-sale.yaml",
        "line": 6,
    }
    assert [each["good"] for each in found["inline"]] == [True, True]
    assert set(json.loads(command("test", "--format", "json").stdout)) == set(found)


def test_junit_is_written_for_ci_servers(home: Path) -> None:
    """A suite for each file; what XML cannot hold is left out."""
    furnish(home, tests=TESTS + '\n  - {name: "bell \\a", skip: true, say: hi, expect: {rule: returns}}\n')
    assert command("test", "--junit", "out.xml").exit_code == 1
    root = ElementTree.parse(home / "out.xml").getroot()
    counted = [(suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in root]
    assert counted == [("rules.d/tests/shop.test.yaml", "7", "1", "1"), ("inline examples", "2", "0", "0")]
    failure = root.find(".//failure")
    assert failure is not None
    assert "got rule       bulk-orders" in (failure.text or "")
    assert root[0][6].get("name") == "bell \ufffd"
    result = command("test", "--junit", "nowhere/out.xml")
    assert isinstance(result.exception, IgbotError)


def test_no_tests_are_no_failure_but_are_told(home: Path) -> None:
    """One line."""
    furnish(home, shop=SHOP.replace("    test: {yes: [returns please], no: [hm]}\n", "")).unlink()
    result = command("test")
    assert (result.exit_code, result.output) == (0, "no tests (*.test.yaml) for rules.d\n")
    (home / "rules.d" / "10-shop.yaml").unlink()
    (home / "rules.d" / "20-sale.yaml").unlink()
    result = command("test")
    assert (result.exit_code, result.output) == (0, "no rules in rules.d, no tests (*.test.yaml) for rules.d\n")
    assert command("test", "--fail-under", "1").exit_code == 1


def test_tests_of_no_rules_cover_none(home: Path) -> None:
    """Nothing is not all."""
    furnish(home, sale="", tests='cases: [{name: a, say: hi, expect: {rule: "none"}}]')
    (home / "rules.d" / "10-shop.yaml").unlink()
    told = command("test", "-q").output
    assert "no rules in rules.d" in told
    assert "%" not in told


def test_other_rules_than_those_of_the_settings_are_named_for_explain(home: Path) -> None:
    """What is printed can be run as it stands."""
    furnish(home)
    (home / "rules.d").rename(home / "my rules")
    told = command("test", "my rules").output
    assert 'igbot rules explain --case "all + none#3" --rules "my rules"\n' in told
    assert command("explain", "--case", "all + none#3", "--rules", "my rules").exit_code == 0
    (home / "my rules").rename(home / "mine")
    assert 'igbot rules explain --case "all + none#3" --rules mine\n' in command("test", "mine").output


def test_a_time_without_a_zone_is_the_shops(home: Path) -> None:
    """That of the file of tests, of the settings, or the one that the rule files name."""
    tests = """        cases: [{name: half past eight in the morning, now: "2026-11-24T08:30", say: human,
                 expect: {reply_contains: closed}}]
        """
    file = furnish(home, sale="", tests=tests)
    assert command("test").exit_code == 0
    assert command("test", IGBOT_TIMEZONE="America/New_York").exit_code == 1
    file.write_text("timezone: Europe/London\n" + file.read_text("utf-8"), "utf-8")
    assert command("test").exit_code == 1
    assert command("test", IGBOT_TIMEZONE="Europe/Madrid").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["rules.d/10-shop.yaml"], "rules.d/10-shop.yaml is no file of tests"),
        (["-k", "zzz"], 'no case has "zzz" in its name'),
        (["empty"], "there are no tests in empty"),
        (["--json", "--watch"], "--watch and --update are for people"),
    ],
)
def test_wrong_usage_is_exit_2(home: Path, arguments: list[str], told: str) -> None:
    """With what is wrong."""
    furnish(home)
    (home / "empty").mkdir()
    result = command("test", *arguments)
    assert isinstance(result.exception, UsageError)
    assert result.exception.message == told


def test_watching_runs_again_after_each_change(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is gone or half saved for a moment ends nothing."""
    from igbot.cli.opening import settings_for

    file = furnish(home, sale="")

    def changes() -> "object":
        file.write_text("cases: [", encoding="utf-8")
        yield {"saved"}
        (home / "rules.d").rename(home / "moved")
        yield {"gone"}
        (home / "moved").rename(home / "rules.d")
        file.write_text(TESTS.replace("rule: returns, reply", "rule: want-human, reply"), encoding="utf-8")
        yield {"back"}

    watch_tests(Asked(settings_for(None), Path("rules.d"), quiet=True), changes())  # type: ignore[arg-type]
    printed = capsys.readouterr()
    runs = printed.out.split("passed")
    assert len(runs) == 4
    assert "R001" in runs[1]
    assert "rules.d does not exist" in printed.err
    assert "expected rule   want-human" in runs[2] or "expected rule  want-human" in runs[2]
