"""Each environment is as strict as it should be: production, development, test, and those with a file of their own."""

from pathlib import Path

import pytest

from igbot.settings import sandbox_values
from tests.settings.given import PRODUCTION, problems, read, write


@pytest.mark.parametrize("how", ["IGBOT_TEST_MODE", "IGBOT_ENV"])
def test_test_mode_never_takes_the_real_credentials(tmp_path: Path, how: str) -> None:
    """Requirement 8.2: the test user's token and account, or the sandbox's; the real ones beside them stay unused."""
    real = PRODUCTION | {how: "1" if how == "IGBOT_TEST_MODE" else "test"}
    settings = read(tmp_path, real, serving=True)
    assert (settings.test_mode, settings.env, settings.graph_url) == (True, "test", None)
    assert settings.accounts[0].token == sandbox_values.ACCESS_TOKEN
    assert settings.account_ids == (sandbox_values.ACCOUNT_ID,)
    theirs = read(tmp_path, real | {"IGBOT_TEST_ACCESS_TOKEN": "EAAtest", "IGBOT_TEST_ACCOUNT_ID": "5"})
    assert (theirs.accounts[0].token, theirs.account_ids) == ("EAAtest", ("5",))
    assert "EAAaccess1" in settings.secrets()


def test_test_mode_beside_another_environment_is_refused(tmp_path: Path) -> None:
    """A production server cannot be half a test."""
    for env in ("production", "development"):
        message = problems(tmp_path, PRODUCTION | {"IGBOT_ENV": env, "IGBOT_TEST_MODE": "1"})
        assert "IGBOT_TEST_MODE" in message
    assert read(tmp_path, {"IGBOT_ENV": "production", "IGBOT_TEST_MODE": "0"}).env == "production"
    assert read(tmp_path, {"IGBOT_TEST_MODE": "1"}, default_env="development").env == "test"


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.facebook.com",
        "https://GRAPH.Instagram.com/",
        "https://graph.facebook.com.",
        "https://graph.facebook.com:443/v25.0",
        "https://facebook.com",
    ],
)
def test_test_mode_never_calls_meta(tmp_path: Path, url: str) -> None:
    """Whatever way the host is written."""
    assert "IGBOT_GRAPH_URL" in problems(tmp_path, {"IGBOT_ENV": "test", "IGBOT_GRAPH_URL": url}, serving=False)


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("http://127.0.0.1:8085", True),
        ("http://localhost/", True),
        ("http://[::1]:80", True),
        ("https://graph.example/base/", True),
        ("http://10.0.0.1", False),
        ("http://localhost.evil.example", False),
        ("http://127.0.0.1@evil.example", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("https://[::1", False),
        ("https://host:99999", False),
        ("https://host/?a=1", False),
        ("graph.facebook.com", False),
    ],
)
def test_plain_http_is_for_this_machine_only(tmp_path: Path, url: str, fine: bool) -> None:
    """A token never crosses a network unencrypted."""
    if fine:
        assert read(tmp_path, PRODUCTION | {"IGBOT_GRAPH_URL": url}, serving=True).graph_url == url.rstrip("/")
    else:
        assert "IGBOT_GRAPH_URL" in problems(tmp_path, PRODUCTION | {"IGBOT_GRAPH_URL": url})


def test_the_login_flavour_decides_the_host(tmp_path: Path) -> None:
    """Instagram login speaks to Instagram's host."""
    assert (
        read(tmp_path, PRODUCTION | {"IGBOT_LOGIN": "Instagram"}).accounts[0].graph_url == "https://graph.instagram.com"
    )


def test_production_refuses_the_built_in_values(tmp_path: Path) -> None:
    """They are public. Only against a stand-in on this machine they do no harm."""
    public = PRODUCTION | {"IGBOT_APP_SECRET": f"mine-it-is,{sandbox_values.APP_SECRET}"}
    assert "IGBOT_APP_SECRET is the sandbox's value" in problems(tmp_path, public)
    assert read(tmp_path, public | {"IGBOT_GRAPH_URL": "http://127.0.0.1:9"}, serving=True).app_secrets


def test_an_environment_is_known_by_its_file(tmp_path: Path) -> None:
    """Requirement 4.6: any name with a file, which is as strict as production; any other name is an error."""
    write(tmp_path / "config" / "staging.yaml", "log.level: WARNING\n")
    settings = read(tmp_path, {"IGBOT_ENV": "staging"})
    assert (settings.env, settings.production_like, settings.log_level) == ("staging", True, "WARNING")
    assert "IGBOT_APP_SECRET is missing" in problems(tmp_path, {"IGBOT_ENV": "staging"})
    for name in ("base", "../config/staging", "moon", "."):
        message = problems(tmp_path, {"IGBOT_ENV": name})
        assert "IGBOT_ENV (from the environment) must be one of: production, development, test, staging" in message
        assert "IGBOT_APP_SECRET" not in message
    assert read(tmp_path, {}, options={"env": "development"}, default_env="test").env == "development"
    assert read(tmp_path, {}, default_env="development").development


def test_tls_follows_from_what_is_set(tmp_path: Path) -> None:
    """Native with a certificate, proxy with proxies only, neither is an error in production."""
    bare = {name: value for name, value in PRODUCTION.items() if name != "IGBOT_TRUSTED_PROXIES"}
    cert = {"IGBOT_TLS_CERT": "certs/cert.pem", "IGBOT_TLS_KEY": "/etc/key.pem"}
    native = read(tmp_path, PRODUCTION | cert, serving=True)
    assert (native.tls, native.tls_cert, native.tls_key) == (
        "native",
        tmp_path / "certs/cert.pem",
        Path("/etc/key.pem"),
    )
    assert read(tmp_path, bare | {"IGBOT_TLS": "proxy"}, serving=True).tls == "proxy"
    assert "IGBOT_TLS_KEY is missing" in problems(tmp_path, bare | {"IGBOT_TLS_CERT": "c.pem"})
    assert "IGBOT_TLS_CERT is missing" in problems(tmp_path, bare)
    assert "IGBOT_TLS_CERT is missing" in problems(tmp_path, PRODUCTION | {"IGBOT_TLS": "native"})
    assert read(tmp_path, {"IGBOT_ENV": "development", "IGBOT_TLS": "proxy"}, serving=True).tls == "proxy"


def test_management_beyond_this_machine_needs_its_token(tmp_path: Path) -> None:
    """In every environment."""
    for env in ({"IGBOT_ENV": "development"}, PRODUCTION):
        message = problems(tmp_path, {**env, "IGBOT_MANAGEMENT_HOST": "0.0.0.0"})
        assert "IGBOT_MANAGEMENT_TOKEN is missing" in message
    with_token = {"IGBOT_MANAGEMENT_HOST": "[::]", "IGBOT_MANAGEMENT_TOKEN": "abc"}
    assert read(tmp_path, PRODUCTION | with_token, serving=True).management_host == "::"
    local = read(tmp_path, PRODUCTION | {"IGBOT_MANAGEMENT_HOST": "127.8.8.8"}, serving=True)
    assert local.management_token is None
