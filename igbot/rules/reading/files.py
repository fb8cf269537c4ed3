"""Reads one file of `rules.d` into drafts of its rules: everything that can be checked without the other files."""

from collections.abc import Mapping as MappingOf
from dataclasses import replace

from igbot.rules.expressions import expression
from igbot.rules.model import RuleFile
from igbot.rules.reading.answers_reading import ANSWER_KEYS, read_answers, read_shared_reply
from igbot.rules.reading.answers_texts import read_key, read_slug
from igbot.rules.reading.draft import DraftFile, DraftRule, DraftVariable, Named
from igbot.rules.reading.moments import read_zone
from igbot.rules.reading.slips import check_slips
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Report, Scalar, place_of
from igbot.rules.reading.strict_yaml import read_yaml
from igbot.rules.reading.values import (
    check_keys,
    is_empty,
    is_true,
    read_boolean,
    read_list,
    read_map,
    read_text,
    read_text_list,
)
from igbot.rules.templates.reading import BUILT_IN_ROOTS

LANGUAGE_VERSION = 1

FILE_KEYS = frozenset({"version", "accounts", "timezone", "vars", "schedules", "lists", "defaults", "replies", "rules"})
LATER_FILE_KEYS = frozenset({"flows"})
RULE_KEYS = frozenset(
    {"name", "label", "about", "enabled", "from", "until", "priority", "kinds", "keywords", "match", "not", "payload"}
    | {"when", "limit", "cooldown", "once", "settle", "delay", "typing", "observe", "fallback", "on_tie", "test"}
    | {"resume", *ANSWER_KEYS}
)
LATER_RULE_KEYS = frozenset({"flow", "ai"})
NOT_IN_FALLBACK = ("keywords", "match", "not", "payload", "priority")
NOT_FOR_OBSERVERS = ("reply", "handoff", "settle", "delay", "typing", "on_tie", "label")
NO_DEFAULTS = {
    "name": "a name cannot be a default: every rule has its own",
    "fallback": "not every rule of a file can be the fallback",
    "resume": "only an observer ends a pause, and each says so itself",
}
"""Keys of a rule that `defaults` cannot have, and why."""
MOST_RULES = 20_000
"""Of one file: a shop with more keeps them apart."""
MOST_NAMED = 10_000
"""Lists, schedules or shared replies of one file."""
MOST_DEFAULTS = 100_000
"""Values that a file's defaults may write out into all its rules."""

_NAME = expression(r"[\p{L}\p{M}\p{N}_-]{1,64}")
_NO_DEFAULTS: MappingOf[str, tuple[Scalar, Node]] = {}


def read_file(file: RuleFile, report: Report) -> DraftFile:
    """The drafts of one file; what cannot be read is a finding and left out."""
    source, root = read_yaml(file.path, file.data, report)
    about = report.about(source)
    if root is None:
        return DraftFile(about)
    tree = Mapping({}, 1, 1, 1, 1) if is_empty(root) else read_map(root, "a rule file", about)
    if tree is None:
        return DraftFile(about)
    check_keys(tree, "a rule file", about, known=FILE_KEYS, later=LATER_FILE_KEYS)
    _check_version(tree, about)
    zone = tree.get("timezone")
    accounts = tree.get("accounts")
    variables = tree.get("vars")
    rules = _read_rules(tree, about)
    return DraftFile(
        about,
        readable=rules is not None,
        zone=read_zone(zone, about) if zone else None,
        accounts=read_text_list(accounts, "accounts", about) if accounts else None,
        variables=_read_variables(variables, about) if variables else (),
        schedules=_read_named(tree, "schedules", about),
        lists=_read_named(tree, "lists", about),
        replies=tuple((each.name, read_shared_reply(each.node, about)) for each in _read_named(tree, "replies", about)),
        rules=rules or (),
    )


def _check_version(tree: Mapping, report: FileReport) -> None:
    node = tree.get("version")
    if node is None:
        report.error("R005", tree, "the version of the rule language is missing", hint='begin with "version: 1"')
    elif not isinstance(node, Scalar) or not node.plain or node.value != str(LANGUAGE_VERSION):
        report.error("R005", node, "this version of the rule language is not known here", hint='write "version: 1"')


def _read_variables(node: Node, report: FileReport) -> tuple[DraftVariable, ...]:
    found: list[DraftVariable] = []
    for group, values in read_map(node, "vars", report) or ():
        if group.value in BUILT_IN_ROOTS:
            hint = "take another name than " + ", ".join(sorted(BUILT_IN_ROOTS))
            report.error("R011", group, f'"{group.value[:60]}" has a meaning of its own in replies', hint=hint)
            continue
        if not read_key(group, "the name of a group of vars", report):
            continue
        for key, value in read_map(values, f"vars.{group.value}", report) or ():
            if read_key(key, "used in a reply", report):
                name = f"{group.value}.{key.value}"
                if isinstance(value, Scalar):
                    check_slips(value, name, report)
                # One whose value is refused is still known, so that the replies with it are not at fault.
                found.append(DraftVariable(name, key, read_text(value, name, report) or ""))
    return tuple(found)


