"""`igbot rules gaps`: what customers ask for that no rule answers, each with a rule to begin with."""

from typing import TYPE_CHECKING, Annotated

import typer

from igbot.cli.rules_deciding_again import Account, AsJson, Env, Rules, Since, decide_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from igbot.insight.gaps import Gaps
    from igbot.insight.replaying import Replay
    from igbot.store.pool import Database


def gaps(
    *,
    since: Since = "30d",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many groups, the largest first.")] = 20,
    rules: Rules = None,
    account: Account = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """List what customers asked for that no rule answers, by likeness, each with a rule to paste.

    What the rules of the folder answer by now is not listed. A rule that is pasted is not in use before you delete its
    line "enabled: false".
    """
    from igbot.cli.output import emit_json

    async def work(
        database: "Database", replay: "Replay", accounts: "Sequence[str]", advance: "Callable[[int], None]"
    ) -> "Gaps":
        from igbot.insight.gaps import find_gaps

        return await find_gaps(database, replay, accounts=accounts, on_conversation=advance)

    begin, found = decide_again(since, rules, account, env, work=work)
    if not as_json:
        _print(found, limit)
        return
    emit_json(
        {
            "since": begin,
            "messages": found.messages,
            "unanswered": found.unanswered,
            "beyond": found.beyond,
            "groups": [
                {
                    "count": gap.count,
                    "examples": [
                        {"mid": each.mid, "igsid": each.igsid, "at": each.at, "text": each.text}
                        for each in gap.examples
                    ],
                    "name": gap.name,
                    "keywords": list(gap.keywords),
                    "rule": gap.rule,
                }
                for gap in found.groups[:limit]
            ],
        }
    )


def _print(found: "Gaps", limit: int) -> None:
    from rich.text import Text

    from igbot.cli.output import console, visible
    from igbot.insight.compared import counted

    typer.echo(f"{counted(found.messages)}, {found.unanswered or 'none'} that no rule answers")
    out = console()
    for gap in found.groups[:limit]:
        out.print()
        out.print(Text(counted(gap.count), style="bold"))
        for each in gap.examples:
            out.print(Text(f"  # {visible(each.text)}").append(f"  {each.mid or ''}", style="dim"), soft_wrap=True)
        for line in (gap.rule or "# there is no word to go by\n").splitlines():
            out.print(Text(f"  {line}", style="cyan"), soft_wrap=True)
    if (left := found.groups[limit:]) or found.beyond:
        rest = sum(gap.count for gap in left) + found.beyond
        typer.echo(f"\nand {counted(rest)} in smaller groups; --limit shows more")
