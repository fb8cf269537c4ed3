"""Tokens are sealed before they touch the database, by the first of several keys, and opened by any; what is no token
is never taken for one.
"""

import hashlib
import hmac

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from igbot.accounts.vault import LONGEST, TokenMalformed, TokenSealed, TokenVault, token_in
from igbot.errors import UsageError

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CANARY = "EAAcanary1234567890"


def refusal(vault: TokenVault, sealed: str) -> str | None:
    """What is said of a sealed value that does not open; None for one that does."""
    try:
        vault.open(sealed)
    except TokenSealed as error:
        return f"{error} {error.hint}"
    return None


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_is_sealed_is_opened_again(token: str) -> None:
    """Any token, and the sealed form does not show it."""
    vault = TokenVault([OLD])
    sealed = vault.seal(token)
    assert vault.open(sealed) == token
    assert len(token) < 8 or token not in sealed


def test_the_first_key_seals_and_every_key_opens() -> None:
    """And what any has sealed can be sealed again with the first, after which the others may go."""
    by_old = TokenVault([OLD]).seal("EAAtoken")
    both = TokenVault([NEW, OLD])
    assert both.open(by_old) == "EAAtoken"
    assert TokenVault([NEW]).open(both.seal("EAAtoken")) == "EAAtoken"
    assert TokenVault([NEW]).open(both.seal_again(by_old)) == "EAAtoken"
    with pytest.raises(TokenSealed):
        TokenVault([NEW]).seal_again(by_old)


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: Fernet(OLD).encrypt(raw).decode()))
def test_garbage_in_the_database_is_a_clear_error(sealed: str) -> None:
    """Whatever stands there: it opens, or says what to do, without a traceback of how."""
    told = refusal(TokenVault([OLD]), sealed)
    assert told is None or "igbot token set" in told


def test_one_flipped_bit_is_noticed() -> None:
    """Wherever it is: what is opened is what was sealed, or nothing."""
    vault = TokenVault([OLD])
    sealed = vault.seal(CANARY).encode()
    for place in range(len(sealed)):
        for bit in (1, 2, 32):
            flipped = (sealed[:place] + bytes([sealed[place] ^ bit]) + sealed[place + 1 :]).decode("latin-1")
            told = refusal(vault, flipped)
            # The spare bits of the last letter tell nothing.
            assert vault.open(flipped) == CANARY if told is None else CANARY not in told


@pytest.mark.parametrize("sealed", ["", None])
def test_nothing_where_a_token_should_be_is_said_so(sealed: str | None) -> None:
    """An empty value, or none."""
    with pytest.raises(TokenSealed) as caught:
        TokenVault([OLD]).open(sealed)
    assert "is empty" in caught.value.message


@pytest.mark.parametrize("key", ["", "short", "ä" * 44, "A" * 43])
def test_something_that_is_no_key_is_refused(key: str) -> None:
    """Without saying what it was."""
    with pytest.raises(UsageError) as caught:
        TokenVault([key])
    assert "IGBOT_ENCRYPTION_KEY" in caught.value.message
    assert not key or key not in f"{caught.value} {caught.value.hint}"


def test_a_mark_tells_whether_the_variable_has_changed() -> None:
    """It shows neither the value nor a digest of it, outlives its key as a token does, and says so where it cannot."""
    vault = TokenVault([OLD])
    mark = vault.mark("EAAfirst")
    assert hashlib.sha256(b"EAAfirst").hexdigest() not in mark
    assert vault.came_from(mark, "EAAfirst") is True
    assert vault.came_from(mark, "EAAsecond") is False
    again = TokenVault([NEW, OLD]).seal_again(mark)
    assert TokenVault([NEW]).came_from(again, "EAAfirst") is True
    assert TokenVault([NEW]).came_from(mark, "EAAfirst") is None
    assert vault.came_from("", "EAAfirst") is False


def test_a_mark_of_an_older_igbot_is_understood_while_its_key_is_there() -> None:
    """It is an HMAC under the key that was the first then."""
    mark = hmac.new(OLD.encode(), b"EAAfirst", hashlib.sha256).hexdigest()
    assert TokenVault([NEW, OLD]).came_from(mark, "EAAfirst") is True
    assert TokenVault([NEW, OLD]).came_from(mark, "EAAsecond") is False
    assert TokenVault([NEW]).came_from(mark, "EAAfirst") is False


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_line_break_at_the_end_is_taken_off(end: str) -> None:
    """`echo` makes one, and so do files."""
    assert token_in(CANARY + end) == CANARY


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        (f"{CANARY}\n\n", "has a line break inside"),
        (f"{CANARY}\nIGBOT", "has a line break inside"),
        (f"{CANARY}\r{CANARY}", "has a line break inside"),
        (f"{CANARY}\u2028x", "has a line break inside"),
        (f" {CANARY}", "has a blank"),
        (f"{CANARY} \n", "has a blank"),
        (f"{CANARY}\u00a0", "has a blank"),
        (f"{CANARY}\u00e9", "has a character that no token has"),
        (f"\ufeff{CANARY}", "has a character that no token has"),
        (f"{CANARY}\x00", "has a character that no token has"),
        ("E" * (LONGEST + 1), f"is longer than {LONGEST} characters"),
    ],
)
def test_what_is_no_token_is_refused_with_what_is_wrong(text: str, wrong: str) -> None:
    """And with not a word of what it was: most of it may well be a token."""
    with pytest.raises(TokenMalformed) as caught:
        token_in(text)
    assert wrong in caught.value.message
    assert CANARY not in f"{caught.value} {caught.value.hint}"


@given(st.text(max_size=60))
def test_a_token_fits_into_a_header_or_is_refused(text: str) -> None:
    """Never a line break, a blank or a letter that no header can hold."""
    try:
        token = token_in(text)
    except TokenMalformed:
        return
    assert token.isascii()
    assert token.isprintable()
    assert not set(token) & set(" \t\r\n")
