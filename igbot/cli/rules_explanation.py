"""How an explanation is printed: what the rules saw, what is answered, and every rule with its yes or no."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from igbot.cli.answer import asked_in_words, policy_in_words
from igbot.cli.output import console, emit_json, print_lines, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from igbot.cli.rules_folder import Folder
    from igbot.rules.deciding.choice import Choice, Considered
    from igbot.rules.deciding.ruleset import RuleSet
    from igbot.rules.testing.outcomes import Asked

COLUMNS = ("fits", "rule", "because", "order", "place")


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision and everything it was made from. `about` names the test case, if it is of one."""

    folder: "Folder"
    ruleset: "RuleSet"
    asked: "Asked"
    choice: "Choice"
    about: str | None = None


def print_json(found: Explained) -> None:
    """One JSON object."""
    from igbot.cli.rules_shapes import considered_shape, reply_shape
    from igbot.rules.testing.running import considered

    asked, choice = found.asked, found.choice
    call = _call(found)
    emit_json(
        {
            "case": found.about,
            "message": {"kind": asked.message.kind, "text": asked.message.text, "payload": asked.message.payload},
            "normalised": _normalised(found),
            "at": _utc(asked.now),
            "customer": _customer(found),
            "decision": {
                "reason": choice.reason,
                "rule": choice.rule,
                "digest": choice.digest,
                "matched": choice.matched or None,
                "order": list(choice.order) if choice.order else None,
                "variant": choice.variant,
                "withheld": choice.withheld,
                "handoff": choice.handoff is not None,
                "observers": list(choice.observers),
                "tags": list(choice.tagged),
                "set": dict(choice.facts),
                "settle_seconds": choice.settle.total_seconds(),
                "calls": call,
                "asked": list(choice.asked),
                "delay_seconds": choice.delay.total_seconds(),
                "typing": choice.typing,
                "opt": choice.opt,
                "resumed": choice.resumed,
                "alerts": [
                    {"rule": each.rule, "level": each.level, "channel": each.channel, "text": each.text}
                    for each in choice.alerts
                ],
                "observers_calls": [{"rule": each.rule, "service": each.name} for each in choice.calls],
            },
            "replies": [reply_shape(reply) for reply in choice.replies],
            "considered": [
                considered_shape(each, found.folder.path_of(each.file)) for each in considered(found.ruleset, asked)
            ],
        }
    )


def print_for_people(found: Explained) -> None:
    """Lines and a table; tab-separated where nobody looks."""
    from igbot.rules.testing.running import considered

    facts = [(label, text) for label, text in _facts(found) if text]
    rows = [_row(found, each) for each in considered(found.ruleset, found.asked)]
    if not sys.stdout.isatty():
        print_lines([*facts, COLUMNS, *rows])
        return
    from rich.text import Text

    screen = console()
    for label, text in facts:
        screen.print(Text.assemble((f"{label:<12}", "dim"), (visible(text), _STYLES.get(label, ""))), soft_wrap=True)
    _print_table(rows)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in (name for name in COLUMNS if name != "order"):
        # Names and places are copied from here; only reasons are read.
        table.add_column(column, overflow="fold", no_wrap=column != "because")
    for fits, rule, because, order, place in rows:
        style = "" if fits == "yes" else "dim"
        cells = (fits, rule, f"{because} {order}".rstrip(), place)
        table.add_row(*(Text(visible(cell), style=style) for cell in cells))
    console().print(table)


_STYLES = {"decision": "bold", "reply": "cyan", "buttons": "cyan"}


