"""The error object of an answer: what people read of it is short and harmless, what decides is a number or nothing."""

from typing import Any

import pytest

from igbot.meta.graph_error import MAX_ANSWER_BYTES, GraphError, other_error, parse_answer, read_error


def read(**error: Any) -> GraphError:
    """The error of an answer with these fields."""
    found = read_error({"error": error})
    assert found is not None
    return found


def test_the_message_is_kept_short_on_one_line_and_without_tokens() -> None:
    """Storable, at most 300 characters, no control and no mark that turns the direction of writing."""
    message = "Malformed access token EAAB1234567890abcdef \0\ud800\r\n\u202eevil\t \x1b[31m" + "x" * 5000
    error = read(message=message)
    assert error.message.startswith("Malformed access token (token) \ufffd\ufffd evil [31mxxx")
    assert len(error.message) == 300
    assert error.message.isprintable()


def test_a_message_in_any_language_stays_readable() -> None:
    """Words are not escaped away."""
    assert read(message="Не удалось\nотправить — 送信できません").message == "Не удалось отправить — 送信できません"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (190, 190),
        ("190", 190),
        (190.0, 190),
        (-1, -1),
        (0, 0),
        (190.5, None),
        ("1e2", None),
        ("٣", None),
        (True, None),
        (2**31, None),
        (2**70, None),
        (1e300, None),
        ([190], None),
        ({"code": 190}, None),
        (None, None),
    ],
)
def test_a_code_is_a_number_that_a_column_can_hold(given: Any, code: int | None) -> None:
    """Also as text or with a point; anything else counts as absent. A subcode of 0 is none."""
    error = read(code=given, error_subcode=given)
    assert (error.code, error.subcode) == (code, code or None)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("A1b2", "A1b2"), ("", None), (7, "7"), (["A"], None), ("A\nB\0", "A B\ufffd"), ("A" * 10_000, "A" * 100)],
)
def test_the_trace_id_is_kept_as_far_as_it_is_one(given: Any, kept: str | None) -> None:
    """Meta's support asks for it; its length is bounded."""
    assert read(fbtrace_id=given).fbtrace_id == kept


@pytest.mark.parametrize(
    ("error", "said"), [("invalid_request", "invalid_request"), (["x"], None), (7, None), (False, None)]
)
def test_an_error_that_is_no_object_is_still_an_error(error: Any, said: str | None) -> None:
    """Its words are kept if it has any."""
    found = read_error({"error": error})
    assert found == other_error("http", said or "an error of an unknown shape")


def test_an_error_has_a_name() -> None:
    """Its numbers, or what kind it is."""
    names = [
        read(code=10, error_subcode=2018300).name,
        read(code=190).name,
        other_error("transport", "cut").name,
        read().name,
    ]
    assert names == ["10/2018300", "190", "transport", "error"]


def test_what_is_too_long_is_not_read() -> None:
    """Nothing of Meta's is nearly a mebibyte."""
    assert parse_answer(b'{"a":1}' + b" " * MAX_ANSWER_BYTES) is None
    assert parse_answer(b'{"a":1}' + b" " * 1000) == {"a": 1}
