"""What the settings say to the rules: one place for the server and for every command that reads rules."""

from igbot.rules.deciding.choice import Detect, Options
from igbot.rules.surroundings import Surroundings
from igbot.settings.model import Settings
from igbot.settings.neighbours import OWNER

MAIN_ACCOUNT = "main"
"""What `accounts:` of a rule file calls the one account of IGBOT_ACCOUNT_ID."""


def surroundings_of(settings: Settings) -> Surroundings:
    """What rule files may name, as the settings have it; `now` is the caller's to fill in."""
    return Surroundings(
        zone=settings.timezone,
        language=settings.language,
        accounts=frozenset({MAIN_ACCOUNT}),
        channels=frozenset({OWNER, *settings.channels}),
        services=frozenset(service.name for service in settings.services),
    )


def options_of(settings: Settings, *, detect: Detect | None = None) -> Options:
    """The settings that decisions depend on; `detect` tells in which language a text is."""
    return Options(
        default_reply=settings.fallback_reply,
        language=settings.language,
        ask_on_tie=settings.ask_on_tie,
        detect=detect,
    )
