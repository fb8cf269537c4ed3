"""What the settings say to the rules: one place for the server and for every command that reads rules."""

from collections.abc import Iterable, Mapping

from igbot.errors import UsageError
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
    """What rule files may name, as the settings have it; `now` is the caller's to fill in.

    Raises UsageError for a word that is to stop and to start the bot.
    """
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
    """The settings that decisions depend on; `detect` tells in which language a text is.

    Raises UsageError for a word that is to stop and to start the bot.
    """
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
    words = opting_words(stop=settings.stop_words, start=settings.start_words)
    both = [word for word in words.stop if word in words.start]
    if both:
        stops = [_lists("STOP", "stop_words", words.stop[word], settings.stop_words) for word in both]
        starts = [_lists("START", "start_words", words.start[word], settings.start_words) for word in both]
        raise UsageError(
            "\n".join(
                f'"{word}" would both stop and start the bot: it is in {stop} and in {start}'
                for word, stop, start in zip(both, stops, starts, strict=True)
            ),
            hint="take it out of one of them; capitals and accents make no difference, nor does the language",
        )
    return words


def _lists(kind: str, key: str, languages: Iterable[str], own: Iterable[str]) -> str:
    """The lists of these languages that a word is in: the owner's, or igbot's where there is none of the owner's."""
    known = frozenset(own)
    return ", ".join(f"policy.{key}.{tag}" if tag in known else f"the usual {kind} words of {tag}" for tag in languages)
