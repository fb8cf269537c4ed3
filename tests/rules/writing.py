"""Short ways to write rules in a test."""

from textwrap import dedent

from igbot.rules.deciding.decision import decide
from igbot.rules.loading import Loaded, load_rules
from igbot.rules.model import Choice, Finding, Incoming, RuleFile
from igbot.rules.deciding.ruleset import RuleSet


def load(*texts: str) -> Loaded:
    """Loads texts as files `1.yaml`, `2.yaml` …"""
    files = [RuleFile(f"{number}.yaml", dedent(text).encode()) for number, text in enumerate(texts, 1)]
    return load_rules(files)


def with_rules(body: str) -> str:
    """A whole file around rules written without indentation."""
    lines = dedent(body).strip().splitlines()
    return "version: 1\nrules:\n" + "".join(f"  {line}\n" for line in lines)


def rules(body: str) -> RuleSet:
    """The set of rules that must load."""
    loaded = load(with_rules(body))
    assert loaded.ruleset is not None, [finding.message for finding in loaded.findings]
    return loaded.ruleset


def findings(body: str, code: str) -> list[Finding]:
    """What one code says about rules."""
    return [finding for finding in load(with_rules(body)).findings if finding.code == code]


def says(body: str, text: str, **incoming: str) -> str | None:
    """The name of the rule that answers a text."""
    message = Incoming(incoming.get("kind", "text"), text, incoming.get("payload"))  # type: ignore[arg-type]
    return decide(rules(body), message, default_reply="").rule


def choose(body: str, message: Incoming, *, default_reply: str = "") -> Choice:
    """The whole choice."""
    return decide(rules(body), message, default_reply=default_reply)
