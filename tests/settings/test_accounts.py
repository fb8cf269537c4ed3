"""Several accounts: a list in `config/`, each with ids, a login, rates, and the name of the variable with its token."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.settings import sandbox_values
from igbot.settings.model import Rates, Settings
from igbot.settings.problems import SettingsError
from tests.settings.given import PRODUCTION, problems, read, write

LIST = """\
accounts:
  - name: madrid
    ids: [17841400000000003, 28970000000000001]
    login: instagram
    token: IGBOT_TOKEN_MADRID
    rate: {text: 50, lookups: 0.5}
  - {name: lisbon, ids: 17841400000000002, token: IGBOT_TOKEN_LISBON}
"""
TOKENS = {"IGBOT_TOKEN_MADRID": "EAAmadrid1", "IGBOT_TOKEN_LISBON": "EAAlisbon1"}
ALONE = {name: value for name, value in PRODUCTION.items() if "ACCESS" not in name and "ACCOUNT" not in name}
"""Production without the account of IGBOT_ACCOUNT_ID."""


def configured(tmp_path: Path, environ: Mapping[str, str], text: str = LIST, *, serving: bool = True) -> Settings:
    """The settings with a list of accounts in config/base.yaml."""
    write(tmp_path / "config" / "base.yaml", text)
    return read(tmp_path, environ, serving=serving)


def wrong(tmp_path: Path, entries: str, environ: Mapping[str, str] | None = None) -> str:
    """What is said of a list."""
    write(tmp_path / "config" / "base.yaml", f"accounts:\n{entries}\n")
    return problems(tmp_path, ALONE | TOKENS if environ is None else environ)


def test_accounts_stand_in_config_and_their_tokens_in_variables(tmp_path: Path) -> None:
    """The one of IGBOT_ACCOUNT_ID is `main` and comes first; rates that an account does not name are the usual ones."""
    settings = configured(tmp_path, PRODUCTION | TOKENS | {"IGBOT_RATE_TEXT": "80", "IGBOT_RATE_CUSTOMER": "2"})
    assert [(account.name, account.token) for account in settings.accounts] == [
        ("main", "EAAaccess1"),
        ("madrid", "EAAmadrid1"),
        ("lisbon", "EAAlisbon1"),
    ]
    main, madrid, lisbon = settings.accounts
    assert madrid.ids == ("17841400000000003", "28970000000000001")
    assert settings.account_ids == ("17841400000000777", *madrid.ids, "17841400000000002")
    assert [(a.login, a.graph_url) for a in settings.accounts] == [
        ("facebook", "https://graph.facebook.com"),
        ("instagram", "https://graph.instagram.com"),
        ("facebook", "https://graph.facebook.com"),
    ]
    assert madrid.rates == Rates(text=50, media=10, customer=2, look_ups=0.5)
    assert main.rates == lisbon.rates == Rates(text=80, customer=2)
    assert settings.ignored == ()


def test_with_a_list_no_other_account_is_needed(tmp_path: Path) -> None:
    """Neither IGBOT_ACCOUNT_ID nor IGBOT_ACCESS_TOKEN; a token that then belongs to nobody is told."""
    assert [account.name for account in configured(tmp_path, ALONE | TOKENS).accounts] == ["madrid", "lisbon"]
    settings = configured(tmp_path, ALONE | TOKENS | {"IGBOT_ACCESS_TOKEN": "EAAnobodys"})
    assert [line.split(":")[0] for line in settings.ignored] == ["IGBOT_ACCESS_TOKEN changes nothing"]
    renamed = LIST.replace("name: madrid", "name: main")
    assert configured(tmp_path, ALONE | TOKENS, renamed).accounts[0].name == "main"


def test_the_list_of_the_environment_takes_the_place_of_the_other(tmp_path: Path) -> None:
    """As a whole: accounts of two files are never mixed."""
    write(tmp_path / "config" / "production.yaml", "accounts: [{name: porto, ids: '5', token: IGBOT_TOKEN_PORTO}]")
    settings = configured(tmp_path, ALONE | TOKENS | {"IGBOT_TOKEN_PORTO": "EAAporto1"})
    assert [(account.name, account.ids) for account in settings.accounts] == [("porto", ("5",))]


def test_tokens_are_secrets_whatever_their_variables_are_called(tmp_path: Path) -> None:
    """Also those of a list that another file has replaced; no text of the settings shows one."""
    write(tmp_path / "config" / "production.yaml", "accounts: [{name: porto, ids: '5', token: IGBOT_SHOE}]")
    settings = configured(tmp_path, ALONE | TOKENS | {"IGBOT_SHOE": "EAAporto1"})
    assert {"EAAporto1", *TOKENS.values()} <= set(settings.secrets())
    assert "EAA" not in repr(settings)
    assert settings.ignored == ()


@pytest.mark.parametrize("place", ["secrets", "dotenv"])
def test_tokens_may_come_from_files(tmp_path: Path, place: str) -> None:
    """From `.env`, and from the secrets directory under the names that `config/` tells."""
    environ = ALONE | {"IGBOT_SECRETS_DIR": "secrets"}
    write(tmp_path / "secrets" / "other", "nobody's business")
    if place == "secrets":
        write(tmp_path / "secrets" / "igbot_token_madrid", "EAAmadrid1\n")
        write(tmp_path / "secrets" / "IGBOT_TOKEN_LISBON", "EAAlisbon1")
    else:
        write(tmp_path / ".env", "\n".join(f"{name}='{value}'" for name, value in TOKENS.items()))
    settings = configured(tmp_path, environ)
    assert [account.token for account in settings.accounts] == ["EAAmadrid1", "EAAlisbon1"]
    assert set(TOKENS.values()) <= set(settings.secrets())


def test_a_directory_of_secrets_that_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    """Though it is looked at again for the accounts' tokens."""
    write(tmp_path / "config" / "base.yaml", LIST)
    assert (
        problems(tmp_path, ALONE | {"IGBOT_SECRETS_DIR": "nowhere"}).count("is not a directory that can be read") == 1
    )


