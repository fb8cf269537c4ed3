"""What the settings say to the rules: one place for the server and for every command that reads rules."""

from collections.abc import Mapping

from igbot.rules.deciding.choice import Detect, Options
from igbot.rules.opting import OptingWords, opting_words
from igbot.rules.surroundings import Surroundings
from igbot.settings.model import MAIN, Settings
from igbot.settings.neighbours import OWNER

MAIN_ACCOUNT = MAIN
"""What `accounts:` of a rule file calls the account of IGBOT_ACCOUNT_ID."""


def account_names(settings: Settings) -> Mapping[str, str]:
    """What rules call each account, by any of its ids."""
    return {raw: account.name for account in settings.accounts for raw in account.ids}


def usual_account(settings: Settings) -> str:
    """The account that is meant where none is named: the one of IGBOT_ACCOUNT_ID, else the first of `config/`."""
    return settings.accounts[0].name if settings.accounts else MAIN_ACCOUNT


def surroundings_of(settings: Settings) -> Surroundings:
    """What rule files may name, as the settings have it; `now` is the caller's to fill in."""
    return Surroundings(
        zone=settings.timezone,
        language=settings.language,
        accounts=frozenset(account.name for account in settings.accounts) or frozenset({MAIN_ACCOUNT}),
        channels=frozenset({OWNER, *settings.channels}),
        services=frozenset(service.name for service in settings.services),
        disclosed=bool(settings.disclosure.strip()),
        opting=_opting_of(settings),
    )


def options_of(settings: Settings, *, detect: Detect | None = None) -> Options:
    """The settings that decisions depend on; `detect` tells in which language a text is."""
    return Options(
        default_reply=settings.fallback_reply,
        language=settings.language,
        ask_on_tie=settings.ask_on_tie,
        detect=detect,
        loop_guard=settings.loop_guard,
        disclosure=settings.disclosure.strip(),
        opting=_opting_of(settings),
    )


def _opting_of(settings: Settings) -> OptingWords:
    return opting_words(stop=settings.stop_words, start=settings.start_words)
