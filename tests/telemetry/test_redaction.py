"""Secrets do not come through, however they are written."""

import json
import re
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.telemetry.redaction import MARK, Redactor, names_a_secret

secrets = st.text(alphabet=st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=6, max_size=40)


@given(secret=secrets, before=st.text(max_size=40), after=st.text(max_size=40))
def test_a_known_secret_is_hidden_wherever_it_stands(secret: str, before: str, after: str) -> None:
    """Whatever stands around it, the value itself is gone."""
    text = Redactor([secret]).clean(f"{before}{secret}{after}")
    assert secret not in text


def in_small_letters(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), quote(text, safe=""))


@given(secret=secrets)
def test_a_known_secret_is_hidden_in_every_encoding(secret: str) -> None:
    """Percent-encoded, as JSON with and without ASCII, and as `repr`, which is how libraries quote it."""
    clean = Redactor([secret]).clean
    for encode in (quote, quote_plus, in_small_letters, json.dumps, repr, ascii):
        shown = encode(secret)
        body = shown[1:-1] if encode in (json.dumps, repr, ascii) else shown
        assert clean(f"<{body}>").replace(MARK, "") == "<>", encode


def test_a_secret_in_json_with_real_unicode_is_hidden() -> None:
    """JSON written without ASCII escapes still escapes quotes and backslashes."""
    secret = 'pä"ss\\wörd/1'
    written = json.dumps({"x": secret}, ensure_ascii=False)
    assert Redactor([secret]).clean(written) == '{"x": "***"}'


@given(secret=secrets.filter(lambda secret: "." not in secret), limit=st.integers(0, 60), before=st.integers(0, 60))
def test_a_cut_never_leaves_the_head_of_a_secret(secret: str, limit: int, before: int) -> None:
    """A secret that begins before the limit is replaced as a whole; one that begins after it is not reached."""
    cut = Redactor([secret]).clean("." * before + secret + ".", limit=limit)
    if before < limit:
        assert cut.removesuffix(".") == "." * before + MARK
    else:
        assert cut == "." * limit


def test_the_longer_of_two_secrets_is_hidden_whole() -> None:
    """Where one secret is the head of another, no tail of the longer one remains."""
    assert Redactor(["abcdef", "abcdefghij"]).clean("x abcdefghij y") == "x *** y"


def test_a_secret_learned_later_is_hidden_from_then_on() -> None:
    """A refreshed token is new to the process."""
    redactor = Redactor(["first-secret"])
    redactor.hide("second-secret")
    assert redactor.clean("first-secret second-secret") == "*** ***"


def test_a_very_short_value_does_not_hide_the_whole_log() -> None:
    """A password `test` is hidden where it stands as a password, not in every word of the log."""
    redactor = Redactor(["test", ""])
    assert redactor.clean("a test of postgresql://igbot:test@db/x") == "a test of postgresql://***@db/x"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("token EAAGm0PX4ZCpsBAKZBexample0123 here", "token *** here"),
        ("IGAAJ3xyz0123456789", "***"),
        ("GET /me?fields=id&access_token=abc%7Cdef&x=1", "GET /me?fields=id&access_token=***&x=1"),
        ("url=%2Fme%3Faccess_token%3Dabcdef", "url=%2Fme%3Faccess_token%3D***"),
        ('{"access_token": "abc", "expires_in": 5}', '{"access_token": "***", "expires_in": 5}'),
        ("{'client_secret': 'abc'}", "{'client_secret': '***'}"),
        (r"{\"password\": \"abc\"}", r"{\"password\": \"***\"}"),
        ("hub.verify_token=hello&hub.challenge=1", "hub.verify_token=***&hub.challenge=1"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("{'Authorization': 'Bearer abc'}", "{'Authorization': '***'}"),
        ("sent with Bearer abcdefgh12", "sent with Bearer ***"),
        ("X-Hub-Signature-256: sha256=3deb98e8e02ecc75", "X-Hub-Signature-256: sha256=***"),
        ("gAAAAABmZm9vYmFyYmF6cXV4cXV1eA==", "***"),
        ("postgresql://igbot:p%40ss@db:5432/igbot", "postgresql://***@db:5432/igbot"),
        ("https://sometoken@hooks.example/x", "https://***@hooks.example/x"),
        (
            "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=x",
            "https://lookaside.fbsbx.com/ig_messaging_cdn/?***",
        ),
        (
            r"https:\/\/scontent.cdninstagram.com\/v\/a.jpg?oh=1&oe=2",
            r"https:\/\/scontent.cdninstagram.com\/v\/a.jpg?***",
        ),
        ("https://shop.example/a?signature=abc&b=1", "https://shop.example/a?signature=***&b=1"),
        ("appsecret_proof=27f3e7c5", "appsecret_proof=***"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, cleaned: str) -> None:
    """Tokens, signatures, signed addresses and passwords that nobody told us of."""
    assert Redactor().clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "aWdfZAG1fc2tlbTEAAEAAx",
        "Error validating access token: Session has expired on Friday",
        "https://shop.example/shipping?lang=en",
        "token_days_left=12",
        "how much is shipping? 5 EUR: see https://shop.example/a@b",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    """Ids of messages and Meta's own explanations are what one reads the log for."""
    assert Redactor().clean(text) == text


@pytest.mark.parametrize(
    "name", ["access_token", "Authorization", "app_secret", "IGBOT_MANAGEMENT_TOKEN", "encryption_key"]
)
def test_a_field_can_be_secret_by_its_name(name: str) -> None:
    """Such a field is hidden whatever its value is."""
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["token_days_left", "fbtrace_id", "mid", "rule", "secretary"])
def test_an_ordinary_field_is_not_secret_by_its_name(name: str) -> None:
    """Names that merely contain such a word are shown."""
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    "text",
    ["a" * 65536, "://" * 20000, "token" * 12000, "=" * 60000, "EAA" * 20000, '"password' * 6000, "fbcdn.net" * 7000],
)
def test_hostile_text_costs_little_time(text: str) -> None:
    """No pattern goes over the same text again and again."""
    redactor = Redactor(["a-known-secret/with+signs", "aaaaaaab"])
    begun = time.process_time()
    redactor.clean(text)
    assert time.process_time() - begun < 2