def _read_named(tree: Mapping, key: str, report: FileReport) -> tuple[Named, ...]:
    """What stands under one of the file's keys that hold things by name."""
    node = tree.get(key)
    if node is None or is_empty(node):
        return ()
    found: list[Named] = []
    named = read_map(node, key, report)
    if named and len(named.entries) > MOST_NAMED:
        message = f"{len(named.entries)} names under {key} in one file, at most {MOST_NAMED} are possible"
        report.error("R001", tree.key(key) or named, message, hint="split it into several")
        return ()
    for name, value in named or ():
        if not _NAME.fullmatch(name.value):
            message = f'"{name.value[:60]}" cannot be a name in {key}'
            report.error("R011", name, message, hint="1 to 64 letters, digits, - and _")
            continue
        found.append(Named(name, value))
    return tuple(found)


def _read_rules(tree: Mapping, report: FileReport) -> tuple[DraftRule, ...] | None:
    """The rules of a file; None where they are too many to be read."""
    node = tree.get("rules")
    is_without = node is None or is_empty(node) or (isinstance(node, Listing) and not node.items)
    items = () if node is None or is_without else read_list(node, "rules", report)
    # What is wrong with them is told where there are no rules yet, too.
    defaults = _read_defaults(tree, report, count=len(items))
    if len(items) > MOST_RULES:
        message = f"{len(items)} rules in one file, at most {MOST_RULES} are possible"
        report.error("R001", items[MOST_RULES], message, hint="split it into several")
        return None
    found = (_read_rule(item, defaults, report) for item in items)
    return tuple(rule for rule in found if rule)


def _read_defaults(tree: Mapping, report: FileReport, *, count: int) -> MappingOf[str, tuple[Scalar, Node]]:
    node = tree.get("defaults")
    if node is None or is_empty(node):
        return _NO_DEFAULTS
    defaults = read_map(node, "defaults", report)
    if defaults is None:
        return _NO_DEFAULTS
    for name, problem in NO_DEFAULTS.items():
        if key := defaults.key(name):
            report.error("R004", key, problem, hint="delete it here")
    check_keys(defaults, "defaults", report, known=RULE_KEYS, later=LATER_RULE_KEYS)
    if _count_values(defaults) * count > MOST_DEFAULTS:
        message = f"written out into {count} rules, these defaults are more than {MOST_DEFAULTS} values"
        report.error("R004", tree.key("defaults") or defaults, message, hint="make them shorter, or split the file")
        return _NO_DEFAULTS
    return {key.value: (key, value) for key, value in defaults if key.value in RULE_KEYS - NO_DEFAULTS.keys()}


def _count_values(node: Node) -> int:
    count, left = 0, [node]
    while left:
        count += 1
        match left.pop():
            case Mapping(entries=entries):
                left.extend(value for _, value in entries.values())
            case Listing(items=items):
                left.extend(items)
            case _:
                pass
    return count


def _read_rule(item: Node, defaults: MappingOf[str, tuple[Scalar, Node]], report: FileReport) -> DraftRule | None:
    node = read_map(item, "a rule", report)
    if node is None:
        return None
    entries = node.entries
    if not entries.keys() <= RULE_KEYS:
        check_keys(node, "a rule", report, known=RULE_KEYS, later=LATER_RULE_KEYS)
    name = _read_name(node, report)
    fallback = _is_fallback(node, report)
    usual_kinds = None
    if defaults:
        usual_kinds = defaults["kinds"][1] if "kinds" in defaults and "kinds" not in entries else None
        entries = _fitting_defaults(defaults, node, is_fallback=fallback) | entries
    if name is None:
        return None
    given = {key: value for key, (_, value) in entries.items()}
    places = {key: place_of(written) for key, (written, _) in entries.items()}
    places["name"] = place_of(given["name"])
    return DraftRule(report, name, node.line, given, places, fallback, read_answers(given, report), usual_kinds)


def _read_name(node: Mapping, report: FileReport) -> str | None:
    name = node.get("name")
    if name is None:
        report.error("R011", node, "a rule without a name", hint="begin it with, for example, name: opening-hours")
        return None
    # One with a wrong name is still read, so that all that is wrong with it is told at once.
    return read_slug(name, "the name of a rule", report) or (name.value if isinstance(name, Scalar) else None)


def _fitting_defaults(
    defaults: MappingOf[str, tuple[Scalar, Node]], rule: Mapping, *, is_fallback: bool
) -> dict[str, tuple[Scalar, Node]]:
    """The defaults that mean something for a rule, without `kinds`: what a fallback or an observer cannot have is left
    out, since there it could not be unset."""
    found = {key: each for key, each in defaults.items() if key != "kinds"}
    if is_fallback:
        for key in (*NOT_IN_FALLBACK, "when", "observe"):
            found.pop(key, None)
    observe = rule.get("observe") or (found["observe"][1] if "observe" in found else None)
    if observe and is_true(observe):
        for key in NOT_FOR_OBSERVERS:
            found.pop(key, None)
        if "limit" in found and isinstance(limit := found["limit"][1], Mapping):
            entries = {key: each for key, each in limit.entries.items() if key != "then"}
            found["limit"] = (found["limit"][0], replace(limit, entries=entries))
    return found


def _is_fallback(node: Mapping, report: FileReport) -> bool:
    value = node.get("fallback")
    if value is None or not read_boolean(value, "fallback", report):
        return False
    for name in NOT_IN_FALLBACK:
        if key := node.key(name):
            message = f'"{name}" has no meaning in the fallback: it answers what no other rule answers'
            report.error("R004", key, message, hint='delete it, or delete "fallback"')
    return True
