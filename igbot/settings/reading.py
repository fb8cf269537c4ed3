"""Reads all settings of a process from every source, strongest first, and says everything that is wrong at once."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from igbot.settings import sandbox_values, values
from igbot.settings.accounts import about_token, read_accounts, without_account
from igbot.settings.environment import Environment, find_environment, path_in
from igbot.settings.layers import missing
from igbot.settings.model import Account, LogFormat, Settings, Tls
from igbot.settings.neighbours import read_channels, read_services, unsigned
from igbot.settings.opting import read_words
from igbot.settings.problems import Problem, SettingsError
from igbot.settings.sources import Given

FALLBACK_REPLY = "Thank you for your message! Somebody from our team will get back to you soon."
_REQUIRED = ("IGBOT_APP_SECRET", "IGBOT_VERIFY_TOKEN", "IGBOT_ENCRYPTION_KEY")
_PUBLIC = {"IGBOT_APP_SECRET": sandbox_values.APP_SECRET, "IGBOT_VERIFY_TOKEN": sandbox_values.VERIFY_TOKEN}
_LOOPBACK: tuple[values.Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def read_settings(
    *,
    environ: Mapping[str, str],
    options: Mapping[str, str],
    cwd: Path,
    serving: bool = False,
    default_env: str | None = None,
) -> Settings:
    """All settings, or one SettingsError with everything that is wrong.

    `options` are command-line options by the key that each stands for (`env`, `management.port`). What production
    requires is required only when `serving`; an account's token may then still be None, since the database may hold
    one: see `token_missing`.
    """
    environment = find_environment(environ=environ, options=options, cwd=cwd, default_env=default_env)
    settings = _settings(environment, environ, cwd)
    problems = environment.layers.problems
    if environment.production_like and environment.known and serving:
        problems += _wanting_in_production(environment, settings)
    if serving and not values.is_loopback(settings.management_host) and settings.management_token is None:
        problems += missing(["IGBOT_MANAGEMENT_TOKEN"])
    if serving:
        problems += unsigned(settings.services)
    if settings.test_mode and settings.graph_url is not None and values.is_meta(settings.graph_url):
        problems.append(Problem("IGBOT_GRAPH_URL", "is a host of Meta, which test mode never calls"))
    if problems:
        raise SettingsError(problems, env=environment.name, ignored=settings.ignored)
    return settings


def token_missing(settings: Settings, accounts: Iterable[Account]) -> SettingsError:
    """The error for a start without the tokens of some accounts, once the database is known to hold none either."""
    return SettingsError([_no_token(account) for account in accounts], env=settings.env)


def _no_token(account: Account) -> Problem:
    return Problem(account.token_variable, "is missing", *about_token(account))


def _settings(environment: Environment, environ: Mapping[str, str], cwd: Path) -> Settings:
    read = environment.layers.read
    local = not environment.production_like
    test = environment.name == "test"
    path = path_in(cwd)
    cert, key = read("IGBOT_TLS_CERT", path, None), read("IGBOT_TLS_KEY", path, None)
    proxies = read("IGBOT_TRUSTED_PROXIES", values.networks, _LOOPBACK if local else ())
    graph_url = read("IGBOT_GRAPH_URL", values.web_address, None)
    accounts = read_accounts(environment.layers, graph_url=graph_url, local=local, test=test)
    log_levels = values.one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", upper=True)
    return Settings(
        env=environment.name,
        production_like=environment.production_like,
        test_mode=test,
        development=environment.name == "development",
        app_secrets=read("IGBOT_APP_SECRET", values.listed, (sandbox_values.APP_SECRET,) if local else ()),
        verify_token=read("IGBOT_VERIFY_TOKEN", str, sandbox_values.VERIFY_TOKEN if local else ""),
        accounts=accounts,
        encryption_keys=read("IGBOT_ENCRYPTION_KEY", values.fernet_keys, ()),
        graph_url=graph_url,
        graph_version=read("IGBOT_GRAPH_VERSION", values.graph_version, "v25.0"),
        database_url=read("IGBOT_DATABASE_URL", values.database_url, None),
        data_dir=read("IGBOT_DATA_DIR", path, None) or _data_dir(environ),
        config_dir=environment.config_dir,
        rules_dir=read("IGBOT_RULES_DIR", path, cwd / "rules.d"),
        host=read("IGBOT_HOST", values.host, "127.0.0.1" if local else "0.0.0.0"),
        port=read("IGBOT_PORT", values.port, 8443),
        tls=_tls(environment, cert=cert, proxies=proxies),
        tls_cert=cert,
        tls_key=key,
        trusted_proxies=proxies,
        management_host=read("IGBOT_MANAGEMENT_HOST", values.host, "127.0.0.1"),
        management_port=read("IGBOT_MANAGEMENT_PORT", values.port, 8081),
        management_token=read("IGBOT_MANAGEMENT_TOKEN", values.header_token, None),
        alert_urls=read("IGBOT_ALERT_URLS", values.channels, ()),
        log_level=read("IGBOT_LOG_LEVEL", log_levels, "DEBUG" if local else "INFO"),
        log_format=cast(
            LogFormat, read("IGBOT_LOG_FORMAT", values.one_of("json", "console"), "console" if local else "json")
        ),
        testers=frozenset(read("IGBOT_TESTERS", values.ids, ())),
        fallback_reply=read("IGBOT_FALLBACK_REPLY", values.reply, FALLBACK_REPLY, blank_counts=True),
        takeover_pause=read("IGBOT_TAKEOVER_PAUSE", values.duration_or_off, timedelta(hours=12)),
        window_margin=read("IGBOT_WINDOW_MARGIN", values.below_a_day, timedelta(seconds=10)),
        archive_after=read("IGBOT_ARCHIVE_AFTER", values.longer_than_nothing, timedelta(days=30)),
        keep_raw=read("IGBOT_KEEP_RAW", values.duration, timedelta(days=7)),
        timezone=read("IGBOT_TIMEZONE", values.zone, ZoneInfo("UTC")),
        language=read("IGBOT_LANGUAGE", values.language, "en"),
        ask_on_tie=read("IGBOT_RULES_ON_TIE", values.one_of("first", "ask"), "first") == "ask",
        loop_guard=read("IGBOT_LOOP_GUARD", values.whole_number, 8),
        disclosure=read("IGBOT_DISCLOSURE", values.reply, ""),
        appsecret_proof=read("IGBOT_APPSECRET_PROOF", values.switch, False),
        stop_words=read_words(environment.layers, "stop_words"),
        start_words=read_words(environment.layers, "start_words"),
        services=read_services(environment.layers),
        channels=read_channels(environment.layers),
        ignored=(*environment.layers.ignored(), *without_account(environment.layers, accounts)),
        other_secrets=tuple(sorted(environment.layers.secrets() - {""})),
    )


def _tls(environment: Environment, *, cert: Path | None, proxies: tuple[values.Network, ...]) -> Tls:
    behind_proxy = environment.production_like and cert is None and bool(proxies)
    mode: Callable[[str], str] = values.one_of("native", "proxy")
    return cast(Tls, environment.layers.read("IGBOT_TLS", mode, "proxy" if behind_proxy else "native"))


def _wanting_in_production(environment: Environment, settings: Settings) -> list[Problem]:
    """What production-like serving lacks, and what it must not have."""
    layers = environment.layers
    found = missing(variable for variable in _REQUIRED if layers.given(variable) is None)
    if settings.tls == "native":
        found += missing(name for name in ("IGBOT_TLS_CERT", "IGBOT_TLS_KEY") if layers.given(name) is None)
    if not settings.accounts and layers.given("IGBOT_ACCOUNT_ID") is None:
        found += missing(["IGBOT_ACCOUNT_ID"])
    if settings.graph_url is None or not values.is_loopback(values.host_of(settings.graph_url)):
        public = [variable for variable, public in _PUBLIC.items() if _is(public, layers.given(variable))]
        public += [
            a.token_variable for a in settings.accounts if (a.token or "").startswith(sandbox_values.ACCESS_TOKEN)
        ]
        found += [Problem(name, "is the sandbox's value, which everybody knows", "", "set your own") for name in public]
    if found or layers.problems:
        without = [account for account in settings.accounts if layers.named_given(account.token_variable) is None]
        found += [_no_token(account) for account in without if account.token_variable]
        if not settings.accounts and layers.given("IGBOT_ACCESS_TOKEN") is None:
            found += missing(["IGBOT_ACCESS_TOKEN"])
    return found


def _is(public: str, given: Given | None) -> bool:
    return given is not None and public in values.words(given.text)


def _data_dir(environ: Mapping[str, str]) -> Path:
    state = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if state:
        return Path(state)
    from platformdirs import user_data_path

    return user_data_path("igbot", appauthor=False)
