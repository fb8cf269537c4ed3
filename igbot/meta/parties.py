"""Which of an item's ids is the business, and which the customer."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from igbot.meta.events import AccountId, Igsid
from igbot.meta.values import flag, identifier, table

UNKNOWN_ACCOUNT = AccountId("unknown")
"""Where an event names no account at all."""

_DASHBOARD_ENTRY, _DASHBOARD_SENDER, _DASHBOARD_RECIPIENT, _DASHBOARD_MID = "0", "12334", "23245", "random_mid"


class Parties(NamedTuple):
    """Who an item is between. `sender` is the raw id, `""` where there is none; `from_us`: the business wrote it."""

    account_id: AccountId
    known: bool
    igsid: Igsid
    sender: str
    from_us: bool
    dashboard_test: bool


def parties_of(item: Mapping[str, Any], *, entry_id: str | None, accounts: Mapping[str, AccountId]) -> Parties:
    """Who a messaging item is between, and whether it is the App Dashboard's test.

    `accounts` maps every id of ours to its account. The item's own ids come first: Meta's `entry.id` is mostly, but
    not always, the business (meta-platform reference §3.1). A business that is none of ours goes by its raw id.
    """
    sender = identifier(table(item.get("sender")).get("id")) or ""
    recipient = identifier(table(item.get("recipient")).get("id")) or ""
    message = table(item.get("message"))
    from_us = sender in accounts
    known = from_us or recipient in accounts
    if known:
        ours, customer = (sender, recipient) if from_us else (recipient, sender)
        account = accounts[ours]
    else:
        ours, customer = (sender, recipient) if flag(message.get("is_echo")) else (recipient, sender)
        account, known = account_of(entry_id, accounts)
        if ours and not known:
            account = AccountId(ours)
    return Parties(
        account_id=account,
        known=known,
        igsid=Igsid(customer),
        sender=sender,
        from_us=from_us,
        dashboard_test=message.get("mid") == _DASHBOARD_MID
        or (sender == _DASHBOARD_SENDER and recipient == _DASHBOARD_RECIPIENT)
        or is_dashboard_entry(entry_id, known=known),
    )


def account_of(entry_id: str | None, accounts: Mapping[str, AccountId]) -> tuple[AccountId, bool]:
    """The account of an entry, and whether it is one of ours."""
    if entry_id is None:
        return UNKNOWN_ACCOUNT, False
    account = accounts.get(entry_id)
    return (AccountId(entry_id), False) if account is None else (account, True)


def is_dashboard_entry(entry_id: str | None, *, known: bool) -> bool:
    """Whether the entry is of the App Dashboard's "Test" button: its id is "0" and nobody in it is ours."""
    return entry_id == _DASHBOARD_ENTRY and not known
