"""Reads what a rule asks of the customer and of the conversation so far."""

from datetime import timedelta
from typing import Literal, cast

from igbot.rules.conditions import After, Comparison, CustomerCondition, ScheduleCondition
from igbot.rules.expressions import expression
from igbot.rules.languages import is_language, suggest_language
from igbot.rules.reading.answers_texts import read_key, read_slugs
from igbot.rules.reading.scope import Scope
from igbot.rules.reading.source import FileReport, Mapping, Node, Scalar
from igbot.rules.reading.values import (
    check_keys,
    duration_of,
    read_boolean,
    read_duration,
    read_filled_map,
    read_map,
    read_text,
    read_text_list,
    read_texts,
    unknown_name,
)

AFTER_KEYS = frozenset({"rule", "within"})
CUSTOMER_KEYS = frozenset({"tags", "lang", "follows", "username", "set"})
TAG_KEYS = frozenset({"any", "all", "none"})
DEFAULT_WITHIN = timedelta(hours=24)
"""How long ago the rule of `after` may have answered, where it does not say."""

Sign = Literal["<", "<=", ">", ">=", "=="]
_COMPARISON = expression(r"\s*(<=|>=|==|<|>)\s*(\S+)\s*")
_NUMBER = expression(r"[0-9]{1,6}")
_FIRST_TURN = 1


def read_idle(node: Node, scope: Scope) -> Comparison[timedelta] | None:
    """`idle_for`: a sign and a length of time."""
    found = _read_comparison(node)
    bound = duration_of(found[1]) if found else None
    if found is None or bound is None:
        _refuse(node, "idle_for", '">= 7d"', scope.report)
        return None
    if not bound:
        _check_bound(node, "idle_for", found[0], scope.report)
    return Comparison(found[0], bound)


def read_turn(node: Node, scope: Scope) -> Comparison[int] | None:
    """`turn`: a sign and a number."""
    found = _read_comparison(node)
    if found is None or not _NUMBER.fullmatch(found[1]):
        _refuse(node, "turn", '">= 3" or "== 1"', scope.report)
        return None
    bound = int(found[1])
    if bound < _FIRST_TURN:
        holds = Comparison(found[0], bound).holds(_FIRST_TURN)
        _tell_bound(node, "turn", scope.report, always=holds)
    elif bound == _FIRST_TURN:
        _check_bound(node, "turn", found[0], scope.report)
    return Comparison(found[0], bound)


def _check_bound(node: Node, what: str, sign: Sign, report: FileReport) -> None:
    """R025 for what is compared with the least that there is."""
    if sign in ("<", ">="):
        _tell_bound(node, what, report, always=sign == ">=")


def _tell_bound(node: Node, what: str, report: FileReport, *, always: bool) -> None:
    if always:
        report.warning("R025", node, f"{what} is always so: this asks for nothing", hint=f"delete {what}")
    else:
        message = f"{what} is never so: the rule can never answer by it"
        report.warning(
            "R025",
            node,
            message,
            hint="the first message of a conversation is turn 1" if what == "turn" else "write a longer time",
        )


def _read_comparison(node: Node) -> tuple[Sign, str] | None:
    found = _COMPARISON.fullmatch(node.value) if isinstance(node, Scalar) else None
    return (cast(Sign, found[1]), found[2]) if found else None


def _refuse(node: Node, what: str, example: str, report: FileReport) -> None:
    written = f", not {node.value[:40]!r}" if isinstance(node, Scalar) else ""
    report.error("R004", node, f"{what} wants a comparison such as {example}{written}", hint=f"write {example}")


def read_after(node: Node, scope: Scope) -> After | None:
    """`after`: the rule that answered last, and how long ago at most."""
    tree = read_map(node, "after", scope.report)
    if tree is None:
        return None
    check_keys(tree, "after", scope.report, known=AFTER_KEYS)
    rule = tree.get("rule")
    if rule is None:
        scope.report.error("R004", tree, "after does not say which rule", hint="add rule: its-name")
        return None
    name = read_text(rule, "after.rule", scope.report)
    if name is not None and name not in scope.gathered.rules:
        unknown_name(rule, "rule", scope.gathered.rules, scope.report)
    elif why := scope.gathered.silent.get(name or ""):
        message = f'the rule "{name}" {why}: nothing ever comes after its answer'
        scope.report.warning("R050", rule, message, hint="name a rule that answers")
    length = tree.get("within")
    within = read_duration(length, "within", scope.report) if length else DEFAULT_WITHIN
    return After(name, within) if name and within else None


