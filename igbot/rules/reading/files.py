"""Reads one file of `rules.d` into drafts of its rules: everything that can be checked without the other files."""

from datetime import timedelta

import regex

from igbot.rules.model import RuleFile
from igbot.rules.reading.draft import DraftButton, DraftFile, DraftHandoff, DraftReply, DraftRule, DraftVariable
from igbot.rules.reading.keywords import read_keywords, read_kinds, read_payloads
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Report, Scalar
from igbot.rules.reading.strict_yaml import read_yaml
from igbot.rules.reading.values import (
    check_keys,
    is_empty,
    read_boolean,
    read_duration,
    read_integer,
    read_list,
    read_map,
    read_text,
)
from igbot.rules.templates.reading import BUILT_IN_ROOTS

LANGUAGE_VERSION = 1
DEFAULT_PAUSE = timedelta(hours=12)
"""How long a hand-off lasts where the rule does not say."""

FILE_KEYS = frozenset({"version", "vars", "rules"})
LATER_FILE_KEYS = frozenset({"accounts", "timezone", "schedules", "lists", "defaults", "replies", "flows"})
RULE_KEYS = frozenset(
    {"name", "priority", "kinds", "keywords", "match", "not", "payload", "reply", "fallback", "handoff"}
)
LATER_RULE_KEYS = frozenset(
    {"label", "about", "enabled", "from", "until", "when", "flow", "ai", "call", "tag", "untag", "set", "alert"}
    | {"limit", "cooldown", "once", "settle", "delay", "typing", "observe", "on_tie", "test"}
)
REPLY_KEYS = frozenset({"text", "quick_replies"})
LATER_REPLY_KEYS = frozenset({"variants", "buttons", "attach", "use", "split"})
HANDOFF_KEYS = frozenset({"pause", "say"})
LATER_HANDOFF_KEYS = frozenset({"notify", "note", "say_open", "say_closed"})
NOT_IN_FALLBACK = ("keywords", "match", "not", "payload", "priority")

