"""The care of the tokens of all accounts of this process, made from its settings."""

from collections.abc import Callable

import aiohttp

from igbot.accounts.renewal import TokenAccount
from igbot.accounts.token_calls import token_calls
from igbot.accounts.vault import TokenVault
from igbot.meta.events import AccountId
from igbot.ops.alerts import Alerts
from igbot.ops.our_accounts import OurAccounts
from igbot.ops.token_care import TokenCare
from igbot.outbox.troubles import Trouble
from igbot.settings.model import Settings
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import event_log


def care_of_tokens(
    settings: Settings,
    accounts: OurAccounts,
    session: aiohttp.ClientSession,
    *,
    sandbox_url: str | None,
    database: Database,
    vault: TokenVault,
    alerts: Alerts,
    on_trouble: Callable[[Trouble], None],
    hide: Callable[[str], None],
    clock: Clock,
) -> TokenCare:
    """A `TokenCare` for all accounts. `on_trouble` is that of the sends: an alert is joined to theirs, and so ends."""
    calls = {each.name: token_calls(settings, each, session, sandbox_url=sandbox_url) for each in settings.accounts}

    def looked_after() -> list[TokenAccount]:
        known = [(one.account_id, one.settings) for one in accounts.each]
        return [TokenAccount(id_, each.name, each.ids, each.login, calls[each.name]) for id_, each in known]

    def dead(account_id: AccountId, why: str) -> None:
        # As a send would tell it: it is one thing, whoever meets it first.
        on_trouble(Trouble(account_id, "halted", "", why))

    return TokenCare(
        database,
        accounts=looked_after,
        vault=vault,
        app_secrets=settings.app_secrets,
        hide=hide,
        clock=clock,
        log=event_log("accounts"),
        on_alert=alerts.raise_alert,
        on_over=alerts.clear,
        on_dead=dead,
    )
