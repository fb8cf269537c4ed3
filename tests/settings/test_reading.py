"""Settings come from every source in one order, and everything that is wrong is said at once."""

import subprocess
import sys
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.errors import ExitCode, UsageError
from igbot.settings import sandbox_values
from igbot.settings.catalogue import SETTINGS
from igbot.settings.problems import SettingsError
from igbot.settings.reading import FALLBACK_REPLY, token_missing
from igbot.settings.values import read_duration
from tests.settings.given import KEY, PRODUCTION, problems, read, write


def test_development_needs_nothing(tmp_path: Path) -> None:
    """With no other setting: the sandbox, the embedded database, this machine only."""
    settings = read(tmp_path, {"IGBOT_ENV": "development"}, serving=True)
    assert settings.development
    assert not settings.production_like
    assert settings.app_secrets == (sandbox_values.APP_SECRET,)
    assert settings.verify_token == sandbox_values.VERIFY_TOKEN
    assert settings.accounts[0].token == sandbox_values.ACCESS_TOKEN
    assert settings.account_ids == (sandbox_values.ACCOUNT_ID,)
    assert settings.encryption_keys == ()
    assert settings.graph_url is None
    assert settings.database_url is None
    assert (settings.host, settings.port, settings.tls) == ("127.0.0.1", 8443, "native")
    assert settings.trusted_proxies == (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
    assert (settings.log_level, settings.log_format) == ("DEBUG", "console")


def test_production_has_the_defaults_of_the_contract(tmp_path: Path) -> None:
    """What is not required has a value that is right for most."""
    settings = read(tmp_path, PRODUCTION | {"STATE_DIRECTORY": "/var/lib/igbot:/other"}, serving=True)
    assert settings.env == "production"
    assert settings.production_like
    assert settings.accounts[0].graph_url == "https://graph.facebook.com"
    assert settings.graph_version == "v25.0"
    assert (settings.host, settings.port, settings.tls) == ("0.0.0.0", 8443, "proxy")
    assert (settings.management_host, settings.management_port) == ("127.0.0.1", 8081)
    assert (settings.log_level, settings.log_format) == ("INFO", "json")
    assert settings.data_dir == Path("/var/lib/igbot")
    assert (settings.config_dir, settings.rules_dir) == (tmp_path / "config", tmp_path / "rules.d")
    assert settings.takeover_pause == timedelta(hours=12)
    assert (settings.window_margin, settings.archive_after) == (timedelta(seconds=10), timedelta(days=30))
    assert settings.fallback_reply == FALLBACK_REPLY
    assert settings.ignored == ()


def test_everything_missing_is_said_in_one_message(tmp_path: Path) -> None:
    """Requirement 4.2: each with what it is for and how to get it, and the exit code of wrong settings."""
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, serving=True)
    message = str(caught.value)
    required = ["APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN", "ACCOUNT_ID", "ENCRYPTION_KEY", "TLS_CERT", "TLS_KEY"]
    for name in required:
        setting = SETTINGS[f"IGBOT_{name}"]
        assert f"IGBOT_{name} is missing" in message
        assert setting.meaning in message
        assert setting.how in message
    assert "production" in message
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.hint


@given(present=st.sets(st.sampled_from(sorted(PRODUCTION.keys() - {"IGBOT_TRUSTED_PROXIES"}))))
def test_exactly_the_missing_ones_are_named(present: set[str]) -> None:
    """Whatever subset is there, the message names the rest and no value of what is there."""
    given_values = {name: PRODUCTION[name] for name in present} | {"IGBOT_TRUSTED_PROXIES": "10.0.0.0/8"}
    absent = PRODUCTION.keys() - given_values.keys()
    if absent <= {"IGBOT_ACCESS_TOKEN"}:
        settings = read(Path("/nowhere"), given_values, serving=True)
        assert (settings.accounts[0].token is None) == bool(absent)
        return
    with pytest.raises(SettingsError) as caught:
        read(Path("/nowhere"), given_values, serving=True)
    assert {problem.where for problem in caught.value.problems} == absent
    assert not [value for value in given_values.values() if value in str(caught.value)]


