"""Turns drafts of what a rule does into what it does, once all files are read and all names are known."""

from collections import ChainMap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from igbot.meta.events import CustomerKind
from igbot.meta.outgoing import Attachment, Button, QuickReply
from igbot.rules.answers import (
    MAX_FACT_CHARACTERS,
    OPEN_HOURS,
    OWNER,
    AlertPlan,
    CallPlan,
    HandoffPlan,
    Reply,
    Variant,
    Words,
)
from igbot.rules.languages import is_language, suggest_language
from igbot.rules.reading.answers_draft import (
    DraftAlert,
    DraftAnswers,
    DraftCall,
    DraftHandoff,
    DraftReply,
    DraftWords,
)
from igbot.rules.reading.answers_templates import (
    Vocabulary,
    check_button_text,
    check_size,
    compile_text,
    compile_url,
    compile_words,
    empty_names,
)
from igbot.rules.reading.gathered import Gathered
from igbot.rules.reading.source import FileReport, Scalar, place_of
from igbot.rules.reading.values import unknown_name
from igbot.rules.templates.model import Template
from igbot.rules.templates.reading import ALWAYS_KNOWN

_MOST_MESSAGES = 3
_MOST_SHARED = 5_000_000


@dataclass(frozen=True, slots=True)
class Answers:
    """What a rule does when it wins; each field is the one of `Rule`."""

    replies: tuple[Reply, ...] = ()
    handoff: HandoffPlan | None = None
    call: CallPlan | None = None
    sets: Mapping[str, Template] = field(default_factory=dict)
    alert: AlertPlan | None = None
    tags: tuple[str, ...] = ()
    untags: tuple[str, ...] = ()


def compile_answers(
    draft: DraftAnswers,
    gathered: Gathered,
    report: FileReport,
    *,
    rule: str,
    match_names: Collection[str],
    kinds: frozenset[CustomerKind],
    has_text_condition: bool,
    sure_groups: Collection[str] = (),
) -> Answers:
    """What the rule called `rule` does; what is wrong with it becomes findings.

    `match_names` are the groups of its patterns (`1`, `no`), `sure_groups` those that always hold something, `kinds`
    the kinds it serves. `has_text_condition`: it fits no message without text.
    """
    before_call = Vocabulary(
        constants=ChainMap({"rule.name": rule}, cast(dict[str, str], gathered.constants)),
        names=ALWAYS_KNOWN | {f"match.{name}" for name in match_names},
        schedules=gathered.schedules.keys(),
        language=gathered.surroundings.language,
        empty=empty_names(
            kinds,
            has_text_condition=has_text_condition,
            groups=match_names,
            sure_groups=sure_groups,
            slots=draft.call is not None and draft.call.on_error == "ignore",
        ),
    )
    vocabulary = before_call
    if draft.call and draft.call.save:
        slots = {f"slots.{draft.call.save}", f"slots.{draft.call.save}.*"}
        vocabulary = replace(before_call, names=before_call.names | slots)
    replies = [(each, reply) for each in draft.replies if (reply := _find_reply(each, vocabulary, gathered))]
    _check_count(draft, replies)
    return Answers(
        replies=tuple(reply for _, reply in replies),
        handoff=_compile_handoff(draft.handoff, vocabulary, gathered, report) if draft.handoff else None,
        call=_compile_call(draft.call, before_call, gathered, report) if draft.call else None,
        sets={name: _compile_fact(name, node, vocabulary, report) for name, node in draft.sets},
        alert=_compile_alert(draft.alert, vocabulary, gathered, report) if draft.alert else None,
        tags=draft.tags,
        untags=draft.untags,
    )


def check_shared_reply(draft: DraftReply, gathered: Gathered) -> None:
    """Findings about a shared reply itself, whether a rule uses it or not."""
    vocabulary = Vocabulary(
        constants={**gathered.constants, "rule.name": ""},
        names=ALWAYS_KNOWN | {"match.*", "slots.*"},
        schedules=gathered.schedules.keys(),
        language=gathered.surroundings.language,
        empty=None,
    )
    _compile_reply(draft, vocabulary)


def _find_reply(draft: DraftReply, vocabulary: Vocabulary, gathered: Gathered) -> Reply | None:
    """The reply itself or the shared one it names; R050 where there is none."""
    if draft.use is None:
        return _compile_reply(draft, vocabulary)
    shared = gathered.replies.get(draft.use.value)
    if shared is None:
        unknown_name(draft.use, "shared reply", gathered.replies, draft.report)
        return None
    texts = [node.value for says in shared.says for _, node in says.by_language]
    key = draft.use.value, *_names_of_rule(texts, vocabulary)
    known = gathered.compiled
    if key not in known.replies:
        known.characters += sum(map(len, texts))
        if known.characters > _MOST_SHARED:
            message = f"all rules together write out more than {_MOST_SHARED} characters of shared replies"
            draft.report.error("R004", draft.use, message, hint="leave what is the rule's own ({{ rule.name }}) out")
            return None
        known.replies[key] = _compile_reply(shared, vocabulary)
    return known.replies[key]


def _names_of_rule(texts: Sequence[str], vocabulary: Vocabulary) -> tuple[object, ...]:
    """What makes a shared reply of these texts another one in another rule."""
    own = any("match" in text or "slots" in text for text in texts)
    empty = vocabulary.empty or frozenset()
    return (
        vocabulary.constants["rule.name"] if any("rule" in text for text in texts) else None,
        vocabulary.names if own else None,
        empty if own else frozenset(name for name in empty if not name.startswith(("match.", "slots."))),
    )


