"""`igbot rules test --update`: replies are written in place, and not a letter more."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.reading.source import Report, Scalar
from igbot.rules.reading.strict_yaml import read_yaml
from igbot.rules.testing.quoting import quoted
from tests.cli.rules_folder import SHOP, command, furnish

STALE = """\
# The owner's own words.
customer: {known: true}
cases:
  - name: quoted   # a comment stays
    say: returns
    expect: {rule: returns, reply: "Old words.", messages: 1}  # this one too
  - name: plain
    say: how much is shipping
    expect:
      reply: Old words, too
      rule: shipping-cost
  - name: block
    say: returns
    expect:
      reply: |
        Several
        old lines.
      rule: returns
  - name: listed
    steps:
      - {say: human, expect: {reply: [One, Two]}}
      - {say: hm, expect: {silent: paused}}
  - {name: right, say: broken, expect: {reply: Sorry?}}
"""
FRESH = """\
# The owner's own words.
customer: {known: true}
cases:
  - name: quoted   # a comment stays
    say: returns
    expect: {rule: returns, reply: "You have 30 days to return anything: https://lola.example/returns", messages: 1}  # this one too
  - name: plain
    say: how much is shipping
    expect:
      reply: "Shipping is 4.90 €."
      rule: shipping-cost
  - name: block
    say: returns
    expect:
      reply: "You have 30 days to return anything: https://lola.example/returns"
      rule: returns
  - name: listed
    steps:
      - {say: human, expect: {reply: ["One of us answers."]}}
      - {say: hm, expect: {silent: paused}}
  - {name: right, say: broken, expect: {reply: Sorry?}}
"""  # noqa: E501


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def test_replies_are_rewritten_and_comments_stay(home: Path) -> None:
    """Quoted, plain, in a block, in a list; then the tests hold."""
    file = furnish(home, sale="", tests=STALE)
    result = command("test", "--update", "--yes", "-q")
    assert file.read_text(encoding="utf-8") == FRESH
    assert result.exit_code == 0
    assert "6 passed" in result.output


def test_what_would_change_is_shown_first_and_asked_about(home: Path) -> None:
    """Without a yes nothing is written, and the failures are told."""
    file = furnish(home, sale="", tests=STALE)
    result = command("test", "--update", typed="n\n")
    assert file.read_text(encoding="utf-8") == STALE
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[:2] == ["--- rules.d/tests/shop.test.yaml", "+++ rules.d/tests/shop.test.yaml"]
    assert "-      reply: Old words, too" in lines
    assert '+      reply: "Shipping is 4.90 €."' in lines
    assert "Write this? [y/N]: n" in lines
    command("test", "--update", typed="y\n")
    assert file.read_text(encoding="utf-8") == FRESH


def test_line_breaks_and_marks_of_other_systems_stay(home: Path) -> None:
    """A file from a Windows editor is still one."""
    file = furnish(home, sale="", tests=STALE)
    file.write_bytes(b"\xef\xbb\xbf" + STALE.replace("\n", "\r\n").encode())
    assert command("test", "--update", "--yes").exit_code == 0
    assert file.read_bytes() == b"\xef\xbb\xbf" + FRESH.replace("\n", "\r\n").encode()


def test_where_nothing_is_said_nothing_is_written(home: Path) -> None:
    """Silence is not a reply to expect; other failures are left to a person."""
    stale = """\
cases:
  - {name: a, event: {reaction: x}, expect: {reply: hm}}
  - {name: b, say: hm, expect: {rule: returns}}
"""
    file = furnish(home, sale="", tests=stale)
    assert command("test", "--update", "--yes").exit_code == 1
    assert file.read_text(encoding="utf-8") == stale


@given(st.text(max_size=40).filter(lambda text: not any("\ud800" <= letter <= "\udfff" for letter in text)))
def test_whatever_is_said_is_read_back_as_it_was(text: str) -> None:
    """Quotes, colons, controls, emoji, other scripts: in a map on one line."""
    report = Report()
    _, root = read_yaml("a.yaml", f"{{reply: {quoted(text)}, rule: x}}".encode(), report)
    assert not report.findings
    assert root is not None
    value = root.get("reply")  # type: ignore[union-attr]
    assert isinstance(value, Scalar)
    assert value.value == text


def test_the_sample_shop_is_as_its_tests_say() -> None:
    """The folder that these tests use has rules without errors."""
    assert SHOP.startswith("version: 1")