_NAME = regex.compile(r"[a-z0-9-]{1,64}")
_VARIABLE = regex.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def read_file(file: RuleFile, report: Report) -> DraftFile:
    """The drafts of one file; what cannot be read is a finding and left out."""
    source, root = read_yaml(file.path, file.data, report)
    about = report.about(source)
    if root is None:
        return DraftFile(about, False, (), ())
    tree = Mapping((), 1, 1, 1, 1) if is_empty(root) else read_map(root, "a rule file", about)
    if tree is None:
        return DraftFile(about, False, (), ())
    check_keys(tree, "a rule file", about, known=FILE_KEYS, later=LATER_FILE_KEYS)
    _check_version(tree, about)
    variables = tree.get("vars")
    rules = tree.get("rules")
    return DraftFile(
        about,
        True,
        _read_variables(variables, about) if variables else (),
        _read_rules(rules, about) if rules else (),
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
        if group.value in BUILT_IN_ROOTS or not _VARIABLE.fullmatch(group.value):
            hint = "letters, digits and _; none of: " + ", ".join(sorted(BUILT_IN_ROOTS))
            report.error("R011", group, f'"{group.value[:60]}" cannot be the name of a group of vars', hint=hint)
            continue
        for key, value in read_map(values, f"vars.{group.value}", report) or ():
            if not _VARIABLE.fullmatch(key.value):
                report.error("R011", key, f'"{key.value[:60]}" cannot be used in a reply', hint="letters, digits and _")
                continue
            name = f"{group.value}.{key.value}"
            # One whose value is refused is still known, so that the replies with it are not at fault.
            found.append(DraftVariable(report, name, key, read_text(value, name, report) or ""))
    return tuple(found)


def _read_rules(node: Node, report: FileReport) -> tuple[DraftRule, ...]:
    if is_empty(node) or (isinstance(node, Listing) and not node.items):
        return ()
    found = (_read_rule(item, report) for item in read_list(node, "rules", report))
    return tuple(rule for rule in found if rule)


def _read_rule(item: Node, report: FileReport) -> DraftRule | None:
    node = read_map(item, "a rule", report)
    if node is None:
        return None
    check_keys(node, "a rule", report, known=RULE_KEYS, later=LATER_RULE_KEYS)
    name = _read_name(node, report)
    given = {key.value: value for key, value in node}
    fallback = "fallback" in given and bool(read_boolean(given["fallback"], "fallback", report))
    if fallback:
        _check_fallback_keys(node, report)
    priority = None
    if "priority" in given:
        priority = read_integer(given["priority"], "priority", report, lowest=-1000, highest=1000)
    rule = DraftRule(
        report=report,
        node=node,
        name=name or Scalar("", True, node.line, node.column, node.line, node.column),
        kinds=read_kinds(given.get("kinds"), report, fallback=fallback),
        kinds_node=given.get("kinds"),
        priority=priority or 0,
        keywords=read_keywords(given["keywords"], "keywords", report) if "keywords" in given else (),
        every=_read_match(node, report),
        excluded=read_keywords(given["not"], "not", report) if "not" in given else (),
        payloads=read_payloads(given["payload"], report) if "payload" in given else (),
        reply=_read_reply(given["reply"], report) if "reply" in given else None,
        handoff=_read_handoff(given["handoff"], report) if "handoff" in given else None,
        fallback=fallback,
    )
    return rule if name else None


def _read_name(node: Mapping, report: FileReport) -> Scalar | None:
    name = node.get("name")
    if name is None:
        report.error("R011", node, "a rule without a name", hint="begin it with, for example, name: opening-hours")
        return None
    text = read_text(name, "name", report)
    if text is None or not isinstance(name, Scalar):
        return None
    if not _NAME.fullmatch(text):
        slug = regex.sub(r"[^a-z0-9]+", "-", text[:64].lower()).strip("-")
        hint = f"for example: {slug}" if slug else ""
        message = "a name has 1 to 64 small letters, digits and dashes"
        report.error("R011", name, message, hint=hint)
    return name


def _check_fallback_keys(node: Mapping, report: FileReport) -> None:
    for name in NOT_IN_FALLBACK:
        if key := node.key(name):
            message = f'"{name}" has no meaning in the fallback: it answers what no other rule answers'
            report.error("R004", key, message, hint='delete it, or delete "fallback"')


def _read_match(node: Mapping, report: FileReport) -> bool:
    match = node.get("match")
    if match is None:
        return False
    text = read_text(match, "match", report)
    if text is not None and text not in ("any", "all"):
        report.error("R004", match, f'match wants any or all, not "{text[:40]}"')
    if node.get("keywords") is None and not node.get("fallback"):
        report.error("R004", match, '"match" says how keywords join, and there are none', hint="delete it")
    return text == "all"


def _read_reply(node: Node, report: FileReport) -> DraftReply | None:
    if isinstance(node, Listing):
        message = "several replies in a row are part of the rule language but not built in this version"
        report.error("R003", node, message, hint="write one text")
        return None
    if isinstance(node, Scalar):
        text = _read_sayable(node, "reply", report)
        return DraftReply(text) if text else None
    check_keys(node, "a reply", report, known=REPLY_KEYS, later=LATER_REPLY_KEYS)
    buttons = node.get("quick_replies")
    found = read_list(buttons, "quick_replies", report) if buttons else ()
    draft_buttons = tuple(button for item in found if (button := _read_button(item, report)))
    text_node = node.get("text")
    if text_node is None:
        if not any(key.value in LATER_REPLY_KEYS for key, _ in node):
            report.error("R004", node, "a reply without a text", hint="add text:")
        return None
    if isinstance(text_node, Mapping):
        message = "a text for each language is part of the rule language but not built in this version"
        report.error("R003", text_node, message, hint="write one text")
        return None
    text = _read_sayable(text_node, "the text of a reply", report)
    return DraftReply(text, draft_buttons) if text else None


def _read_sayable(node: Node, what: str, report: FileReport) -> Scalar | None:
    text = read_text(node, what, report)
    if text is not None and not text.strip():
        report.error("R004", node, f"{what} is empty", hint="write what the customer shall read")
        return None
    return node if text and isinstance(node, Scalar) else None


def _read_button(item: Node, report: FileReport) -> DraftButton | None:
    node = read_map(item, "a quick reply", report)
    if node is None:
        return None
    check_keys(node, "a quick reply", report, known=("title", "payload"))
    for name in ("title", "payload"):
        if node.get(name) is None:
            report.error("R004", node, f"a quick reply without {name}", hint=f"add {name}:")
    title, payload = node.get("title"), node.get("payload")
    read = [read_text(value, "a quick reply", report) for value in (title, payload) if value]
    if None in read or not isinstance(title, Scalar) or not isinstance(payload, Scalar):
        return None
    return DraftButton(title, payload)


def _read_handoff(node: Node, report: FileReport) -> DraftHandoff | None:
    if isinstance(node, Scalar):
        return DraftHandoff(DEFAULT_PAUSE, None) if read_boolean(node, "handoff", report) else None
    plan = read_map(node, "handoff", report)
    if plan is None:
        return None
    check_keys(plan, "handoff", report, known=HANDOFF_KEYS, later=LATER_HANDOFF_KEYS)
    pause, say = plan.get("pause"), plan.get("say")
    length = read_duration(pause, "pause", report) if pause else None
    return DraftHandoff(length or DEFAULT_PAUSE, _read_sayable(say, "say", report) if say else None)