def test_a_command_that_does_not_serve_needs_no_secrets(tmp_path: Path) -> None:
    """`igbot archive` in production works from the database alone."""
    settings = read(tmp_path, {"IGBOT_DATABASE_URL": "postgresql://db/igbot"})
    assert settings.app_secrets == ()
    assert settings.accounts == ()


def test_a_start_without_a_token_has_its_own_error(tmp_path: Path) -> None:
    """When the database turns out to hold none, the message is of the same kind."""
    settings = read(tmp_path, {"IGBOT_ACCOUNT_ID": "1"})
    error = token_missing(settings, settings.accounts)
    assert "IGBOT_ACCESS_TOKEN is missing" in str(error)
    assert error.exit_code is ExitCode.USAGE


MALFORMED = {
    "IGBOT_PORT": "70000x",
    "IGBOT_MANAGEMENT_PORT": "-1x",
    "IGBOT_LOGIN": "myspacex",
    "IGBOT_GRAPH_URL": "http://graph.examplex",
    "IGBOT_GRAPH_VERSION": "25x",
    "IGBOT_DATABASE_URL": "mysql://u:secretx@h/db",
    "IGBOT_ENCRYPTION_KEY": "not-a-keyx",
    "IGBOT_ACCESS_TOKEN": "two wordsx",
    "IGBOT_ACCOUNT_ID": "no/idx",
    "IGBOT_TLS": "maybex",
    "IGBOT_TRUSTED_PROXIES": "10.0.0.0/99x",
    "IGBOT_ALERT_URLS": "nourlx",
    "IGBOT_LOG_LEVEL": "loudx",
    "IGBOT_LOG_FORMAT": "xmlx",
    "IGBOT_TAKEOVER_PAUSE": "12x",
    "IGBOT_WINDOW_MARGIN": "25hx",
    "IGBOT_ARCHIVE_AFTER": "0dx",
    "IGBOT_KEEP_RAW": "agesx",
    "IGBOT_HOST": "a hostx",
    "IGBOT_MANAGEMENT_TOKEN": "ümlautx",
    "IGBOT_TESTERS": "a/bx",
    "IGBOT_TEST_MODE": "perhapsx",
    "IGBOT_CONFIG_DIR": "/nowherex",
}


def test_everything_malformed_is_said_at_once_and_no_value_is_shown(tmp_path: Path) -> None:
    """Each wrong value is named by its variable and source, never repeated: it may be a secret in the wrong place."""
    message = problems(tmp_path, MALFORMED, serving=False)
    for name, value in MALFORMED.items():
        assert name in message
        assert value not in message
    assert "(from the environment)" in message


@pytest.mark.parametrize("name", ["IGBOT_TEST_MODE", "IGBOT_APPSECRET_PROOF"])
def test_a_switch_is_called_the_same_by_what_is_wrong_and_how_to_mend_it(tmp_path: Path, name: str) -> None:
    """On or off; the usual other words will do as well."""
    assert problems(tmp_path, {name: "perhaps"}, serving=False).count("on or off") == 2
    for word in ("on", "1", "True", "YES", "off", "0", "false", "No"):
        read(tmp_path, {name: word})


@given(name=st.sampled_from(sorted(SETTINGS)), value=st.text(max_size=30))
def test_any_value_of_any_setting_is_taken_or_refused(name: str, value: str) -> None:
    """No text makes reading fail in another way, and none is repeated."""
    said = ""
    try:
        read(Path("/nowhere"), {"IGBOT_ENV": "development"} | {name: f"zq{value}"}, serving=True)
    except SettingsError as error:
        said = str(error)
    assert f"zq{value}".strip() not in said


