"""What a set of rules lacks as a whole."""

from pathlib import Path

import pytest

from igbot.rules.lint.whole import untested
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from igbot.rules.surroundings import Surroundings
from tests.rules.lint.finding import found
from tests.rules.writing import load, with_rules

PLAIN = "- {name: a, keywords: [x], reply: b}"


def test_what_every_bot_needs_is_missed() -> None:
    """A fallback, a person, and a word about the automatic assistant; at the beginning of the first file."""
    findings = {each.code: each for each in load(with_rules(PLAIN)).findings}
    assert findings.keys() == {"R014", "R060", "R062"}
    assert {(each.line, each.column, each.severity) for each in findings.values()} == {(1, 1, "warning")}
    assert 'add a rule with "fallback: true"' in findings["R014"].hint
    assert findings["R060"].hint == "add a rule with handoff:"
    assert "automatic assistant" in findings["R062"].hint


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("R014", "- {name: a, fallback: true, reply: b}"),
        ("R060", "- {name: a, keywords: [a], handoff: true}"),
        ("R060", "- {name: a, keywords: [a], limit: {times: 1, within: 1h, then: handoff}, reply: b}"),
        ("R062", "- {name: a, keywords: [a], reply: Soy el asistente automático}"),
        ("R062", "- {name: a, keywords: [a], reply: {text: {en: I am a bot}}}"),
    ],
)
def test_what_is_there_is_not_missed(code: str, rule: str) -> None:
    """In whatever form."""
    assert not found(code, rule)


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("R014", "- {name: a, fallback: true, enabled: false, reply: b}"),
        ("R060", "- {name: a, keywords: [a], enabled: false, handoff: true}"),
        ("R062", "- {name: a, keywords: [a], reply: Our robots are sold out}"),
    ],
)
def test_what_is_switched_off_or_means_something_else_does_not_help(code: str, rule: str) -> None:
    """Near misses the other way."""
    assert found(code, rule)


def test_the_configuration_can_tell_customers_instead() -> None:
    """Then no rule has to."""
    assert not found("R062", PLAIN, surroundings=Surroundings(disclosed=True))


def test_no_files_at_all_are_no_fault() -> None:
    """A first start."""
    assert load().findings == ()


def test_a_fallback_without_a_limit_says_the_same_for_ever() -> None:
    """With the limit to add."""
    (finding,) = found("R061", "- {name: a, fallback: true, reply: b}")
    assert (finding.line, finding.column, finding.severity) == (3, 15, "warning")
    assert finding.hint == "add limit: {times: 1, within: 12h, then: handoff}"
    assert not found("R061", "- {name: a, fallback: true, cooldown: 1h, reply: b}")
    assert not found("R061", "- {name: a, fallback: true, handoff: true}")


def test_rules_without_a_test_are_named_once() -> None:
    """One hint a run; examples of their own count, and so does being expected somewhere."""
    body = "\n".join(f"- {{name: r{n}, keywords: [x{n}], reply: b}}" for n in range(8))
    body += "\n- {name: own, keywords: [y], reply: b, test: {yes: [y]}}"
    body += "\n- {name: off, enabled: false, keywords: [z], reply: b}"
    rules = load(with_rules(body)).rules
    finding = untested(rules, {"r0", "r2"})
    assert finding is not None
    assert (finding.code, finding.severity, finding.line, finding.column) == ("R067", "hint", 4, 12)
    assert finding.message == "no test of r1, r3, r4, r5, r6 and 1 more"
    assert "*.test.yaml" in finding.hint
    assert untested(rules, {f"r{n}" for n in range(8)}) is None


def test_the_shipped_rules_are_clean() -> None:
    """What a stranger tries first gives no example of what lint would say."""
    shipped = [
        RuleFile(file.name, file.read_bytes()) for file in (Path(__file__).parents[3] / "rules.d").glob("*.yaml")
    ]
    assert shipped
    assert load_rules(shipped).findings == ()
