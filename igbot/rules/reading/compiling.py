"""Turns drafts into rules once all files are read: fills `vars` into templates and holds replies to Meta's limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from igbot.meta.outgoing import QuickReply
from igbot.meta.sendapi import MAX_TEXT_BYTES
from igbot.rules.reading.draft import DraftFile, DraftReply, DraftRule
from igbot.rules.reading.source import Scalar, place_inside
from igbot.rules.deciding.ruleset import HandoffPlan, Reply, Rule
from igbot.rules.templates.reading import LONGEST_INSERT, MESSAGE_NAMES, Insert, Template, read_template, render

_TEXT_KINDS = frozenset({"text", "quick_reply", "story_reply"})
# Four bytes a character is the most that a customer can write.
_LONGEST = dict.fromkeys(MESSAGE_NAMES, "🔥" * LONGEST_INSERT)


@dataclass(frozen=True, slots=True)
class _Use:
    """A text of a rule, and what it is called in findings."""

    rule: DraftRule
    text: Scalar
    what: str


def gather_constants(files: Iterable[DraftFile]) -> dict[str, str]:
    """All `vars` of all files by their full names; R010 for one that stands in two places."""
    found: dict[str, str] = {}
    places: dict[str, str] = {}
    for file in files:
        for variable in file.variables:
            if first := places.get(variable.name):
                message = f'"{variable.name}" of vars is set twice, first at {first}'
                variable.report.error("R010", variable.node, message, hint="keep one of the two")
                continue
            found[variable.name] = variable.value
            places[variable.name] = f"{file.report.source.path}:{variable.node.line}"
    return found


def compile_rule(draft: DraftRule, constants: Mapping[str, str]) -> Rule:
    """The rule of a draft; what is wrong with its texts becomes findings (R040, R045, R046)."""
    names = {**constants, "rule.name": draft.name.value}
    return Rule(
        name=draft.name.value,
        file=draft.report.source.path,
        line=draft.node.line,
        kinds=draft.kinds,
        priority=draft.priority,
        keywords=tuple(keyword.matcher for keyword in draft.keywords),
        every=draft.every,
        excluded=tuple(keyword.matcher for keyword in draft.excluded),
        payloads=tuple(payload.value for payload in draft.payloads),
        reply=_compile_reply(draft, draft.reply, names) if draft.reply else None,
        handoff=_compile_handoff(draft, names),
        fallback=draft.fallback,
        conditions=count_conditions(draft),
    )


def count_conditions(draft: DraftRule) -> int:
    """How many conditions `when` would have: text, payload, kinds."""
    return bool(draft.keywords or draft.excluded) + bool(draft.payloads) + (draft.kinds_node is not None)


def _compile_reply(draft: DraftRule, reply: DraftReply, names: Mapping[str, str]) -> Reply:
    buttons = tuple(QuickReply(button.title.value, button.payload.value) for button in reply.buttons)
    return Reply(_compile_text(_Use(draft, reply.text, "the reply"), names), buttons)


def _compile_handoff(draft: DraftRule, names: Mapping[str, str]) -> HandoffPlan | None:
    if draft.handoff is None:
        return None
    say = draft.handoff.say
    return HandoffPlan(draft.handoff.pause, _compile_text(_Use(draft, say, "say"), names) if say else None)


def _compile_text(use: _Use, names: Mapping[str, str]) -> Template:
    report = use.rule.report
    template, problems = read_template(use.text.value, constants=names)
    for problem in problems:
        place = place_inside(report.source, use.text, problem.part)
        report.error("R045", place, problem.message, hint=problem.hint)
    if problems:
        return ()
    for part in template:
        if isinstance(part, Insert) and part.may_print_nothing and _may_be_empty(part.name, use.rule):
            place = place_inside(report.source, use.text, part.name)
            hint = f"write {{{{ {part.name} | default('…') }}}}"
            report.warning("R046", place, f'"{part.name}" may be empty in this rule', hint=hint)
    size = len(render(template, _LONGEST).encode("utf-8", "replace"))
    if size > MAX_TEXT_BYTES:
        message = f"{use.what} can reach {size} bytes; over {MAX_TEXT_BYTES} it is sent as several messages"
        report.warning("R040", use.text, message, hint="say it in fewer words")
    return template


def _may_be_empty(name: str, rule: DraftRule) -> bool:
    if name == "message.text":
        return not (rule.keywords or rule.kinds <= _TEXT_KINDS)
    return name == "match.keyword" and not rule.keywords