SOURCES = ["option", "environment", "secrets", "dotenv", "config_env", "config_base"]


@pytest.mark.parametrize(("stronger", "weaker"), [(a, b) for a, b in product(SOURCES, SOURCES) if a < b or a > b])
def test_of_two_sources_the_stronger_wins(tmp_path: Path, stronger: str, weaker: str) -> None:
    """Option, environment, secrets directory, .env, config/<env>.yaml, config/base.yaml, in this order."""
    if SOURCES.index(stronger) > SOURCES.index(weaker):
        stronger, weaker = weaker, stronger
    options: dict[str, str] = {}
    environ: dict[str, str] = {}
    for source, port in ((stronger, "1111"), (weaker, "2222")):
        if source == "option":
            options["port"] = port
        elif source == "environment":
            environ["IGBOT_PORT"] = port
        elif source == "secrets":
            write(tmp_path / "secrets" / "IGBOT_PORT", port + "\n")
            environ["CREDENTIALS_DIRECTORY"] = str(tmp_path / "secrets")
        elif source == "dotenv":
            write(tmp_path / ".env", f"IGBOT_PORT={port}\n")
        elif source == "config_env":
            write(tmp_path / "config" / "production.yaml", f"port: {port}\n")
        else:
            write(tmp_path / "config" / "base.yaml", f"port: {port}\n")
    assert read(tmp_path, environ, options=options).port == 1111


def test_a_blank_value_counts_as_none(tmp_path: Path) -> None:
    """Compose files pass variables that are not set as empty ones; white space around a value goes."""
    write(tmp_path / ".env", "IGBOT_PORT=9000\nIGBOT_VERIFY_TOKEN=\n")
    settings = read(tmp_path, {"IGBOT_PORT": "  ", "IGBOT_APP_SECRET": "  padded-secret \n"})
    assert settings.port == 9000
    assert settings.app_secrets == ("padded-secret",)
    assert "IGBOT_VERIFY_TOKEN is missing" in problems(tmp_path, PRODUCTION | {"IGBOT_VERIFY_TOKEN": " "})


def test_a_blank_fallback_says_nothing(tmp_path: Path) -> None:
    """For this one a blank is an answer: none."""
    assert read(tmp_path, {"IGBOT_FALLBACK_REPLY": ""}).fallback_reply == ""
    assert read(tmp_path, {"IGBOT_FALLBACK_REPLY": "off"}).fallback_reply == ""
    assert read(tmp_path, {"IGBOT_FALLBACK_REPLY": " Hello "}).fallback_reply == "Hello"


def test_names_of_other_platforms_count_where_ours_are_unset(tmp_path: Path) -> None:
    """PORT and DATABASE_URL, as hosting platforms give them; stronger than files of config/."""
    write(tmp_path / "config" / "base.yaml", "port: 7777\n")
    platform = {"PORT": "5000", "DATABASE_URL": "postgres://u:p@h/d"}
    settings = read(tmp_path, platform)
    assert (settings.port, settings.database_url) == (5000, "postgres://u:p@h/d")
    write(tmp_path / ".env", "IGBOT_PORT=6000\n")
    assert read(tmp_path, platform).port == 6000
    message = problems(tmp_path, {"DATABASE_URL": "mysql://x"}, serving=False)
    assert "DATABASE_URL (from the environment) must begin with postgresql://" in message


def test_several_secrets_and_keys_are_lists(tmp_path: Path) -> None:
    """For rotation: all are accepted, the first of the keys seals."""
    settings = read(
        tmp_path,
        {"IGBOT_APP_SECRET": "one, two ,", "IGBOT_ENCRYPTION_KEY": f"{KEY},{'B' * 43}=", "IGBOT_ACCOUNT_ID": "1,2,1"},
    )
    assert settings.app_secrets == ("one", "two")
    assert settings.encryption_keys[0] == KEY
    assert settings.account_ids == ("1", "2")


