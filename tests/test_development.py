"""The accounts of the settings, as the sandbox plays them."""

from igbot.development import stand_in_for
from igbot.sandbox.options import SandboxAccount
from igbot.settings import sandbox_values
from igbot.settings.model import Account, Rates


def account(name: str, *ids: str, token: str | None = None) -> Account:
    """One of the settings."""
    return Account(name, ids, "facebook", None, Rates(), f"IGBOT_{name.upper()}_TOKEN", token)


def test_each_account_is_played_with_its_token_and_those_beside_the_first_by_their_names() -> None:
    """One whose token lies sealed in the bot's database takes the development token."""
    shop, madrid = account("main", "1", "11", token="EAAmain"), account("madrid", "2")
    assert stand_in_for([shop, madrid], app_secret="secret").accounts == (
        SandboxAccount(("1", "11"), "EAAmain"),
        SandboxAccount(("2",), sandbox_values.ACCESS_TOKEN, "madrid"),
    )


def test_where_no_account_is_set_the_development_one_is_played() -> None:
    """With the values that the bot has there by itself."""
    [alone] = stand_in_for([], app_secret="secret").accounts
    assert alone == SandboxAccount((sandbox_values.ACCOUNT_ID,), sandbox_values.ACCESS_TOKEN)
