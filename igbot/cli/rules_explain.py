"""`igbot rules explain`: why each rule does or does not answer a text, and what would be said."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igbot.cli.rules_explanation import Explained, print_for_people, print_json
from igbot.cli.rules_usable import BadRules, usable_rules
from igbot.errors import UsageError

if TYPE_CHECKING:
    from igbot.insight.standing import Known
    from igbot.rules.deciding.choice import Choice, Incoming
    from igbot.rules.deciding.ruleset import RuleSet
    from igbot.rules.testing.outcomes import Asked
    from igbot.settings.model import Settings
    from igbot.store.pool import Database

EXAMPLE = '"plain keyword" or "all + none#3", its third row or step'


def explain(
    text: Annotated[str | None, typer.Argument(help="What a customer writes.")] = None,
    *,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="IGSID", help="As this customer, with the history that is kept.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="The name or an id of the account, where several know the customer.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When, in ISO 8601; else now.")] = None,
    case: Annotated[str | None, typer.Option("--case", metavar="NAME", help=f"A test instead: {EXAMPLE}.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="The kind of message, such as story_mention.")] = None,
    payload: Annotated[str | None, typer.Option("--payload", help="The payload of the button that is tapped.")] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="A folder of rules or one file; else the folder of the settings.")
    ] = None,
    env: Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say why each rule does or does not fit a text, and what is answered. Needs no database but for --customer."""
    from igbot.cli.opening import settings_for
    from igbot.cli.rules_folder import from_here

    settings = settings_for(env)
    root = rules or from_here(settings.rules_dir)
    if case is not None:
        if (text, customer, account, at, kind, payload) != (None,) * 6:
            raise UsageError("--case is all there is to explain", hint="leave out TEXT and the other options")
        found = _explain_case(root, settings, case)
    else:
        if account is not None and customer is None:
            raise UsageError("--account says whose --customer is meant", hint="add --customer IGSID")
        message = _message(text, kind, payload)
        found = _explain_message(root, settings, message, customer=customer, account=account, at=at)
    (print_json if as_json else print_for_people)(found)


def _message(text: str | None, kind: str | None, payload: str | None) -> "Incoming":
    from igbot.meta.events import CUSTOMER_KINDS
    from igbot.rules.deciding.choice import Incoming

    kind = kind or ("quick_reply" if payload is not None else "text")
    if kind not in CUSTOMER_KINDS:
        raise UsageError(f"--kind: {kind} is no kind of message", hint=f"one of: {', '.join(sorted(CUSTOMER_KINDS))}")
    if text is None and kind == "text":
        raise UsageError("TEXT is missing", hint='for example igbot rules explain "how much is shipping?"')
    known: Any = kind
    if kind == "reaction":
        return Incoming(known, emoji=text or "❤", key="explained")
    return Incoming(known, text or "", payload, key="explained")


def _explain_message(
    root: Path, settings: "Settings", message: "Incoming", *, customer: str | None, account: str | None, at: str | None
) -> Explained:
    from igbot.cli.moments import read_at, zone_of
    from igbot.cli.rules_running import options_of
    from igbot.meta.events import OPENS_WINDOW
    from igbot.rule_settings import usual_account
    from igbot.rules.deciding.choice import Customer, Profile
    from igbot.rules.deciding.responding import Standing
    from igbot.rules.testing.outcomes import IGSID, Asked

    folder, ruleset = usable_rules(root, settings)
    options = options_of(settings, ruleset)
    zone = zone_of(settings, ruleset.rules)
    now = datetime.now(zone)
    now = now if at is None else read_at(at, zone, now=now)
    opened_at = now if message.kind in OPENS_WINDOW else None
    if customer is None:
        asked = Asked(
            message, Customer(IGSID, usual_account(settings)), Standing(customer_at=opened_at), now, now, options
        )
    else:
        known = _known(settings, customer, account, ruleset, now)
        test = customer in settings.testers
        asked = Asked(replace(message, test=test), known.customer, known.standing, now, now, options, known.used_up)
        if opened_at is not None:
            asked = replace(asked, standing=replace(known.standing, customer_at=opened_at))
    if asked.customer.profile is None:
        asked = replace(asked, customer=replace(asked.customer, profile=Profile()))
    return Explained(folder, ruleset, asked, _respond(ruleset, asked))


def _respond(ruleset: "RuleSet", asked: "Asked") -> "Choice":
    from igbot.rules.deciding.responding import respond

    return respond(
        ruleset,
        asked.message,
        asked.customer,
        asked.standing,
        sent_at=asked.sent_at,
        now=asked.now,
        options=asked.options,
        answers=asked.answers,
        used_up=asked.used_up,
    )


def _known(settings: "Settings", igsid: str, account: str | None, ruleset: "RuleSet", now: datetime) -> "Known":
    from igbot.cli.opening import quiet_log, with_database
    from igbot.insight.accounts import account_names
    from igbot.insight.standing import known_customer
    from igbot.rule_settings import account_names as configured_names

    async def work(database: "Database") -> "Known":
        async with database.connection() as conn:
            names = await account_names(conn, configured_names(settings))
            return await known_customer(
                conn,
                igsid,
                own=settings.account_ids,
                account=account,
                account_name=lambda found: names.get(found, ""),
                limits=ruleset.limited_for_all,
                now=now,
            )

    quiet_log(settings)
    return with_database(settings, work)


def _explain_case(root: Path, settings: "Settings", wanted: str) -> Explained:
    from igbot.cli.rules_folder import read_rules, read_tests
    from igbot.cli.rules_running import Runner
    from igbot.rules.reading.source import Report
    from igbot.rules.testing.talking import play

    folder = read_rules(root)
    runner = Runner(folder, read_tests(root, None), settings)
    report = Report()
    name, _, number = wanted.rpartition("#")
    for file in runner.case_files(report):
        for case in file.cases:
            if case.name != wanted and not (case.name == name and number.isdecimal()):
                continue
            setup = runner.setup_for(file, report)
            if setup is None:
                raise BadRules(f"the rules of {file.path} cannot be used", hint="`igbot rules lint` says why")
            outcomes = play(case, setup)
            place = len(outcomes) if case.name == wanted else int(number)
            if not 0 < place <= len(outcomes):
                raise UsageError(f'"{case.name}" has no step {place} that can be played')
            outcome = outcomes[place - 1]
            if outcome.asked is None or outcome.choice is None:
                raise UsageError(f'in step {place} of "{case.name}" no rule is asked', hint=outcome.trouble or "")
            return Explained(folder, setup.ruleset, outcome.asked, outcome.choice, f"{case.name}#{place}")
    raise UsageError(f'there is no test "{wanted}"', hint=f"its name, as in {EXAMPLE}")