def _compile_reply(draft: DraftReply, vocabulary: Vocabulary) -> Reply:
    report = draft.report
    variants = tuple(
        Variant(each.name, each.weight, _compile_said(each.says, draft, vocabulary)) for each in draft.variants
    )
    attachment = None
    if draft.attachment:
        url = compile_url(draft.attachment.url, draft.attachment.type, vocabulary, report)
        attachment = Attachment(draft.attachment.type, url)
    return Reply(
        text=_compile_said(draft.text, draft, vocabulary) if draft.text else None,
        variants=variants,
        quick_replies=tuple(QuickReply(each.title.value, each.payload.value) for each in draft.quick_replies),
        buttons=tuple(
            Button(
                each.title.value,
                url=compile_url(each.url, "a button", vocabulary, report) if each.url else None,
                payload=each.payload.value if each.payload else None,
            )
            for each in draft.buttons
        ),
        attachment=attachment,
        split=draft.split,
        file=report.source.path,
        at=place_of(draft.node),
        button_places=(
            *(place_of(each.payload) for each in draft.quick_replies),
            *(place_of(each.payload or each.url or each.title) for each in draft.buttons),
        ),
    )


def _compile_said(draft: DraftWords, reply: DraftReply, vocabulary: Vocabulary) -> Words:
    words = compile_words(draft, vocabulary, reply.report)
    if reply.buttons:
        check_button_text(draft, words, reply.report)
    check_size(draft, words, "the reply", reply.report, split=reply.split)
    return words


def _compile_handoff(
    draft: DraftHandoff, vocabulary: Vocabulary, gathered: Gathered, report: FileReport
) -> HandoffPlan:
    if OPEN_HOURS not in gathered.schedules:
        for key in draft.open_nodes:
            message = f'"{key.value}" goes by the schedule "{OPEN_HOURS}", and there is none'
            report.error("R050", key, message, hint=f'add "{OPEN_HOURS}" to schedules:, or write say:')
    for name in draft.notify:
        _check_channel(name, gathered, report)
    words: dict[str, Words | None] = {}
    for what, says in (("say", draft.say), ("say_open", draft.say_open), ("say_closed", draft.say_closed)):
        words[what] = compile_words(says, vocabulary, report) if says else None
        if says and (compiled := words[what]):
            check_size(says, compiled, what, report)
    return HandoffPlan(
        pause=draft.pause,
        notify=tuple(name.value for name in draft.notify) or (OWNER,),
        note=compile_text(draft.note, vocabulary, report) if draft.note else None,
        say=words["say"],
        say_open=words["say_open"],
        say_closed=words["say_closed"],
    )


def _compile_call(draft: DraftCall, vocabulary: Vocabulary, gathered: Gathered, report: FileReport) -> CallPlan:
    services = gathered.surroundings.services
    if services is not None and draft.name.value not in services:
        unknown_name(draft.name, "service in the configuration", services, report)
    return CallPlan(
        name=draft.name.value,
        send={name: compile_text(node, vocabulary, report) for name, node in draft.send},
        save=draft.save,
        timeout=draft.timeout,
        retry=draft.retry,
        on_error=draft.on_error,
    )


def _compile_fact(name: str, node: Scalar, vocabulary: Vocabulary, report: FileReport) -> Template:
    template = compile_text(node, vocabulary, report)
    if len(template) != 1 or not isinstance(fact := template[0], str):
        return template
    if len(fact) > MAX_FACT_CHARACTERS:
        message = f"a fact has at most {MAX_FACT_CHARACTERS} characters, not {len(fact)}"
        report.error("R004", node, message, hint="keep it short")
    if name == "lang" and not is_language(fact.strip()):
        meant = suggest_language(fact)
        hint = f"write {meant}" if meant else "for example en, es or pt-BR"
        report.error("R047", node, f'"{fact[:40]}" is not the code of a language', hint=hint)
    return template


def _compile_alert(draft: DraftAlert, vocabulary: Vocabulary, gathered: Gathered, report: FileReport) -> AlertPlan:
    if draft.channel:
        _check_channel(draft.channel, gathered, report)
    return AlertPlan(
        level=draft.level,
        channel=draft.channel.value if draft.channel else None,
        text=compile_text(draft.text, vocabulary, report) if draft.text else None,
    )


def _check_channel(name: Scalar, gathered: Gathered, report: FileReport) -> None:
    channels = gathered.surroundings.channels
    if channels is not None and name.value not in channels:
        unknown_name(name, "channel in the configuration", channels, report)


def _check_count(draft: DraftAnswers, replies: Sequence[tuple[DraftReply, Reply]]) -> None:
    """R049 where one message of a customer is answered by a whole row of them."""
    count = int(draft.handoff is not None and draft.handoff.speaks)
    for each, reply in replies:
        before, count = count, count + bool(reply.attachment) + bool(reply.text or reply.variants)
        if before <= _MOST_MESSAGES < count:
            message = f"more than {_MOST_MESSAGES} messages answer one message of a customer"
            each.report.warning("R049", each.node, message, hint="say it in fewer; a picture counts as one")
