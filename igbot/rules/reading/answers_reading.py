"""Reads what a rule does into drafts: everything that can be checked without the other files."""

from collections.abc import Mapping as MappingOf
from datetime import timedelta
from typing import cast, get_args

from igbot.rules.answers import DEFAULT_PAUSE, MAX_FACT_CHARACTERS, AlertLevel
from igbot.rules.reading.answers_buttons import read_attachment, read_buttons, read_quick_replies
from igbot.rules.reading.answers_draft import (
    DraftAlert,
    DraftAnswers,
    DraftCall,
    DraftHandoff,
    DraftReply,
    DraftVariant,
    DraftWords,
    OnError,
)
from igbot.rules.reading.answers_texts import read_key, read_sayable, read_slug, read_slugs, read_words
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Scalar
from igbot.rules.reading.values import (
    check_keys,
    is_empty,
    is_keepable,
    read_boolean,
    read_choice,
    read_duration,
    read_filled_map,
    read_integer,
    read_list,
    read_map,
    read_text,
    read_texts,
)

ANSWER_KEYS = ("reply", "handoff", "call", "tag", "untag", "set", "alert")
"""The keys of a rule that are read here."""
REPLY_KEYS = ("text", "variants", "quick_replies", "buttons", "attach", "use", "split")
HANDOFF_KEYS = ("pause", "notify", "note", "say", "say_open", "say_closed")
CALL_KEYS = ("name", "send", "save", "timeout", "retry", "on_error")
ALERT_KEYS = ("level", "channel", "text")

LONGEST_TIMEOUT = timedelta(seconds=20)
"""How long an answer of the owner's own service is waited for: customers do not wait much longer, nor does Meta."""
_MOST_REPLIES = 20
_HIGHEST_WEIGHT = 1000
_MOST_VARIANTS = 100


def read_answers(given: MappingOf[str, Node], report: FileReport) -> DraftAnswers:
    """What stands under the `ANSWER_KEYS` of one rule; what is wrong with it becomes findings and is left out."""
    if isinstance(plan := given.get("handoff"), Mapping):
        _check_hours_said(plan, report, speaks="reply" in given)
    tags = read_slugs(given["tag"], "tag", report) if "tag" in given else ()
    untags = read_slugs(given["untag"], "untag", report) if "untag" in given else ()
    if both := next((tag for tag in tags if tag in untags), None):
        message = f'the tag "{both}" is put on the customer and taken away at once'
        report.warning("R025", given["untag"], message, hint="delete it from one of the two")
    return DraftAnswers(
        replies=_read_replies(given["reply"], report) if "reply" in given else (),
        handoff=_read_handoff(given["handoff"], report) if "handoff" in given else None,
        call=_read_call(given["call"], report) if "call" in given else None,
        sets=_read_sets(given["set"], report) if "set" in given else (),
        alert=_read_alert(given["alert"], report) if "alert" in given else None,
        tags=tags,
        untags=untags,
    )


def read_shared_reply(node: Node, report: FileReport) -> DraftReply | None:
    """One answer of `replies`; it cannot be made of another shared one."""
    if isinstance(node, Listing):
        report.error("R004", node, "a shared reply is one answer, not a list", hint="share each of them by a name")
        return None
    reply = _read_reply(node, report)
    if reply and reply.use:
        report.error("R004", reply.use, "a shared reply cannot use another one", hint="write it out")
        return None
    return reply


def _read_replies(node: Node, report: FileReport) -> tuple[DraftReply, ...]:
    items = read_list(node, "reply", report) if isinstance(node, Listing) else (node,)
    if len(items) > _MOST_REPLIES:
        report.error("R049", node, f"{len(items)} replies in a row, nobody reads so many", hint="say it in three")
        return ()
    return tuple(reply for item in items if (reply := _read_reply(item, report)))


