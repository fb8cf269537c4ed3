"""`igbot rules replay`: what other rules would have answered to the messages that came in."""

from typing import TYPE_CHECKING, Any

import typer

from igbot.cli.rules_deciding_again import Account, AsJson, Env, Rules, Since, decide_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from igbot.insight.compared import Comparison
    from igbot.insight.replaying import Answer, Replay
    from igbot.store.pool import Database


def replay(
    *, since: Since = "30d", rules: Rules = None, account: Account = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Decide again on stored messages by the rules of a folder, and show which answers change. Sends nothing.

    Pauses are kept as they were, no service is called, testers' messages are left out.
    """
    from igbot.cli.output import emit_json

    async def work(
        database: "Database", replay: "Replay", accounts: "Sequence[str]", advance: "Callable[[int], None]"
    ) -> "tuple[str, Comparison]":
        from igbot.insight.compared import compare

        return replay.rules.digest, await compare(database, replay, accounts=accounts, on_conversation=advance)

    begin, (digest, found) = decide_again(since, rules, account, env, work=work)
    if not as_json:
        _print(found)
        return
    emit_json(
        {
            "since": begin,
            "digest": digest or None,
            "messages": found.messages,
            "same": found.same,
            "left_out": dict(sorted(found.left_out.items())),
            "changed": [
                {
                    "was": _shape(change.was),
                    "now": _shape(change.now),
                    "count": change.count,
                    "examples": [
                        {"mid": each.mid, "igsid": each.igsid, "at": each.at, "text": each.text}
                        for each in change.examples
                    ],
                }
                for change in found.changes
            ],
        }
    )


def _shape(answer: "Answer") -> dict[str, Any]:
    return {"reason": answer.reason, "rule": answer.rule or None, "silent": answer.silent}


def _print(found: "Comparison") -> None:
    from rich.text import Text

    from igbot.cli.output import console, visible

    typer.echo(found.summary())
    if omissions := found.omissions():
        typer.echo(omissions)
    out = console()
    for change in found.changes:
        out.print()
        out.print(Text(str(change), style="bold"), soft_wrap=True)
        for each in change.examples:
            out.print(Text(f"  {visible(each.text)}").append(f"  {each.mid or ''}", style="dim"), soft_wrap=True)