def read_schedule_condition(node: Node, scope: Scope) -> ScheduleCondition | None:
    """`schedule`: a name, or `{not: name}` for when it is closed."""
    is_open = True
    if isinstance(node, Mapping):
        check_keys(node, "schedule", scope.report, known=("not",))
        is_open, inner = False, node.get("not")
        if inner is None:
            scope.report.error("R004", node, "schedule names none", hint="write schedule: open, or {not: open}")
            return None
        node = inner
    name = read_text(node, "schedule", scope.report)
    if name is None:
        return None
    schedule = scope.gathered.schedules.get(name)
    if schedule is None:
        unknown_name(node, "schedule", scope.gathered.schedules, scope.report)
        return None
    return ScheduleCondition(name, schedule, is_open)


def read_customer(node: Node, scope: Scope) -> CustomerCondition | None:
    """`customer`: tags, language and what else is known of who writes."""
    report = scope.report
    tree = read_map(node, "customer", report)
    if tree is None:
        return None
    check_keys(tree, "customer", report, known=CUSTOMER_KEYS)
    if not tree.entries:
        report.error("R004", tree, "customer asks for nothing", hint="add tags, lang, follows, username or set")
    tags = {} if (given := tree.get("tags")) is None else _read_tags(given, report)
    languages, follows, names, facts = (tree.get(key) for key in ("lang", "follows", "username", "set"))
    return CustomerCondition(
        tags_any=tags.get("any", frozenset()),
        tags_every=tags.get("all", frozenset()),
        tags_none=tags.get("none", frozenset()),
        languages=_read_languages(languages, report) if languages else (),
        follows=read_boolean(follows, "follows", report) if follows else None,
        usernames=_read_usernames(names, report) if names else (),
        facts=_read_facts(facts, report) if facts else {},
    )


def _read_tags(node: Node, report: FileReport) -> dict[str, frozenset[str]]:
    tree = read_map(node, "customer.tags", report)
    if tree is None:
        return {}
    check_keys(tree, "customer.tags", report, known=TAG_KEYS)
    if not tree.entries:
        report.error("R004", tree, "customer.tags asks for nothing", hint="add any: [a-tag]")
    found = {key.value: frozenset(read_slugs(value, "a tag", report)) for key, value in tree if key.value in TAG_KEYS}
    none = found.get("none", frozenset())
    if both := sorted(none & (found.get("any", frozenset()) | found.get("all", frozenset()))):
        report.warning(
            "R025", node, f'the tag "{both[0]}" is wanted and excluded', hint="delete it in one of the two lists"
        )
    return found


def _read_languages(node: Node, report: FileReport) -> tuple[str, ...]:
    found = []
    instead = suggest_language(node.value) if isinstance(node, Scalar) else ""
    for item, tag in read_text_list(node, "customer.lang", report, instead=instead or ""):
        if is_language(tag):
            found.append(tag.lower())
        else:
            meant = suggest_language(tag)
            hint = f"write {meant}" if meant else "for example en, es or pt-BR"
            report.error("R047", item, f'"{tag[:40]}" is not the code of a language', hint=hint)
    return tuple(found)


def _read_usernames(node: Node, report: FileReport) -> tuple[str, ...]:
    return tuple(name.strip().removeprefix("@").lower() for _, name in read_texts(node, "username", report))


def _read_facts(node: Node, report: FileReport) -> dict[str, str]:
    found = {}
    for key, value in read_filled_map(node, "customer.set", report) or ():
        name = read_key(key, "the name of a fact", report)
        text = read_text(value, f"customer.set.{key.value[:60]}", report)
        if name and text is not None:
            found[name] = text
    return found