def _read_reply(node: Node, report: FileReport) -> DraftReply | None:
    if not isinstance(node, Mapping):
        text = read_sayable(node, "reply", report)
        return DraftReply(report, node, text=DraftWords(text, (("", text),))) if text else None
    if (only := next(iter(node), None)) and len(node.entries) == 1 and "." in only[0].value and is_empty(only[1]):
        hint = f'write "{{{{ {only[0].value[:60]} }}}}"'
        report.error("R004", node, "what is filled in stands in two braces, and the whole text in quotes", hint=hint)
        return None
    check_keys(node, "a reply", report, known=REPLY_KEYS)
    if use := node.get("use"):
        others = [key for key, _ in node if key.value != "use"]
        if others:
            report.error("R004", others[0], '"use" is the whole reply and stands alone', hint="delete one of the two")
        name = read_text(use, "use", report)
        return DraftReply(report, node, use=use) if name is not None and isinstance(use, Scalar) else None
    given = {key.value: value for key, value in node}
    split = read_choice(given["split"], "split", report, known=("auto", "never")) if "split" in given else None
    reply = DraftReply(
        report,
        node,
        text=read_words(given["text"], "text", report) if "text" in given else None,
        variants=_read_variants(given["variants"], report) if "variants" in given else (),
        quick_replies=read_quick_replies(given["quick_replies"], report) if "quick_replies" in given else (),
        buttons=read_buttons(given["buttons"], report) if "buttons" in given else (),
        attachment=read_attachment(given["attach"], report) if "attach" in given else None,
        split=split != "never",
    )
    _check_together(node, report)
    return reply if reply.says or reply.attachment else None


def _check_together(node: Mapping, report: FileReport) -> None:
    """What a message can have at once; Meta takes a template or a text with quick replies."""
    if node.get("text") and (variants := node.key("variants")):
        report.error("R004", variants, "a reply has a text or variants, not both", hint="make the text a variant")
    says = node.get("text") or node.get("variants")
    if not says and not node.get("attach"):
        report.error("R004", node, "a reply without a text", hint="add text:")
    for name, code in (("quick_replies", "R041"), ("buttons", "R042")):
        if (key := node.key(name)) and not says:
            report.error(code, key, f"{name} stand under a text, and there is none", hint="add text:")
    if node.get("quick_replies") and (buttons := node.key("buttons")):
        message = "a message has quick replies or buttons, not both"
        report.error("R042", buttons, message, hint="make two replies of it: reply: [{…}, {…}]")


def _read_variants(node: Node, report: FileReport) -> tuple[DraftVariant, ...]:
    found: list[DraftVariant] = []
    items = read_list(node, "variants", report)
    if len(items) > _MOST_VARIANTS:
        message = f"{len(items)} variants, at most {_MOST_VARIANTS} are possible"
        report.error("R004", items[_MOST_VARIANTS], message, hint="delete some")
        return ()
    for number, item in enumerate(items, 1):
        tree = read_map(item, "a variant", report)
        if tree is None:
            continue
        check_keys(tree, "a variant", report, known=("text", "weight", "name"))
        text, weight, given = tree.get("text"), tree.get("weight"), tree.get("name")
        if text is None:
            report.error("R004", tree, "a variant without a text", hint="add text:")
        says = read_words(text, "text", report) if text else None
        share = read_integer(weight, "weight", report, lowest=1, highest=_HIGHEST_WEIGHT) if weight else 1
        name = read_slug(given, "the name of a variant", report) if given else str(number)
        if given and any(variant.name == name for variant in found):
            report.error("R011", given, f'two variants are called "{name}"', hint="rename one")
        if says:
            found.append(DraftVariant(name or str(number), share or 1, says))
    return tuple(found)


def _read_handoff(node: Node, report: FileReport) -> DraftHandoff | None:
    if not isinstance(node, Mapping):
        return DraftHandoff(DEFAULT_PAUSE) if read_boolean(node, "handoff", report) else None
    check_keys(node, "handoff", report, known=HANDOFF_KEYS)
    given = {key.value: value for key, value in node}
    words = {name: read_words(given[name], name, report) for name in ("say", "say_open", "say_closed") if name in given}
    pause = read_duration(given["pause"], "pause", report) if "pause" in given else None
    return DraftHandoff(
        pause=pause or DEFAULT_PAUSE,
        notify=tuple(node for node, _ in read_texts(given["notify"], "notify", report)) if "notify" in given else (),
        note=read_sayable(given["note"], "note", report) if "note" in given else None,
        say=words.get("say"),
        say_open=words.get("say_open"),
        say_closed=words.get("say_closed"),
        open_nodes=tuple(key for name in ("say_open", "say_closed") if (key := node.key(name))),
    )


