"""Which account of the settings `--account` means."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from igbot.errors import UsageError

if TYPE_CHECKING:
    from igbot.settings.model import Account, Settings


def accounts_called(settings: "Settings", wanted: str | None) -> "tuple[Account, ...]":
    """The account with this name or id; all for None. Raises UsageError."""
    accounts = settings.accounts
    found = tuple(each for each in accounts if wanted is None or wanted == each.name or wanted in each.ids)
    if found:
        return found
    if not accounts:
        raise UsageError("no account is set", hint="set IGBOT_ACCOUNT_ID, or list `accounts:` in config/")
    raise UsageError(f"there is no account {wanted}", hint=f"the settings have: {names_of(accounts)}")


def names_of(accounts: "Sequence[Account]") -> str:
    """What the owner calls them, as a list in a sentence."""
    return ", ".join(each.name for each in accounts)
