"""Meta's answers about tokens are read whatever they are; nothing in them is taken on trust."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.graph_error import GraphError
from igbot.meta.token_answers import (
    Renewed,
    TokenFacts,
    read_app_id,
    read_facts,
    read_owner,
    read_renewed,
)

EXPIRED = {"error": {"message": "Session has expired", "type": "OAuthException", "code": 190, "error_subcode": 463}}
NAMES = ["access_token", "expires_in", "data", "is_valid", "expires_at", "error", "id", "user_id", "code", "message"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner),
    max_leaves=8,
)


def body(answer: Any) -> bytes:
    """As Meta writes it."""
    return json.dumps(answer).encode()


def test_the_owner_of_a_token_has_several_ids() -> None:
    """Flat or wrapped; an error instead says whether the token is one at all."""
    assert read_owner(200, body({"id": "1", "user_id": "2"})).ids == {"1", "2"}
    assert read_owner(200, body({"data": [{"user_id": "2"}]})).ids == {"2"}
    dead = read_owner(401, body(EXPIRED))
    assert (dead.ids, dead.is_dead) == (frozenset(), True)
    assert read_owner(400, body({"error": {"code": 102}})).is_dead
    busy = read_owner(400, body({"error": {"code": 4}}))
    assert busy.error is not None
    assert not busy.is_dead
    nothing = read_owner(0, b"")
    assert (nothing.ids, nothing.error, nothing.is_dead) == (frozenset(), None, False)


def test_a_refresh_gives_a_token_and_its_life() -> None:
    """The life may be missing; an answer without a token is none, whatever its status."""
    assert read_renewed(200, body({"access_token": "IGAAnew", "expires_in": 5183944})) == Renewed(
        "IGAAnew", timedelta(seconds=5183944)
    )
    assert read_renewed(200, body({"access_token": "IGAAnew"})) == Renewed("IGAAnew", None)
    assert read_renewed(200, body({"access_token": "IGAAnew", "expires_in": -5})) == Renewed("IGAAnew", None)
    for status, answer in ((200, {}), (200, {"access_token": ""}), (200, EXPIRED), (401, EXPIRED), (500, "<html>")):
        assert isinstance(read_renewed(status, body(answer)), GraphError)
    assert read_renewed(0, b"") is None
    assert "IGAAnew" not in repr(read_renewed(200, body({"access_token": "IGAAnew"})))


def test_the_other_shape_of_instagrams_errors_is_read_too() -> None:
    """As its OAuth endpoints write them."""
    error = read_renewed(400, body({"error_type": "OAuthException", "code": 400, "error_message": "no"}))
    assert isinstance(error, GraphError)
    assert (error.code, error.message) == (400, "no")


def test_what_is_told_of_a_token_says_when_it_ends() -> None:
    """0 is never; an invalid one says why."""
    never = read_facts(200, body({"data": {"is_valid": True, "expires_at": 0}}))
    assert never == TokenFacts(is_valid=True, expires_at=None, error=None)
    ends = read_facts(200, body({"data": {"is_valid": True, "expires_at": 1790000000}}))
    assert isinstance(ends, TokenFacts)
    assert ends.expires_at == datetime.fromtimestamp(1790000000, UTC)
    dead = read_facts(200, body({"data": {"is_valid": False, "error": {"code": 190, "message": "gone"}}}))
    assert isinstance(dead, TokenFacts)
    assert dead.error is not None
    assert (dead.is_valid, dead.error.message) == (False, "gone")
    assert isinstance(read_facts(200, body({"data": {}})), GraphError)
    assert isinstance(read_facts(400, body(EXPIRED)), GraphError)
    assert read_facts(0, b"") is None


def test_an_app_is_known_by_its_id() -> None:
    """Or not at all."""
    assert read_app_id(200, body({"id": "123"})) == "123"
    assert read_app_id(400, body({"id": "123"})) is None
    assert read_app_id(200, b"<html>") is None


@given(JSON.map(lambda answer: body(answer)) | st.binary(max_size=200), st.sampled_from([0, 200, 400, 500]))
def test_no_answer_makes_them_raise(answer: bytes, status: int) -> None:
    """Whatever comes."""
    read_owner(status, answer)
    read_renewed(status, answer)
    read_facts(status, answer)
    read_app_id(status, answer)


@pytest.mark.parametrize("seconds", [True, -1, 2**40, 1.5, "0", None, []])
def test_an_end_that_is_no_time_is_not_known(seconds: object) -> None:
    """The token is as valid as it says."""
    facts = read_facts(200, body({"data": {"is_valid": True, "expires_at": seconds}}))
    assert facts == TokenFacts(is_valid=True, expires_at=None, error=None)