def _facts(found: Explained) -> "Iterator[tuple[str, str]]":
    asked, choice = found.asked, found.choice
    message = asked.message
    details = (message.text, message.payload, message.emoji, message.story, message.post, message.ad)
    yield "test", found.about or ""
    yield "message", " ".join(filter(None, (message.kind, *details)))
    yield "normalised", _normalised(found)
    yield "at", asked.now.isoformat(sep=" ", timespec="seconds")
    yield "customer", _customer_in_words(found)
    entry = found.ruleset.by_name.get(choice.rule) if choice.rule else None
    place = f"  {found.folder.path_of(entry.rule.file)}:{entry.rule.line}" if entry else ""
    yield "decision", f"rule {choice.rule}{place}" if choice.rule else _without_a_rule(found)
    otherwise = "no other rule fits" if choice.reason == "fallback" else ""
    yield "because", f"{choice.matched} {choice.order or ''}".rstrip() if choice.matched else otherwise
    if call := _call(found):
        yield "calls", f"{call['service']} for rule {call['rule']}: what it answers decides, and is not known here"
    yield "withheld", choice.withheld or ""
    for reply in choice.replies:
        yield "reply", reply.text
        titles = [*(each.title for each in reply.quick_replies), *(each.title for each in reply.buttons)]
        yield "buttons", "   ".join(f"[{title}]" for title in titles)
        yield "attached", f"{reply.attachment.type} {reply.attachment.url}" if reply.attachment else ""
    yield from _beside(choice)


def _beside(choice: "Choice") -> "Iterator[tuple[str, str]]":
    """What is done beside answering, and when."""
    from igbot.rules.deciding.spans import span

    yield "settle", f"waits {span(choice.settle)} for more lines" if choice.settle else ""
    shown = ", and shows that somebody types" if choice.typing else ""
    yield "delay", f"waits {span(choice.delay)} before it answers{shown}" if choice.delay else shown.strip(", ")
    yield "resumed", "the pause is over" if choice.resumed else ""
    yield "handoff", f"the bot is silent for {span(choice.handoff.pause)}" if choice.handoff else ""
    for alert in choice.alerts:
        yield "alert", f"{alert.level} to {alert.channel or 'all channels'}, by {alert.rule}: {alert.text}"
    yield "observers", ", ".join(choice.observers)
    for call in choice.calls:
        yield "observers", f"{call.rule} calls {call.name}"


def _without_a_rule(found: Explained) -> str:
    """What was decided where no rule answers, in words."""
    choice, message = found.choice, found.asked.message
    if choice.asked:
        rules = (found.ruleset.rule_of(name) for name in choice.asked)
        return asked_in_words([rule.label or rule.name for rule in rules if rule])
    if choice.reason == "window_closed" and found.asked.standing.customer_at is None:
        return f"window_closed: a {message.kind} is no message, and this customer has written none"
    return policy_in_words(choice.reason, answered=bool(choice.replies)) or choice.reason


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


def _call(found: Explained) -> dict[str, Any] | None:
    wanted = found.choice.wanted
    return None if wanted is None or isinstance(wanted, str) else {"rule": wanted.rule, "service": wanted.name}


def _normalised(found: Explained) -> str:
    from igbot.rules.matching.matchers import Text

    return Text.of(found.asked.message.text).plain


def _customer(found: Explained) -> dict[str, Any]:
    customer, standing = found.asked.customer, found.asked.standing
    memory = customer.memory
    return {
        "igsid": customer.igsid,
        "messages": memory.messages,
        "last_message_at": _utc(memory.last_message_at),
        "answered_by": memory.answered_by,
        "language": memory.facts.get("lang") or memory.language,
        "tags": sorted(memory.tags),
        "set": dict(memory.facts),
        "paused_until": _utc(standing.paused_until),
        "opted_out": standing.opted_out,
    }


def _customer_in_words(found: Explained) -> str:
    memory, standing = found.asked.customer.memory, found.asked.standing
    messages = f"{memory.messages} {'message' if memory.messages == 1 else 'messages'} before"
    words = [messages if memory.messages else "new: no message before this one"]
    if memory.answered_by:
        words.append(f"{memory.answered_by} answered last")
    words += [f"tag {tag}" for tag in sorted(memory.tags)]
    words += [f"{key} = {value}" for key, value in sorted(memory.facts.items())]
    if standing.paused_until is not None and standing.paused_until > found.asked.now:
        words.append(f"paused until {standing.paused_until.isoformat(sep=' ', timespec='minutes')}")
    if standing.opted_out:
        words.append("opted out")
    return ", ".join(words)


def _row(found: Explained, each: "Considered") -> tuple[str, ...]:
    place = f"{found.folder.path_of(each.file)}:{each.line}"
    return "yes" if each.fits else "no", each.rule, each.because, str(each.order) if each.order else "", place
