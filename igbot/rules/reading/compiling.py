"""Turns drafts into rules once all files are read and all names are known."""

from collections.abc import Mapping, Sequence
from typing import cast

from igbot.meta.events import CustomerKind
from igbot.meta.sendapi import MAX_TITLE_CHARACTERS
from igbot.rules.characters import has_lines, is_blank
from igbot.rules.conditions import When
from igbot.rules.expressions import expression
from igbot.rules.reading.answers_buttons import refuse_names
from igbot.rules.reading.answers_compiling import check_shared_reply, compile_answers
from igbot.rules.reading.certainty import sure_groups
from igbot.rules.reading.draft import DraftFile, DraftRule
from igbot.rules.reading.gathering import gather
from igbot.rules.reading.limits import read_campaign, read_limits, read_pace
from igbot.rules.reading.scope import Scope, Words
from igbot.rules.reading.source import FileReport, Node, Scalar, place_of
from igbot.rules.reading.values import (
    check_keys,
    read_boolean,
    read_choice,
    read_integer,
    read_map,
    read_text,
    read_text_list,
)
from igbot.rules.reading.whens import implied_kinds, read_conditions, read_kinds
from igbot.rules.rule import DEFAULT_KINDS, FALLBACK_KINDS, Example, Rule
from igbot.rules.surroundings import Surroundings

HIGHEST_PRIORITY = 1000
TEST_KEYS = frozenset({"yes", "no"})
MOST_EXAMPLES = 100
"""Of one rule: they are tried at every load."""
_GRAPHEME = expression(r"\X")


def compile_rules(files: Sequence[DraftFile], *, surroundings: Surroundings) -> tuple[Rule, ...]:
    """The rules of all files in their order; what is wrong with them becomes findings."""
    gathered, lists = gather(files, surroundings)
    # Those that rules use are told of with them, by the names that these have.
    used = {reply.use.value for file in files for rule in file.rules for reply in rule.answers.replies if reply.use}
    for name, shared in gathered.replies.items():
        if name not in used and not shared.report.hopeless:
            check_shared_reply(shared, gathered)
    found: list[Rule] = []
    for file in files:
        zone = file.zone or surroundings.zone
        accounts = frozenset(name for _, name in file.accounts) if file.accounts is not None else None
        for draft in file.rules:
            if file.report.hopeless:
                break
            words = Words(draft.report, lists.patterns, lists.find)
            found.append(_compile_rule(draft, Scope(words, gathered, zone), accounts))
    return tuple(found)


def _compile_rule(draft: DraftRule, scope: Scope, accounts: frozenset[str] | None) -> Rule:
    given, report = draft.given, draft.report
    when, conditions = read_conditions(given, scope)
    kinds = _kinds(when, draft)
    if draft.fallback:
        _check_fallback(given, when, report)
    answers = compile_answers(
        draft.answers,
        scope.gathered,
        report,
        rule=draft.name,
        match_names=scope.words.groups,
        sure_groups=sure_groups(when.text) if scope.words.groups else frozenset(),
        kinds=kinds,
        has_text_condition=when.text is not None,
    )
    starts, ends = read_campaign(given, scope) if "from" in given or "until" in given else (None, None)
    pace = read_pace(given, report)
    return Rule(
        name=draft.name,
        file=report.source.path,
        line=draft.line,
        kinds=kinds,
        when=when,
        priority=_read_priority(given.get("priority"), report),
        conditions=conditions,
        label=_read_label(given, report),
        enabled=_read_flag(given, "enabled", report, default=True),
        starts=starts,
        ends=ends,
        accounts=accounts,
        replies=answers.replies,
        handoff=answers.handoff,
        call=answers.call,
        tags=answers.tags,
        untags=answers.untags,
        sets=answers.sets,
        alert=answers.alert,
        limits=read_limits(given, report),
        settle=pace.settle,
        delay=pace.delay,
        typing=pace.typing,
        observe=_read_flag(given, "observe", report, default=False),
        resume=_read_flag(given, "resume", report, default=False),
        fallback=draft.fallback,
        ask_on_tie=_read_tie(given.get("on_tie"), report),
        examples=_read_examples(given["test"], report) if "test" in given else (),
        schedules=scope.gathered.schedules,
        zone=scope.zone,
        places=draft.places,
    )


def _kinds(when: When, draft: DraftRule) -> frozenset[CustomerKind]:
    """The kinds a rule serves: those it asks for, else the usual ones and those its conditions speak of."""
    if when.kinds is not None:
        return when.kinds
    usual = FALLBACK_KINDS if draft.fallback else DEFAULT_KINDS
    if draft.usual_kinds:
        usual = read_kinds(draft.usual_kinds, draft.report)
    return usual | implied_kinds(when)


def _check_fallback(given: Mapping[str, Node], when: When, report: FileReport) -> None:
    if "when" in given and when != When(kinds=when.kinds):
        message = "the fallback answers what no other rule answers; it can ask for kinds only"
        report.error("R004", given["when"], message, hint='delete the other conditions, or delete "fallback"')
    if "observe" in given and _read_flag(given, "observe", report, default=False):
        message = "an observer never answers, so it cannot be the fallback"
        report.error("R015", given["observe"], message, hint="delete one of the two")


def _read_priority(node: Node | None, report: FileReport) -> int:
    if node is None:
        return 0
    return read_integer(node, "priority", report, lowest=-HIGHEST_PRIORITY, highest=HIGHEST_PRIORITY) or 0


def _read_flag(given: Mapping[str, Node], name: str, report: FileReport, *, default: bool) -> bool:
    node = given.get(name)
    read = read_boolean(node, name, report) if node else None
    return default if read is None else read


def _read_label(given: Mapping[str, Node], report: FileReport) -> str | None:
    """The rule's label, and its note for people, which is only checked."""
    if about := given.get("about"):
        read_text(about, "about", report)
    node = given.get("label")
    label = read_text(node, "label", report) if node else None
    if node is None or label is None:
        return None
    length = len(_GRAPHEME.findall(label))
    if is_blank(label):
        report.error("R041", node, "the label is empty", hint="delete it")
    elif length > MAX_TITLE_CHARACTERS:
        message = f"the label has {length} characters, Meta allows {MAX_TITLE_CHARACTERS} on a button"
        report.error("R041", node, message, hint="shorten it")
    elif has_lines(label):
        report.error("R041", node, "the label stands on a button, which has one line", hint="delete the line breaks")
    refuse_names(cast(Scalar, node), "labels", report)
    return label


def _read_tie(node: Node | None, report: FileReport) -> bool | None:
    chosen = read_choice(node, "on_tie", report, known=("first", "ask")) if node else None
    return None if chosen is None else chosen == "ask"


def _read_examples(node: Node, report: FileReport) -> tuple[Example, ...]:
    tree = read_map(node, "test", report)
    if tree is None:
        return ()
    check_keys(tree, "test", report, known=TEST_KEYS)
    if not tree.entries:
        report.error("R004", tree, "test has no examples", hint="add yes: [a text this rule must answer]")
    found = tuple(
        Example(text, key.value == "yes", place_of(item))
        for key, value in tree
        if key.value in TEST_KEYS
        for item, text in read_text_list(value, f"test.{key.value}", report)
    )
    if len(found) > MOST_EXAMPLES:
        message = f"{len(found)} examples, a rule has at most {MOST_EXAMPLES}"
        report.error("R004", tree, message, hint="put the others into a test file (*.test.yaml)")
    return found[:MOST_EXAMPLES]
