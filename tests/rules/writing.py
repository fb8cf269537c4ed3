"""Short ways to write rules in a test."""

from datetime import UTC, datetime
from textwrap import dedent

from igbot.rules.deciding.choice import Choice, Customer, Incoming
from igbot.rules.deciding.decision import decide
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.loading import Loaded, load_rules
from igbot.rules.model import Finding, RuleFile
from igbot.rules.rule import Rule
from igbot.rules.surroundings import Surroundings

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday."""


def load(*texts: str, surroundings: Surroundings | None = None) -> Loaded:
    """Loads texts as files `1.yaml`, `2.yaml` …"""
    files = [RuleFile(f"{number}.yaml", dedent(text).encode()) for number, text in enumerate(texts, 1)]
    return load_rules(files, surroundings=surroundings)


def with_rules(body: str, head: str = "") -> str:
    """A whole file around rules written without indentation; `head` stands above them."""
    lines = dedent(body).strip().splitlines()
    above = f"version: 1\n{dedent(head).strip()}\n".replace("\n\n", "\n")
    return above + "rules:\n" + "".join(f"  {line}\n" for line in lines)


def rules(body: str, head: str = "") -> RuleSet:
    """The set of rules that must load."""
    loaded = load(with_rules(body, head))
    assert loaded.ruleset is not None, [finding.message for finding in loaded.findings]
    return loaded.ruleset


def rule(body: str, head: str = "") -> Rule:
    """The first rule as it is read, whatever is found."""
    return load(with_rules(body, head)).rules[0]


def errors(body: str, head: str = "") -> list[tuple[str, int, int]]:
    """Code, line and column of every error."""
    found = load(with_rules(body, head)).findings
    return [(each.code, each.line, each.column) for each in found if each.severity == "error"]


def findings(body: str, code: str, head: str = "") -> list[Finding]:
    """What one code says about rules."""
    return [finding for finding in load(with_rules(body, head)).findings if finding.code == code]


def says(body: str, text: str, **incoming: str) -> str | None:
    """The name of the rule that answers a text."""
    return choose(body, Incoming(incoming.get("kind", "text"), text, incoming.get("payload"))).rule  # type: ignore[arg-type]


def choose(body: str, message: Incoming, *, now: datetime = NOON) -> Choice:
    """The whole choice for somebody who writes for the first time."""
    return decide(rules(body), message, Customer("17841400000000001"), now=now)
