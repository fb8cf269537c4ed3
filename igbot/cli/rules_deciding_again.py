"""What `rules replay` and `rules gaps` share: which messages, decided by which rules."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from igbot.insight.replaying import Replay
    from igbot.store.pool import Database

Result = TypeVar("Result")
Work = Callable[["Database", "Replay", Sequence[str], Callable[[int], None]], Awaitable[Result]]

Since = Annotated[str, typer.Option("--since", help="How far back: 30d, 12h …")]
Rules = Annotated[
    Path | None, typer.Option("--rules", help="A folder of rules or one file; else the folder of the settings.")
]
Account = Annotated[
    str | None,
    typer.Option("--account", help="Whose messages: the name or an id of an account; else of all in the settings."),
]
Env = Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, with times in ISO 8601 UTC.")]


def decide_again(
    since: str, rules: Path | None, account: str | None, env: str | None, *, work: Work[Result]
) -> tuple[datetime, Result]:
    """Does the work on the database of the settings; gives it with the time since when. Nothing is written or sent.

    Raises UsageError, BadRules, DatabaseUnavailable.
    """
    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.cli.output import progress
    from igbot.cli.rules_folder import from_here
    from igbot.cli.rules_running import options_of
    from igbot.cli.rules_usable import usable_rules
    from igbot.insight.accounts import account_names, accounts_meant
    from igbot.insight.past import count_conversations
    from igbot.insight.replaying import Replay
    from igbot.rule_settings import account_names as configured_names
    from igbot.settings.values import read_duration
    from igbot.telemetry.clock import system_clock

    settings = settings_for(env)
    begin = system_clock() - read_duration(since, what="--since")
    _, ruleset = usable_rules(rules or from_here(settings.rules_dir), settings)
    quiet_log(settings)

    async def run(database: "Database") -> Result:
        async with database.connection() as conn:
            accounts = await accounts_meant(conn, own=settings.account_ids, account=account)
            names = await account_names(conn, configured_names(settings))
        replay = Replay(ruleset, options_of(settings, ruleset), lambda found: names.get(found, ""), begin)
        total = await count_conversations(database, accounts=accounts, since=begin)
        with progress("deciding again", total) as advance:
            return await work(database, replay, accounts, advance)

    return begin, with_database(settings, run)
