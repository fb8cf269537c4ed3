"""The shop's accounts: the one of IGBOT_ACCOUNT_ID, and those that `accounts:` of `config/` lists."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from igbot.settings import sandbox_values, values
from igbot.settings.catalogue import CATALOGUE, SETTINGS, not_built
from igbot.settings.layers import Layers
from igbot.settings.model import MAIN, Account, Login, Rates
from igbot.settings.neighbours import NAME
from igbot.settings.problems import Problem
from igbot.settings.sources import NEIGHBOUR_VARIABLE, Given, Layer

GRAPH_HOSTS: Mapping[Login, str] = {
    "facebook": "https://graph.facebook.com",
    "instagram": "https://graph.instagram.com",
}
MOST_ACCOUNTS = 200
PARTS = ("name", "ids", "login", "token", "rate.text", "rate.media", "rate.customer", "rate.lookups")
EXAMPLE = "accounts: [{name: madrid, ids: [17841400000000000], token: IGBOT_TOKEN_MADRID}]"

_REAL = ("IGBOT_ACCOUNT_ID", "IGBOT_ACCESS_TOKEN")
_IN_TEST = ("IGBOT_TEST_ACCOUNT_ID", "IGBOT_TEST_ACCESS_TOKEN")
_ENTRY = re.compile(r"accounts\[(\d+)\](?:\.(.+))?")
_VARIABLE = re.compile(r"IGBOT_[A-Z0-9_]{1,100}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One account as it stands in a file: its parts, and where it begins."""

    origin: str
    parts: Mapping[str, Given]

    def read(self, part: str, reader: Callable[[str], T], default: T, problems: list[Problem]) -> T:
        given = self.parts.get(part)
        if given is None:
            return default
        try:
            return reader(given.text)
        except ValueError as error:
            problems.append(Problem(given.origin, f"the {part} of an account {error}"))
            return default


def is_key(key: str) -> bool:
    """Whether a key of `config/` is about the list of accounts (`accounts[0].name`); it has no variable."""
    return key == "accounts" or key.startswith(("accounts.", "accounts["))


def refusal(key: str) -> str | None:
    """What is wrong with such a key, if anything."""
    match = _ENTRY.fullmatch(key)
    if match is None:
        return f"must be a list of accounts, as in {EXAMPLE}"
    if match[2] is None:
        return f"must be an account with a name, ids and a token, as in {EXAMPLE}"
    if match[2] not in PARTS:
        return f"is nothing an account has: {', '.join(PARTS)}"
    return None


def token_variables(config: Iterable[Layer]) -> frozenset[str]:
    """The variables that any of these files names for a token, and those that hold it in test."""
    named = {
        given.text
        for layer in config
        for key, given in layer.items()
        if (match := _ENTRY.fullmatch(key)) and match[2] == "token" and _VARIABLE.fullmatch(given.text)
    }
    found = {variable for name in named for variable in (name, _in_test(name))}
    return frozenset(name for name in found if _own_setting(name) is None)


def read_accounts(layers: Layers, *, graph_url: str | None, local: bool, test: bool) -> tuple[Account, ...]:
    """All accounts, the one of IGBOT_ACCOUNT_ID first; without any setting, the sandbox's where `local`.

    `graph_url` is IGBOT_GRAPH_URL. `local`: development and test, where a token that is not set is one that the sandbox
    knows.
    """
    entries = list(_entries(layers))

    def url_of(login: Login) -> str | None:
        return graph_url or (None if local else GRAPH_HOSTS[login])

    main = _main(layers, test=test, local=local, alone=not entries)
    rates = _rates(layers)
    found = []
    if main is not None:
        ids, login, variable, token = main
        found.append(Account(MAIN, ids, login, url_of(login), rates, variable, token))
    for entry in entries:
        name = entry.read("name", _name, "", layers.problems)
        login = cast(Login, entry.read("login", values.one_of("facebook", "instagram"), "facebook", layers.problems))
        variable = entry.read("token", _variable, "", layers.problems)
        account = Account(
            name,
            entry.read("ids", values.ids, (), layers.problems),
            login,
            url_of(login),
            _rates_of(entry, rates, layers.problems),
            _in_test(variable) if test else variable,
            None,
        )
        _check(account, entry, found, layers.problems)
        found.append(_with_token(account, layers, local=local))
    return tuple(found)


def _main(
    layers: Layers, *, test: bool, local: bool, alone: bool
) -> tuple[tuple[str, ...], Login, str, str | None] | None:
    """The ids, login, token variable and token of the account that needs no file; test never takes the real ones."""
    id_variable, variable = _IN_TEST if test else _REAL
    ids = layers.read(id_variable, values.ids, (sandbox_values.ACCOUNT_ID,) if local else ())
    login = cast(Login, layers.read("IGBOT_LOGIN", values.one_of("facebook", "instagram"), "facebook"))
    token = layers.read(variable, values.header_token, sandbox_values.ACCESS_TOKEN if local else None)
    named = any(layers.given(name) is not None for name in (id_variable, "IGBOT_ACCOUNT_ID"))
    return (ids, login, variable, token) if ids and (named or alone) else None


