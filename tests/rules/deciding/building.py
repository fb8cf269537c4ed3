"""Short ways to build rules without files, and to ask them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from igbot.rules.answers import Reply, Words
from igbot.rules.conditions import TextCondition, TextNode, When
from igbot.rules.deciding.choice import Choice, Considered, Customer, Incoming, Options
from igbot.rules.deciding.decision import consider_all, decide
from igbot.rules.deciding.responding import Standing, respond
from igbot.rules.deciding.ruleset import RuleSet, build_ruleset
from igbot.rules.matching.matchers import Keyword
from igbot.rules.rule import DEFAULT_KINDS, Rule
from igbot.rules.templates.model import Filter, Insert, Template

NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
"""A Tuesday."""
OPEN_WINDOW = Standing(customer_at=NOW)
ANA = Customer("1001", "shop")


def word(written: str) -> Keyword:
    """A whole word or phrase."""
    return Keyword.of("word", written)


def words(*given: str) -> When:
    """Any of some words."""
    return When(text=TextCondition(any=tuple(word(each) for each in given)))


def text(*given: TextNode | str, **keys: Any) -> When:
    """A condition on the text; what is given without a key is `any`."""
    nodes: dict[str, Any] = {
        key: tuple(map(_node, value)) if isinstance(value, tuple) else value for key, value in keys.items()
    }
    return When(text=TextCondition(any=tuple(map(_node, given)), **nodes))


def _node(given: TextNode | str) -> TextNode:
    return word(given) if isinstance(given, str) else given


def template(said: str) -> Template:
    """A template written as `Hi {customer.name|you}`: a name, and behind the stroke what stands in for it."""
    parts: list[str | Insert] = []
    for number, piece in enumerate(said.replace("}", "{").split("{")):
        if number % 2:
            name, _, instead = piece.partition("|")
            parts.append(Insert(name, (Filter("default", instead),) if instead else ()))
        elif piece:
            parts.append(piece)
    return tuple(parts)


def says(said: str | Mapping[str, str]) -> Words:
    """Words to be said, in one or several languages; the first is the default."""
    if isinstance(said, str):
        return Words({"": template(said)})
    first = next(iter(said))
    return Words({"": template(said[first]), **{tag: template(each) for tag, each in said.items()}}, first)


def rule(name: str, when: When | None = None, reply: str | Mapping[str, str] | None = "", **keys: Any) -> Rule:
    """A rule that says its own name unless told otherwise (None: nothing), of one file, in the order they are built."""
    replies = () if reply is None else (Reply(says(reply or name)),)
    given: dict[str, Any] = {"file": "shop.yaml", "line": 1, "kinds": DEFAULT_KINDS, "replies": replies, **keys}
    when = when or When()
    return Rule(name, when=when, **{"conditions": 1 if when != When() else 0, **given})


def observer(name: str, when: When | None = None, **keys: Any) -> Rule:
    """A rule that only watches."""
    return rule(name, when, None, observe=True, **keys)


def rules(*given: Rule) -> RuleSet:
    """The set of them."""
    return build_ruleset("d1", given)


def choose(given: RuleSet | Rule, message: Incoming | str, customer: Customer = ANA, **keys: Any) -> Choice:
    """The decision of `decide`, at `NOW` unless said."""
    ruleset = given if isinstance(given, RuleSet) else rules(given)
    return decide(ruleset, _incoming(message), customer, **{"now": NOW, **keys})


def answer(given: RuleSet | Rule, message: Incoming | str, customer: Customer = ANA, **keys: Any) -> str | None:
    """The name of the rule that wins."""
    return choose(given, message, customer, **keys).rule


def fits(when: When, message: Incoming | str, customer: Customer = ANA, **keys: Any) -> bool:
    """Whether a rule with these conditions, for all kinds of messages, answers."""
    kind = _incoming(message).kind
    return answer(rules(rule("asked", when, kinds=frozenset({kind}))), message, customer, **keys) == "asked"


def why_not(when: When, message: Incoming | str, customer: Customer = ANA, **keys: Any) -> str:
    """Why a rule with these conditions does not fit."""
    kind = _incoming(message).kind
    line = explain(rules(rule("asked", when, kinds=frozenset({kind}))), message, customer, **keys)[0]
    assert not line.fits
    return line.because


def explain(given: RuleSet, message: Incoming | str, customer: Customer = ANA, **keys: Any) -> tuple[Considered, ...]:
    """All rules and why."""
    return consider_all(given, _incoming(message), customer, **{"now": NOW, **keys})


def turn(given: RuleSet | Rule, message: Incoming | str, customer: Customer = ANA, **keys: Any) -> Choice:
    """The decision of `respond`, at `NOW` in an open window unless said."""
    ruleset = given if isinstance(given, RuleSet) else rules(given)
    now = keys.get("now", NOW)
    given_keys = {"standing": OPEN_WINDOW, "sent_at": now, "now": now, "options": Options(), **keys}
    return respond(ruleset, _incoming(message), customer, given_keys.pop("standing"), **given_keys)


def said(choice: Choice) -> list[str]:
    """The texts of the answer."""
    return [reply.text for reply in choice.replies]


def hours(count: float) -> timedelta:
    """A length of time."""
    return timedelta(hours=count)


def _incoming(message: Incoming | str) -> Incoming:
    return Incoming("text", message) if isinstance(message, str) else message
