"""How an answer of the bot is shown to a person: what it said, and which rule made it say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SILENT = {
    "opted_out": "opted_out: the customer wrote STOP; START brings the answers back",
    "paused": "paused: a person answers this customer now, or the bot was told to be silent",
    "loop_guard": "loop_guard: this customer has had enough automatic answers; the bot is silent for an hour",
    "window_closed": "window_closed: Meta lets nobody answer so long after the customer wrote",
    "unmatched": "unmatched: no rule fits, and none is the fallback",
    "unknown_account": "unknown_account: it was not written to an account of the settings",
}
"""Why nothing is said, for those reasons of a decision that do not tell it by themselves."""
CONFIRMED = "opted_out: STOP or START, confirmed once"
BOT, INDENT = "bot       ", " " * 10


@dataclass(frozen=True, slots=True)
class Button:
    """A button of an answer. `kind` is that of the message in which a tap comes; None: it opens `leads_to`."""

    title: str
    kind: str | None
    leads_to: str


def print_answer(text: str, found: Mapping[str, Any], *, seconds: float) -> None:
    """The exchange as a person reads it; `found` is what the bot tells of the decision on it."""
    from rich.text import Text

    from igbot.cli.output import console, visible

    out = console()
    if text:
        out.print(Text("customer  ", style="green").append(visible(text), style="default"))
    if answered_later(found):
        out.print(Text("no reply  of its own: answered together with the next line", style="yellow"))
        return
    number = 1
    for reply in found["replies"]:
        label, lines = BOT, _lines(reply, number)
        for line in lines:
            out.print(Text(label, style="cyan").append(line, style="default" if label == BOT else "cyan"))
            label = INDENT
        if reply["status"] != "sent":
            out.print(Text(f"{INDENT}({reply['status']})", style="yellow"))
        number += len(buttons_of([reply]))
    decision = found["decision"]
    if not found["replies"]:
        out.print(Text(f"no reply  {visible(why_silent(decision))}", style="yellow"))
    out.print(Text(f"rule      {visible(why(found))}", style="dim"))
    out.print(Text(f"{INDENT}{rule_set(decision['digest'])}, {seconds:.2f} s", style="dim"))


def buttons_of(replies: Sequence[Mapping[str, Any]]) -> list[Button]:
    """All buttons of an answer, as they are numbered: of each reply those inside it, then those under it."""
    return [
        button
        for reply in replies
        for button in (
            *(_inside(each) for each in reply.get("buttons", ())),
            *(Button(each["title"], "quick_reply", each["payload"]) for each in reply["quick_replies"]),
        )
    ]


def _inside(button: Mapping[str, Any]) -> Button:
    url = button.get("url")
    return Button(button["title"], None, url) if url else Button(button["title"], "postback", button["payload"])


def _lines(reply: Mapping[str, Any], number: int) -> list[str]:
    """A reply as it is read, its buttons counted from `number`."""
    from igbot.cli.output import visible

    lines = []
    if reply["text"]:
        lines.append(f"\n{INDENT}".join(visible(line) for line in reply["text"].split("\n")))
    if attached := reply.get("attachment"):
        lines.append(f"[{attached['type']}] {visible(attached['url'])}")
    under = []
    for place, button in enumerate(buttons_of([reply]), start=number):
        told = f"[{place}] {visible(button.title)}"
        if button.kind == "quick_reply":
            under.append(told)
        else:
            lines.append(f"{told} → {visible(button.leads_to)}")
    return [*lines, *(["   ".join(under)] if under else [])]


def answered_later(found: Mapping[str, Any]) -> bool:
    """Whether a message is one of several lines that were answered as one, and not the last of them."""
    return bool(found["how"]["answered_with"])


def why(found: Mapping[str, Any]) -> str:
    """Which rule answered and what made it fit, in one line."""
    decision = found["decision"]
    if decision.get("asked"):
        return asked_in_words([button.title for button in buttons_of(found["replies"])])
    if decision["rule"] is None:
        confirmed = decision["reason"] == "opted_out" and found["replies"]
        return f"none ({CONFIRMED if confirmed else decision['reason']})"
    because = next((c["because"] for c in found["considered"] if c["rule"] == decision["rule"]), "")
    return f"{decision['rule']}: {because}" if because else str(decision["rule"])


def why_silent(decision: Mapping[str, Any]) -> str:
    """Why nothing was said, in words."""
    if decision.get("withheld"):
        return f"{decision['withheld']}" + ("; handed to a person" if decision.get("handed_off") else "")
    if decision.get("handed_off"):
        return "handed to a person, without a word"
    if decision["rule"] is not None:
        return f"{decision['rule']} has nothing to say"
    return SILENT.get(decision["reason"], str(decision["reason"]))


def policy_in_words(reason: str, *, answered: bool) -> str | None:
    """A decision that is no rule's and none about the rules: STOP, START, the loop guard. None for any other reason."""
    if reason not in ("opted_out", "loop_guard"):
        return None
    return CONFIRMED if answered else SILENT[reason]


def asked_in_words(labels: Sequence[str]) -> str:
    """What was done where two rules are equally good (`on_tie: ask`)."""
    return f"asked which one is meant: {' or '.join(labels)}"


def rule_set(digest: str | None) -> str:
    """By which rules it was decided."""
    return f"rule set {digest}" if digest else "no rule set"
