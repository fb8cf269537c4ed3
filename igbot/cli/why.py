"""`igbot why`: what was decided on one message, and what happened to the answer."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.text import Text

    from igbot.insight.explanation import Decision, Explanation, Message, Reply, ServiceCall
    from igbot.settings.model import Settings

MOST_PASSED_OVER = 20
"""Rules that did not fit and are shown on a terminal; elsewhere all are."""


def why(
    mid: Annotated[str, typer.Argument(help="The mid of a customer's message, or of one of our answers to it.")],
    *,
    account: Annotated[
        str | None,
        typer.Option("--account", help="The name or an id of its account, where several have such a message."),
    ] = None,
    env: Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, with times in ISO 8601 UTC.")] = False,
) -> None:
    """The stored decision on one message, and every call that was made to answer it. No server has to run."""
    import sys
    from dataclasses import asdict

    from igbot.cli.opening import quiet_log, settings_for
    from igbot.cli.output import emit_json

    settings = settings_for(env)
    quiet_log(settings)
    found = asyncio.run(explained(settings, mid, account))
    if as_json:
        emit_json(asdict(found))
    elif sys.stdout.isatty():
        _print_for_a_person(found)
    else:
        _print_lines(found)


async def explained(settings: "Settings", mid: str, account: str | None = None) -> "Explanation":
    """What is stored of one message, in the database of the settings; every rule is asked again, where that can be.

    Raises IgbotError where nothing is known of it, or no database is to be had.
    """
    from igbot.cli.opening import open_database
    from igbot.insight.accounts import account_names
    from igbot.insight.considered import Ground
    from igbot.insight.why import explain
    from igbot.rule_settings import account_names as configured_names
    from igbot.rule_settings import options_of, surroundings_of
    from igbot.telemetry.clock import system_clock

    async with open_database(settings) as database, database.connection() as conn:
        names = await account_names(conn, configured_names(settings))
        rules_dir, surroundings, options = settings.rules_dir, surroundings_of(settings), options_of(settings)
        ground = Ground(rules_dir, surroundings, options, lambda account: names.get(account, ""))
        return await explain(conn, mid, own=settings.account_ids, account=account, ground=ground, now=system_clock())


def _print_lines(found: "Explanation") -> None:
    """A fact a line, tab-separated; the first column says what about."""
    from igbot.cli.output import print_lines

    message, decision = found.message, found.decision
    print_lines(
        ("message", name, getattr(message, name))
        for name in (
            *("account", "igsid", "mid", "kind", "text", "payload", "at", "status", "error", "test"),
            *("deleted_at", "edits"),
        )
    )
    if decision is not None:
        print_lines(
            ("decision", name, getattr(decision, name))
            for name in (
                "reason",
                "rule",
                "digest",
                "decided_at",
                "matched",
                "variant",
                "withheld",
                "answered_with",
                "rules_now",
            )
        )
        print_lines(("decision", "asked", asked) for asked in filter(None, [_asked(found)]))
        print_lines(("observer", name) for name in decision.observers)
        print_lines(("considered", c.rule, _yes(c.fits), c.because, _order(c.order)) for c in decision.considered)
    print_lines(
        ("call", call.name, call.rule, _outcome(call), call.attempts, call.asked_at, call.finished_at)
        for call in found.message.calls
    )
    for reply in found.replies:
        buttons = ", ".join(_titles(reply))
        print_lines(
            [
                ("reply", reply.outbox_id, reply.status, reply.known_by, reply.reason, reply.mid, reply.text, buttons),
                *(("waits", reply.outbox_id, why) for why in reply.waits),
                *(
                    ("attempt", reply.outbox_id, a.at, a.outcome, a.code, a.subcode, a.fbtrace_id)
                    for a in reply.attempts
                ),
                *(("event", reply.outbox_id, e.at, e.what) for e in reply.events),
            ]
        )


def _print_for_a_person(found: "Explanation") -> None:
    from igbot.cli.output import console

    out = console()
    out.print(_message_line(found.message))
    if found.decision is None:
        told = f"set aside: {found.message.error}" if found.message.status == "dead" else "nothing is decided yet"
        out.print(_line("decision", told, style="yellow"))
    else:
        _print_decision(found.decision, _asked(found), answered=bool(found.replies))
    for call in found.message.calls:
        asked_by = f" for {call.rule}" if call.rule else ""
        note = f"{asked_by}, {_outcome(call)}, asked {_when(call.asked_at)}"
        out.print(_line("call", call.name, style="magenta").append(note, style="dim"))
    if found.decision is not None and not found.replies:
        out.print(_line("reply", "none", style="yellow"))
    for reply in found.replies:
        _print_reply(reply)


def _message_line(message: "Message") -> "Text":
    said = " ".join(filter(None, (message.text, f"[{message.payload}]" if message.payload else "")))
    if message.deleted_at:
        said = f"(deleted by the customer, {_when(message.deleted_at)})"
    line = _line("customer", said or f"({message.kind})", style="green")
    test = ", test" if message.test else ""
    edited = f", edited {message.edits} times" if message.edits > 1 else ", edited" if message.edits else ""
    note = f"\n          {message.kind} from {message.igsid} to {message.account}, {_when(message.at)}{edited}{test}"
    return line.append(note, style="dim")


def _asked(found: "Explanation") -> str | None:
    """The question which of two equally good rules is meant, if that was the answer."""
    from igbot.cli.answer import asked_in_words

    decision = found.decision
    if decision is None or decision.rule is not None or decision.reason != "rule":
        return None
    return asked_in_words([each.title for reply in found.replies for each in reply.quick_replies])


def _print_decision(decision: "Decision", asked: str | None, *, answered: bool) -> None:
    from igbot.cli.answer import policy_in_words
    from igbot.cli.output import console, print_table

    out = console()
    which = f"rule {decision.rule}" if decision.rule else asked or decision.reason
    which = policy_in_words(decision.reason, answered=answered) or which
    out.print(_line("decision", which, style="bold").append(f"  {_when(decision.decided_at)}", style="dim"))
    for told in _beside(decision):
        out.print(_line("", told, style="dim"))
    if decision.rules_now is None and decision.answered_with is None:
        out.print(_line("", "no rule was asked", style="dim"))
        return
    if decision.rules_now is None:
        return
    told = {
        "same": "still in force; by it as it is now, the others did not fit because of",
        "changed": "no longer in force; only the rules that fitted were kept",
        "revised": "the message was edited or taken back since; the rules that fitted are shown as they were kept",
    }[decision.rules_now]
    out.print(_line("", f"rule set {decision.digest}: {told}", style="dim"))
    fitting = [each for each in decision.considered if each.fits]
    others = [each for each in decision.considered if not each.fits]
    shown = [*fitting, *others[:MOST_PASSED_OVER]]
    if shown:
        rows = [(_yes(c.fits), c.rule, c.because, _order(c.order)) for c in shown]
        print_table(("fits", "rule", "because", "order"), rows)
    if (left := len(others) - MOST_PASSED_OVER) > 0:
        out.print(_line("", f"and {left} more that do not fit; --json names them", style="dim"))


def _titles(reply: "Reply") -> list[str]:
    return [*(each.title for each in reply.quick_replies), *(each.title for each in reply.buttons)]


def _beside(decision: "Decision") -> list[str]:
    """What stands beside the rule's name: why it won, and what else happened."""
    told = [
        (decision.matched, f"because of {decision.matched}" + (f" {decision.rank}" if decision.rank else "")),
        (decision.variant, f"in its variant {decision.variant}"),
        (decision.withheld, f"said nothing: {decision.withheld}"),
        (decision.observers, f"observed by {', '.join(decision.observers)}"),
        (decision.answered_with, f"answered together with {decision.answered_with}"),
    ]
    return [line for given, line in told if given]