def _check_hours_said(node: Mapping, report: FileReport, *, speaks: bool) -> None:
    """R004 where a hand-off has words for no hours, or is silent at some and the rule does not speak besides."""
    say, at_open, at_closed = map(node.key, ("say", "say_open", "say_closed"))
    if say and at_open and at_closed:
        message = "say is never said: say_open and say_closed are for all hours there are"
        report.warning("R004", say, message, hint="delete say")
    elif (key := at_open or at_closed) and not (speaks or say or (at_open and at_closed)):
        silent, other = ("closed", "say_closed") if at_open else ("open", "say_open")
        message = f"{key.value} stands alone: while it is {silent} the hand-off says nothing"
        report.warning("R004", key, message, hint=f"add {other}:, or say: for all other hours")


def _read_call(node: Node, report: FileReport) -> DraftCall | None:
    tree = node if isinstance(node, Mapping) else None
    name = tree.get("name") if tree else node
    if tree:
        check_keys(tree, "call", report, known=CALL_KEYS)
    if name is None:
        report.error("R004", node, "a call without name", hint="add name: and a name of services: in the configuration")
        return None
    written = read_text(name, "call", report)
    if not written or not isinstance(name, Scalar):
        return None
    if "://" in written:
        hint = "put the address under services: in the configuration, and its name here"
        report.error("R004", name, "a rule names a service and never holds its address", hint=hint)
        return None
    if tree is None:
        return DraftCall(name)
    given = {key.value: value for key, value in tree}
    default = DraftCall(name)
    timeout, save = given.get("timeout"), given.get("save")
    wait = read_duration(timeout, "timeout", report, longest=LONGEST_TIMEOUT) if timeout else None
    key = read_text(save, "save", report) if save else None
    retry = read_integer(given["retry"], "retry", report, lowest=0, highest=5) if "retry" in given else None
    return DraftCall(
        name,
        send=_read_send(given["send"], report) if "send" in given else (),
        save=read_key(save, "the name of an answer", report) if key is not None and isinstance(save, Scalar) else None,
        timeout=wait or default.timeout,
        retry=default.retry if retry is None else retry,
        on_error=cast(OnError, read_choice(given["on_error"], "on_error", report, known=get_args(OnError)) or "next")
        if "on_error" in given
        else default.on_error,
    )


def _read_send(node: Node, report: FileReport) -> tuple[tuple[str, Scalar], ...]:
    return tuple(
        (key.value, value)
        for key, value in read_filled_map(node, "send", report) or ()
        if is_keepable(key, "the name of a value", report)
        and read_text(value, f"send.{key.value[:60]}", report) is not None
        and isinstance(value, Scalar)
    )


def _read_sets(node: Node, report: FileReport) -> tuple[tuple[str, Scalar], ...]:
    found: list[tuple[str, Scalar]] = []
    for key, value in read_filled_map(node, "set", report) or ():
        name = read_key(key, "the name of a fact", report)
        text = read_text(value, f"set.{key.value[:60]}", report)
        if text is not None and len(text) > MAX_FACT_CHARACTERS and "{{" not in text:
            message = f"a fact has at most {MAX_FACT_CHARACTERS} characters, not {len(text)}"
            report.error("R004", value, message, hint="keep it short")
        elif name and text is not None and isinstance(value, Scalar):
            found.append((name, value))
    return tuple(found)


def _read_alert(node: Node, report: FileReport) -> DraftAlert | None:
    tree = read_map(node, "alert", report)
    if tree is None:
        return None
    check_keys(tree, "alert", report, known=ALERT_KEYS)
    level, channel, text = tree.get("level"), tree.get("channel"), tree.get("text")
    named = read_text(channel, "channel", report) if channel else None
    return DraftAlert(
        level=cast(AlertLevel, read_choice(level, "level", report, known=get_args(AlertLevel)) or "warning")
        if level
        else "warning",
        channel=channel if named and isinstance(channel, Scalar) else None,
        text=read_sayable(text, "text of an alert", report) if text else None,
    )