def test_variables_that_change_nothing_are_named(tmp_path: Path) -> None:
    """What comes in a later version, and what is misspelt; the values are not shown."""
    write(tmp_path / ".env", "IGBOT_PROT=1\n")
    settings = read(tmp_path, {"IGBOT_RETENTION": "8", "IGBOT_AI_API_KEY": "sk-secret", "IGBOT_WHATEVER": "x"})
    assert settings.ignored == (
        "IGBOT_AI_API_KEY is not built in this version and changes nothing",
        "IGBOT_PROT is no setting and changes nothing; did you mean IGBOT_PORT?",
        "IGBOT_RETENTION is not built in this version and changes nothing",
        "IGBOT_WHATEVER is no setting and changes nothing",
    )
    assert "sk-secret" in settings.secrets()


def test_settings_never_show_a_secret_and_know_them_all(tmp_path: Path) -> None:
    """Requirement 4.3: neither `repr` nor `str`; and the log learns every one, down to the database's password."""
    given_secrets = PRODUCTION | {
        "IGBOT_DATABASE_URL": "postgresql://igbot:p%40ssw0rd@db/igbot?password=another-one",
        "IGBOT_MANAGEMENT_TOKEN": "management-token",
        "IGBOT_ALERT_URLS": "slack://TokenTokenToken1/TokenTokenToken2 mailto://u:mailpass@h",
    }
    settings = read(tmp_path, given_secrets)
    hidden = [
        *(value for name, value in given_secrets.items() if SETTINGS[name].secret and name != "IGBOT_ALERT_URLS"),
        "p@ssw0rd",
        "another-one",
        "TokenTokenToken1",
        "mailpass",
    ]
    assert set(hidden) <= set(settings.secrets())
    assert not [secret for secret in hidden if secret in repr(settings) or secret in str(settings)]


def test_a_deep_default_of_the_data_directory_needs_no_setting(tmp_path: Path) -> None:
    """Without systemd it is the platform's own place for users' data; a relative path begins here."""
    assert read(tmp_path).data_dir.name == "igbot"
    assert read(tmp_path, {"IGBOT_DATA_DIR": "data"}).data_dir == tmp_path / "data"
    assert read(tmp_path, {"IGBOT_DATA_DIR": "~/data"}).data_dir == Path("~/data").expanduser()


def test_reading_settings_imports_nothing_heavy() -> None:
    """A command answers at once: no server, database, crypto or validation library is loaded for its settings."""
    heavy = ["aiohttp", "asyncpg", "cryptography", "pydantic", "yaml", "jinja2", "watchfiles", "dotenv", "apprise"]
    program = (
        "import sys; from pathlib import Path; from igbot.settings.reading import read_settings;"
        "read_settings(environ={'IGBOT_DATA_DIR': '/x'}, options={}, cwd=Path('/nowhere'));"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "[]"


def test_an_option_is_named_as_it_was_typed(tmp_path: Path) -> None:
    """Options stand under the keys of config/, and a wrong one is told by its option."""
    assert read(tmp_path, options={"management.port": "5"}).management_port == 5
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, options={"management.port": "many"})
    assert "IGBOT_MANAGEMENT_PORT (from --management-port) must be a number" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("1h30m", 5400), ("2 d", 172800), ("1W", 604800), ("0s", 0), ("3650d", 315360000)],
)
def test_a_time_is_a_number_with_its_unit(text: str, seconds: int) -> None:
    """In settings and on the command line alike."""
    assert read_duration(text, what="--older-than").total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "10", "h", "-1h", "1.5h", "3651d", "1h x", "９h", "9" * 400 + "s"])
def test_any_other_time_is_refused(text: str) -> None:
    """As wrong usage, naming the option."""
    with pytest.raises(UsageError, match=r"^--older-than must be"):
        read_duration(text, what="--older-than")