def _outcome(call: "ServiceCall") -> str:
    if call.ok is None:
        return "not ended"
    return "answered" if call.ok else f"failed: {call.why}"


def _print_reply(reply: "Reply") -> None:
    from igbot.cli.output import STYLES, console, print_table

    out = console()
    out.print(_line("reply", reply.text, style="cyan"))
    if reply.attachment:
        out.print(_line("", f"({reply.attachment})", style="cyan"))
    if titles := _titles(reply):
        out.print(_line("", "   ".join(f"[{title}]" for title in titles), style="cyan"))
    notes = [
        f"known by its {reply.known_by}" if reply.known_by not in (None, "answer") else "",
        reply.reason if reply.reason and reply.reason not in reply.waits else "",
        f"echoed {_when(reply.echoed_at)}" if reply.echoed_at else "",
        f"seen {_when(reply.seen_at)}" if reply.seen_at else "",
        f"mid {reply.mid}" if reply.mid else "",
    ]
    line = _line("", reply.status, style=STYLES.get(reply.status, "bold"))
    out.print(line.append("".join(f", {note}" for note in notes if note), style="dim"))
    for why in reply.waits:
        out.print(_line("", why, style="yellow"))
    rows = [(_when(e.at), e.what, e.code, e.subcode, e.fbtrace_id) for e in reply.events]
    print_table(("time", "what happened", "code", "subcode", "fbtrace_id"), rows)


def _line(label: str, text: str, *, style: str) -> "Text":
    from rich.text import Text

    from igbot.cli.output import visible

    return Text(f"{label:<10}").append(visible(text), style=style)


def _yes(fits: bool) -> str:
    return "yes" if fits else "no"


def _order(order: tuple[int, ...] | None) -> str:
    return str(order) if order else ""


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
