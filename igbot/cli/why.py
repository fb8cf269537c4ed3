"""`igbot why`: what was decided on one message, and what happened to the answer."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.text import Text

    from igbot.insight.explanation import Decision, Explanation, Message, Reply
    from igbot.store.pool import Database

MOST_PASSED_OVER = 20
"""Rules that did not fit and are shown on a terminal; elsewhere all are."""


def why(
    mid: Annotated[str, typer.Argument(help="The mid of a customer's message, or of one of our answers to it.")],
    *,
    account: Annotated[
        str | None, typer.Option("--account", help="The account it belongs to, where several have such a message.")
    ] = None,
    env: Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, with times in ISO 8601 UTC.")] = False,
) -> None:
    """The stored decision on one message, and every call that was made to answer it. No server has to run."""
    import sys
    from dataclasses import asdict

    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.cli.output import emit_json
    from igbot.insight.why import explain
    from igbot.telemetry.clock import system_clock

    settings = settings_for(env)
    quiet_log(settings)

    async def work(database: "Database") -> "Explanation":
        async with database.connection() as conn:
            return await explain(
                conn, mid, own=settings.account_ids, account=account, rules_dir=settings.rules_dir, now=system_clock()
            )

    found = with_database(settings, work)
    if as_json:
        emit_json(asdict(found))
    elif sys.stdout.isatty():
        _print_for_a_person(found)
    else:
        _print_lines(found)


def _print_lines(found: "Explanation") -> None:
    """A fact a line, tab-separated; the first column says what about."""
    from igbot.cli.output import print_lines

    message, decision = found.message, found.decision
    print_lines(
        ("message", name, getattr(message, name))
        for name in ("account", "igsid", "mid", "kind", "text", "payload", "at", "status", "error", "test")
    )
    if decision is not None:
        print_lines(
            ("decision", name, getattr(decision, name))
            for name in ("reason", "rule", "digest", "decided_at", "rules_now")
        )
        print_lines(("considered", c.rule, _yes(c.fits), c.because, _order(c.order)) for c in decision.considered)
    for reply in found.replies:
        buttons = ", ".join(button.title for button in reply.quick_replies)
        print_lines(
            [
                ("reply", reply.outbox_id, reply.status, reply.known_by, reply.reason, reply.mid, reply.text, buttons),
                *(
                    ("attempt", reply.outbox_id, a.at, a.outcome, a.code, a.subcode, a.fbtrace_id)
                    for a in reply.attempts
                ),
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
        _print_decision(found.decision)
    if found.decision is not None and not found.replies:
        out.print(_line("reply", "none", style="yellow"))
    for reply in found.replies:
        _print_reply(reply)


def _message_line(message: "Message") -> "Text":
    said = " ".join(filter(None, (message.text, f"[{message.payload}]" if message.payload else "")))
    line = _line("customer", said or f"({message.kind})", style="green")
    test = ", test" if message.test else ""
    note = f"\n          {message.kind} from {message.igsid} to {message.account}, {_when(message.at)}{test}"
    return line.append(note, style="dim")


def _print_decision(decision: "Decision") -> None:
    from igbot.cli.output import console, print_table

    out = console()
    which = f"rule {decision.rule}" if decision.rule else decision.reason
    out.print(_line("decision", which, style="bold").append(f"  {_when(decision.decided_at)}", style="dim"))
    if decision.rules_now is None:
        out.print(_line("", "no rule was asked", style="dim"))
        return
    told = {
        "same": "still in force; by it as it is now, the others did not fit because of",
        "changed": "no longer in force; only the rules that fitted were kept",
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


def _print_reply(reply: "Reply") -> None:
    from igbot.cli.output import STYLES, console, print_table

    out = console()
    out.print(_line("reply", reply.text, style="cyan"))
    if reply.quick_replies:
        out.print(_line("", "   ".join(f"[{button.title}]" for button in reply.quick_replies), style="cyan"))
    notes = [
        f"known by its {reply.known_by}" if reply.known_by not in (None, "answer") else "",
        reply.reason or "",
        f"next look {_when(reply.due_at)}" if reply.due_at else "",
        f"echoed {_when(reply.echoed_at)}" if reply.echoed_at else "",
        f"seen {_when(reply.seen_at)}" if reply.seen_at else "",
        f"mid {reply.mid}" if reply.mid else "",
    ]
    line = _line("", reply.status, style=STYLES.get(reply.status, "bold"))
    out.print(line.append("".join(f", {note}" for note in notes if note), style="dim"))
    if reply.attempts:
        rows = [(_when(a.at), a.outcome, a.code, a.subcode, a.fbtrace_id) for a in reply.attempts]
        print_table(("call", "outcome", "code", "subcode", "fbtrace_id"), rows)


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