def test_a_token_that_is_not_set_is_asked_for_with_its_variable(tmp_path: Path) -> None:
    """Together with all else; alone it may be in the database, which is asked at the start."""
    write(tmp_path / "config" / "base.yaml", LIST)
    lacking = {name: value for name, value in ALONE.items() if name != "IGBOT_APP_SECRET"}
    said = problems(tmp_path, lacking | {"IGBOT_TOKEN_MADRID": "EAAmadrid1"})
    assert "IGBOT_TOKEN_LISBON is missing" in said
    assert 'the access token of the account "lisbon"' in said
    assert "IGBOT_TOKEN_MADRID" not in said
    assert "IGBOT_ACCESS_TOKEN is missing" not in said
    settings = configured(tmp_path, ALONE | {"IGBOT_TOKEN_MADRID": "EAAmadrid1"})
    assert [account.token for account in settings.accounts] == ["EAAmadrid1", None]


@pytest.mark.parametrize(("value", "word"), [("two words", "one token"), ("EAA\nx", "one token")])
def test_a_malformed_token_is_said_with_its_variable(tmp_path: Path, value: str, word: str) -> None:
    """And where it came from; never what it was."""
    write(tmp_path / "config" / "base.yaml", LIST)
    said = problems(tmp_path, ALONE | TOKENS | {"IGBOT_TOKEN_MADRID": value})
    assert "IGBOT_TOKEN_MADRID (from the environment)" in said
    assert word in said
    assert value not in said


MADRID = "  - {name: madrid, ids: [1], token: IGBOT_TOKEN_MADRID}\n"