def without_account(layers: Layers, accounts: Sequence[Account]) -> tuple[str, ...]:
    """A line for the token of IGBOT_ACCESS_TOKEN where no account has it: it changes nothing."""
    if layers.named_given(_REAL[1]) is None or layers.given(_REAL[0]) is not None or not accounts:
        return ()
    return (f"{_REAL[1]} changes nothing: {_REAL[0]} is not set, and the accounts of config/ have their own tokens",)


def _rates(layers: Layers) -> Rates:
    usual = Rates()
    return Rates(
        text=layers.read("IGBOT_RATE_TEXT", values.rate, usual.text),
        media=layers.read("IGBOT_RATE_MEDIA", values.rate, usual.media),
        customer=layers.read("IGBOT_RATE_CUSTOMER", values.rate, usual.customer),
        look_ups=layers.read("IGBOT_RATE_LOOKUPS", values.rate, usual.look_ups),
    )


def _rates_of(entry: _Entry, usual: Rates, problems: list[Problem]) -> Rates:
    return Rates(
        text=entry.read("rate.text", values.rate, usual.text, problems),
        media=entry.read("rate.media", values.rate, usual.media, problems),
        customer=entry.read("rate.customer", values.rate, usual.customer, problems),
        look_ups=entry.read("rate.lookups", values.rate, usual.look_ups, problems),
    )


def _entries(layers: Layers) -> Iterator[_Entry]:
    """The list of the strongest file that has one: lists are not mixed."""
    for layer in layers.config:
        parts: dict[int, dict[str, Given]] = {}
        for key, given in layer.items():
            if match := _ENTRY.fullmatch(key):
                parts.setdefault(int(match[1]), {})[match[2]] = given
        if parts:
            for number in sorted(parts):
                yield _Entry(next(iter(parts[number].values())).origin, parts[number])
            return


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("must be a word of a-z, 0-9 and dashes")
    return text


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError(
            "must be the NAME of the variable that holds it, beginning with IGBOT_ (as in IGBOT_TOKEN_MADRID); "
            "the token itself must not stand in a file of config/"
        )
    if wrong := _own_setting(text):
        raise ValueError(f"must be in a variable of its own: {text} is {wrong}")
    return text


def _own_setting(variable: str) -> str | None:
    """Which other use a variable has, if any."""
    if variable in SETTINGS or not_built(variable) or any(variable == setting.alias for setting in CATALOGUE):
        return "another setting of igbot's"
    if NEIGHBOUR_VARIABLE.fullmatch(variable):
        return "that of a service or a channel"
    return None


def _in_test(variable: str) -> str:
    """Test never takes a real token: the variable that it takes one from instead."""
    return variable if not variable or variable.startswith("IGBOT_TEST_") else f"IGBOT_TEST_{variable[6:]}"


def _check(account: Account, entry: _Entry, others: list[Account], problems: list[Problem]) -> None:
    """What is missing in an entry, and what it has in common with another account."""
    lacking = [part for part in ("name", "ids", "token") if part not in entry.parts]
    if lacking:
        problems.append(Problem(entry.origin, f"an account without {' and '.join(lacking)}; it needs all of them"))
    if len(others) == MOST_ACCOUNTS:
        problems.append(Problem(entry.origin, f"more than {MOST_ACCOUNTS} accounts"))
    for other in others:
        whose = "that of IGBOT_ACCOUNT_ID" if other.token_variable in SETTINGS else f"another, {other.name!r}"
        if account.name and account.name == other.name:
            problems.append(_at(entry, "name", f"the account {account.name!r} has the name of {whose}"))
        if shared := [raw for raw in account.ids if raw in other.ids]:
            problems.append(_at(entry, "ids", f"the account {account.name!r} has the id {shared[0]} of {whose}"))
        if account.token_variable and account.token_variable == other.token_variable:
            problems.append(_at(entry, "token", f"the account {account.name!r} has the token variable of {whose}"))
        if account.name in other.ids or other.name in account.ids:
            problems.append(_at(entry, "name", f"the name of the account {account.name!r} or {other.name!r} is an id"))


def _at(entry: _Entry, part: str, what: str) -> Problem:
    return Problem(entry.parts[part].origin if part in entry.parts else entry.origin, what)


def _with_token(account: Account, layers: Layers, *, local: bool) -> Account:
    given = layers.named_given(account.token_variable)
    token = f"{sandbox_values.ACCESS_TOKEN}-{account.name}" if local and account.name else None
    if given is not None:
        try:
            token = values.header_token(given.text)
        except ValueError as error:
            layers.problems.append(Problem(f"{given.name} (from {given.origin})", str(error), *about_token(account)))
    return replace(account, token=token)


def about_token(account: Account) -> tuple[str, str]:
    """What the token's variable of an account is for, and how to get a value."""
    setting = SETTINGS.get(account.token_variable)
    if setting is not None:
        return setting.meaning, setting.how
    return f'the access token of the account "{account.name}"', SETTINGS["IGBOT_ACCESS_TOKEN"].how
