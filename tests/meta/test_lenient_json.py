"""JSON as strangers send it is read as far as it can be, and what is none is said to be none in no time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.lenient_json import parse


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":NaN,"b":-Infinity,"c":1e999}', {"a": "NaN", "b": "-Infinity", "c": "1e999"}),
        (b'{"a":"\xff\n\x00"}', {"a": "\ufffd\n\0"}),
        (b'{"a":' + b"7" * 5000 + b"}", {"a": "7" * 5000}),
    ],
)
def test_what_can_be_read_is_read(body: bytes, value: object) -> None:
    """Of doubled keys the last; numbers beyond their type as text."""
    assert parse(body) == value


def test_what_is_nested_too_deeply_costs_only_itself() -> None:
    """The rest of the body is read."""
    read = parse(b'{"deep":' + b"[" * 50_000 + b'"a]\\"[",' + b"1" + b"]" * 50_000 + b',"error":{"code":190}}')
    assert read["error"] == {"code": 190}


@pytest.mark.parametrize(
    "end", [b'"' + b'\\"' * 2_000_000, b'"' * 4_000_001, b'"\\' * 2_000_001, b'"' + b"[" * 4_000_000]
)
def test_a_string_without_an_end_in_a_deep_body_is_read_once(end: bytes) -> None:
    """Four megabytes of quotes would take hours if each had the rest read once more."""
    with pytest.raises(json.JSONDecodeError):
        parse(b"[" * 50_000 + end)


@given(st.lists(st.sampled_from(["[", "]", "{", "}", '"', "\\", ",", ":", "1", "a"])), st.booleans())
def test_pieces_of_json_are_a_value_or_none(pieces: list[str], shallow: bool) -> None:
    """Never another exception; cutting what is deep changes nothing about what is not."""
    body = "".join(pieces).encode()
    try:
        value = parse(body, shallow=shallow)
    except ValueError:
        with pytest.raises(json.JSONDecodeError):
            parse(body, shallow=not shallow)
    else:
        assert parse(body, shallow=not shallow) == value