@pytest.mark.parametrize(
    ("entries", "line", "words"),
    [
        (MADRID + "  - {name: madrid, ids: [2], token: IGBOT_TOKEN_LISBON}", 3, "has the name of another, 'madrid'"),
        (MADRID + "  - {name: b, ids: [3, 1], token: IGBOT_TOKEN_LISBON}", 3, "has the id 1 of another, 'madrid'"),
        (MADRID + "  - {name: b, ids: [2], token: IGBOT_TOKEN_MADRID}", 3, "token variable of another, 'madrid'"),
        (MADRID + "  - {name: b, ids: [madrid], token: IGBOT_TOKEN_LISBON}", 3, "is an id"),
        ("  - {name: a, ids: [1], token: IGBOT_TOKEN_MADRID, colour: red}", 2, "is nothing an account has: name, ids"),
        ("  - {name: a, ids: [1], token: IGBOT_TOKEN_MADRID, rate: {texts: 1}}", 2, "is nothing an account has"),
        (
            "  - {name: a, ids: [1], token: IGBOT_TOKEN_MADRID, rate: {text: fast}}",
            2,
            "rate.text of an account must be",
        ),
        (
            "  - {name: a, ids: [1], token: IGBOT_TOKEN_MADRID, login: myspace}",
            2,
            "must be one of: facebook, instagram",
        ),
        ("  - {name: a, ids: [a/b], token: IGBOT_TOKEN_MADRID}", 2, "the ids of an account must be ids"),
        ("  - {name: a, ids: [], token: IGBOT_TOKEN_MADRID}", 2, "the ids of an account must be ids"),
        ("  - {name: 'A b', ids: [1], token: IGBOT_TOKEN_MADRID}", 2, "the name of an account must be a word"),
        ("  - {name: a, token: IGBOT_TOKEN_MADRID}", 2, "an account without ids"),
        ("  - {ids: [1]}", 2, "an account without name and token"),
        ("  - {}", 2, "must be an account with a name, ids and a token"),
        ("  - madrid", 2, "must be an account with a name, ids and a token"),
        ("  []", 2, "must be a list of accounts"),
        ("  madrid: {ids: [1], token: IGBOT_TOKEN_MADRID}", 2, "must be a list of accounts"),
        ("  - {name: a, ids: [1], token: EAAsecretstring}", 2, "the NAME of the variable that holds it"),
        ("  - {name: a, ids: [1], token: MADRID_TOKEN}", 2, "beginning with IGBOT_"),
        ("  - {name: a, ids: [1], token: IGBOT_ACCESS_TOKEN}", 2, "IGBOT_ACCESS_TOKEN is another setting of igbot's"),
        ("  - {name: a, ids: [1], token: IGBOT_AI_API_KEY}", 2, "another setting of igbot's"),
        ("  - {name: a, ids: [1], token: IGBOT_SERVICE_SHOP_SECRET}", 2, "that of a service or a channel"),
        ("  - {name: a, name: b, ids: [1], token: IGBOT_TOKEN_MADRID}", 2, "stands twice"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_with_its_line(tmp_path: Path, entries: str, line: int, words: str) -> None:
    """And never a token that stands where its variable's name should."""
    said = wrong(tmp_path, entries)
    assert words in said
    assert f"config/base.yaml, line {line}" in said
    assert "EAAsecretstring" not in said


def test_the_account_of_the_variables_has_a_name_and_ids_of_its_own(tmp_path: Path) -> None:
    """No entry may take them."""
    for entry, words in (
        ("  - {name: main, ids: [1], token: IGBOT_TOKEN_MADRID}", "has the name of that of IGBOT_ACCOUNT_ID"),
        ("  - {name: a, ids: [17841400000000777], token: IGBOT_TOKEN_MADRID}", "of that of IGBOT_ACCOUNT_ID"),
    ):
        assert words in wrong(tmp_path, entry, PRODUCTION | TOKENS)


def test_development_needs_no_tokens(tmp_path: Path) -> None:
    """Each account then has one that its own sandbox knows and no other account has."""
    settings = configured(tmp_path, {"IGBOT_ENV": "development"})
    assert settings.sandboxed
    tokens = [account.token or "" for account in settings.accounts]
    assert len(set(tokens)) == 2
    assert all(token.startswith(sandbox_values.ACCESS_TOKEN) for token in tokens)
    with_main = configured(tmp_path, {"IGBOT_ENV": "development", "IGBOT_ACCOUNT_ID": "7"} | TOKENS)
    assert [(a.name, a.token) for a in with_main.accounts] == [
        ("main", sandbox_values.ACCESS_TOKEN),
        ("madrid", "EAAmadrid1"),
        ("lisbon", "EAAlisbon1"),
    ]


def test_production_takes_no_token_of_the_sandbox(tmp_path: Path) -> None:
    """It is public, for any account."""
    write(tmp_path / "config" / "base.yaml", LIST)
    public = {"IGBOT_TOKEN_MADRID": f"{sandbox_values.ACCESS_TOKEN}-madrid"}
    assert "IGBOT_TOKEN_MADRID is the sandbox's value" in problems(tmp_path, ALONE | TOKENS | public)


def test_test_never_takes_a_real_token(tmp_path: Path) -> None:
    """Its own are in variables with TEST in their names; and the real account of IGBOT_ACCOUNT_ID is the sandbox's."""
    environ = PRODUCTION | TOKENS | {"IGBOT_ENV": "test", "IGBOT_TEST_TOKEN_LISBON": "EAAtester1"}
    settings = configured(tmp_path, environ)
    assert [(account.name, account.token) for account in settings.accounts] == [
        ("main", sandbox_values.ACCESS_TOKEN),
        ("madrid", f"{sandbox_values.ACCESS_TOKEN}-madrid"),
        ("lisbon", "EAAtester1"),
    ]
    assert settings.accounts[0].ids == (sandbox_values.ACCOUNT_ID,)
    assert {"EAAtester1", *TOKENS.values()} <= set(settings.secrets())
    assert settings.ignored == ()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=12),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "ids", "token", "login", "rate", "text", "x"]), inner, max_size=5
            )
        ),
        max_leaves=12,
    )
)
def test_any_list_is_taken_or_refused(tmp_path_factory: pytest.TempPathFactory, content: object) -> None:
    """Whatever stands there: settings, or problems that a person can read."""
    import json

    folder = tmp_path_factory.mktemp("any")
    write(folder / "config" / "base.yaml", json.dumps({"accounts": content}))
    said = "config/base.yaml"
    try:
        assert read(folder, {"IGBOT_ENV": "development"}, serving=True).accounts
    except SettingsError as error:
        said = str(error)
    assert "config/base.yaml" in said
