"""What the settings are once read: plain values, whatever file or variable they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

from igbot.settings.neighbours import Service
from igbot.settings.values import Network

Login = Literal["facebook", "instagram"]
Tls = Literal["native", "proxy"]
LogFormat = Literal["json", "console"]

MAIN = "main"
"""What rule files and commands call the account of IGBOT_ACCOUNT_ID."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The most calls of Meta per second, shared by every process on the database.

    `text` and `media` are sends of the account, `customer` those to one customer of it, `look_ups` questions what Meta
    has sent (its own limits: meta-platform reference §6).
    """

    text: float = 100.0
    media: float = 10.0
    customer: float = 1.0
    look_ups: float = 2.0


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the shop. `name` is what rule files and commands call it; `ids` are all it has at Meta.

    `graph_url` is None for the built-in sandbox. `token_variable` is the variable whose value `token` is; None: it is
    not set.
    """

    name: str
    ids: tuple[str, ...]
    login: Login
    graph_url: str | None
    rates: Rates
    token_variable: str
    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process. Its `repr` shows no secret.

    `accounts` has that of IGBOT_ACCOUNT_ID first; it is empty only where nothing is served. `graph_url` is
    IGBOT_GRAPH_URL as it was set. `database_url` is None for the embedded database, `takeover_pause` for off.
    `encryption_keys` is empty where they are to be generated (development and test). `ignored` are lines to warn with:
    variables that change nothing. `stop_words` and `start_words` are those of the languages for which the owner has
    named some; other languages have the built-in ones. `channels` are the Apprise URLs of the staff channels beside the
    owner's.
    """

    env: str
    production_like: bool
    test_mode: bool
    development: bool
    accounts: tuple[Account, ...]
    graph_url: str | None
    graph_version: str
    data_dir: Path
    config_dir: Path
    rules_dir: Path
    host: str
    port: int
    tls: Tls
    tls_cert: Path | None
    tls_key: Path | None
    trusted_proxies: tuple[Network, ...]
    management_host: str
    management_port: int
    log_level: str
    log_format: LogFormat
    testers: frozenset[str]
    fallback_reply: str
    takeover_pause: timedelta | None
    window_margin: timedelta
    archive_after: timedelta
    keep_raw: timedelta
    timezone: ZoneInfo
    language: str
    ask_on_tie: bool
    loop_guard: int
    disclosure: str
    appsecret_proof: bool
    stop_words: Mapping[str, tuple[str, ...]]
    start_words: Mapping[str, tuple[str, ...]]
    services: tuple[Service, ...]
    ignored: tuple[str, ...]
    app_secrets: tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    database_url: str | None = field(repr=False)
    management_token: str | None = field(repr=False)
    alert_urls: tuple[str, ...] = field(repr=False)
    channels: Mapping[str, tuple[str, ...]] = field(repr=False)
    other_secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Every id that is ours, of all accounts."""
        return tuple(raw for account in self.accounts for raw in account.ids)

    @property
    def sandboxed(self) -> bool:
        """Whether Meta is the built-in sandbox."""
        return any(account.graph_url is None for account in self.accounts)

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log to hide; also those that were given and not used."""
        values = {
            *self.app_secrets,
            self.verify_token,
            *(account.token or "" for account in self.accounts),
            *self.encryption_keys,
            self.management_token or "",
            *_secrets_of_url(self.database_url or ""),
            *(piece for url in self._channel_urls() for piece in _secrets_of_channel(url)),
            *(service.secret or "" for service in self.services),
            *self.other_secrets,
        }
        return tuple(sorted(values - {""}))

    def _channel_urls(self) -> tuple[str, ...]:
        return *self.alert_urls, *(url for urls in self.channels.values() for url in urls)


def _secrets_of_url(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
        password = parts.password or ""
    except ValueError:
        return {url}
    return {url, password, unquote(password), *(value for name, value in parse_qsl(parts.query) if name == "password")}


def _secrets_of_channel(url: str) -> set[str]:
    """The URL whole, and its long pieces: tokens of alert services stand anywhere in it."""
    pieces = url.partition("://")[2].replace("?", "/").replace("&", "/").replace("=", "/").replace("@", "/")
    return _secrets_of_url(url) | {piece for part in pieces.split("/") for piece in part.split(":") if len(piece) >= 16}
