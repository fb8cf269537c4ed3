"""The short way to a line gives what the careful way gives, or leaves it to it."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.telemetry.formatting import JsonFormatter
from igbot.telemetry.log import FIELDS
from igbot.telemetry.ordinary import OrdinaryLines
from igbot.telemetry.redaction import _PATTERNS, Redactor

SECRETS = ("app-secret/0123+ü", "two words-of it", "123456789", "plainword", "тайное слово", "-/-/-/", "a=b%c'd\"e\\f")
MID = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDAyMDM0NTY3ODkwOjM0MDI4MjM2Njg0MTcxMDMwMTI0NDI1OTUzMDQ1"
AT = datetime(2026, 11, 22, 10, 0, 0, 123999, UTC)


class Loud(str):
    """A text that is shown as another."""

    def __str__(self) -> str:
        return "loud"


class Kind(StrEnum):
    """Texts with names."""

    TEXT = "text"


class Number(IntEnum):
    """Numbers with names."""

    ONE = 1


def in_escapes(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


encodings: list[Callable[[str], str]] = [str, quote, quote_plus, json.dumps, ascii, repr, in_escapes, str.upper]
encoded = st.builds(lambda encode, secret: encode(secret), st.sampled_from(encodings), st.sampled_from(SECRETS))
looks_secret = st.sampled_from([pattern for pattern, _ in _PATTERNS]).flatmap(
    lambda pattern: st.from_regex(pattern, alphabet=st.characters(codec="ascii") | st.sampled_from("ſKé"))
)
starts = ["EAA", "IGAA", "IGQV", "gAAAA", "token", "TOKEN", "pwd", "sig", "Authorization", "Basic", "bearer", "oauth"]
words = st.sampled_from([*starts, *"=:@?'\"\\%+/_-.,{}1a \x7f\x1fé", "sha256", "://", "%3D", "fbcdn.net"])
text = st.lists(words | encoded | looks_secret | st.text(max_size=8), max_size=6).map("".join)
plain_text = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200)
values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | plain_text
    | text
    | encoded
    | looks_secret
    | st.datetimes(timezones=st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=2))))
    | st.sampled_from([2**64, 2**64 - 1, -(2**64), 91234567890, 0.123456789, "a" * 2048, "a" * 2049, "x" * 2000 + MID])
    | st.sampled_from([Loud("x"), Kind.TEXT, Number.ONE, b"12", timedelta(seconds=1), ["a", {"token": "b"}], ("a",)])
)
names = (
    plain_text | text | st.sampled_from(["mid", "level", "event", "test", "access_token", "Authorization", Loud("k")])
)


def record(
    event: object, fields: object, *, name: str = "igbot.web", created: float = 1795255200.25
) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.INFO, "", 0, event, (), None)
    made.created = created
    setattr(made, FIELDS, fields)
    return made


def ordinary(redactor: Redactor, **marks: object) -> OrdinaryLines:
    return OrdinaryLines(redactor, marks=marks, reserved=("timestamp", "level"))


ordinary_fields = st.dictionaries(st.sampled_from("abc"), st.text("ab1", max_size=3) | st.integers(0, 9), max_size=3)


@given(
    event=st.just("x") | plain_text | text,
    fields=st.builds(dict.__or__, ordinary_fields, st.dictionaries(names, values, max_size=1)),
    marks=st.just({}) | st.sampled_from([{"test": True}, {"level": "x"}, {"note": SECRETS[0]}, {"secret": 1}]),
    name=st.just("igbot.web") | st.sampled_from(["igbot", "asyncpg", 'igbot."', "igbot.\n", "igbot.plainword"]),
    created=st.just(0.5) | st.floats(-1e6, 4e9) | st.integers(0, 2**31).map(lambda n: n + 0.9999996),
)
def test_both_ways_give_the_same_line(
    event: str, fields: dict[str, object], marks: dict[str, object], name: str, created: float
) -> None:
    """Whatever is logged, with secrets in any spelling anywhere: the short way changes nothing."""
    formatter = JsonFormatter(Redactor(SECRETS), marks=marks)
    made = record(event, fields, name=name, created=created)
    careful = formatter.careful_line(made)
    assert formatter.format(made) == careful
    assert formatter.format(made) == careful, "what was remembered of the first line"


@given(text=plain_text | text | encoded | looks_secret)
def test_what_is_called_harmless_is_left_alone_by_the_careful_way(text: str) -> None:
    """Nothing is called harmless in which a pattern or a known secret is found, in whole or in part."""
    redactor = Redactor(SECRETS)
    if redactor.harmless(json.dumps(text, ensure_ascii=False)):
        assert redactor.clean(text) == text


@given(secret=st.text(alphabet="ab +-/%", min_size=6, max_size=12), text=st.text(alphabet="ab +-/", max_size=30))
def test_a_known_secret_is_never_called_harmless(secret: str, text: str) -> None:
    """Spaces may be written as `+`, and a secret may be nothing but spaces."""
    redactor = Redactor([secret])
    for written in (secret, quote(secret), quote_plus(secret), in_escapes(secret)):
        assert not redactor.harmless(f"{text}{written}{text}")
    if redactor.harmless(text):
        assert redactor.clean(text) == text


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in _PATTERNS], ids=range(len(_PATTERNS)))
def test_each_pattern_has_its_clue(pattern: object) -> None:
    """A pattern that is added without a clue would not be asked for ordinary lines."""

    @given(found=st.from_regex(pattern))  # type: ignore[call-overload]
    def found_is_not_harmless(found: str) -> None:
        assert not Redactor().harmless(json.dumps(found, ensure_ascii=False)[1:-1])

    found_is_not_harmless()


def test_the_lines_of_every_message_go_the_short_way() -> None:
    """What is written for each message needs no care, or all of this would be for nothing."""
    redactor = Redactor(SECRETS)
    lines = ordinary(redactor, test=True)
    for event, fields in (
        ("webhook_received", {"events": 1, "new": 1, "bytes": 512}),
        ("message_received", {"igsid": "17841400000000001", "mid": MID, "kind": "text", "sent_at": AT}),
        ("rule_matched", {"reason": "keyword", "rule": "shipping", "digest": "3deb98e8e02ecc75", "new": True}),
        ("reply_sent", {"attempt": 1, "seconds": 0.25, "author": "bot", "echo": None}),
    ):
        line = lines.line(record(event, fields))
        assert line is not None, event
        assert json.loads(line)["event"] == event
    assert '"sent_at": "2026-11-22T10:00:00.123Z"' in (lines.line(record("x", {"sent_at": AT})) or "")


odd_values = [
    *("two+words-of+it", "a\x7f", "a\nb", "\x1b[1m"),
    *("Bearer abcdefgh12", "Basic abcdefgh12", "OAUTH abcdefgh12", "baſic abcdefgh12", 'b": "c', "a" * 2049, "\ud800"),
    *(2**64, -(2**64), float("nan"), float("inf"), Loud("x"), Kind.TEXT, Number.ONE, b"12", [SECRETS[0]], ("a",)),
    *(AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=2))), timedelta(seconds=1), ValueError("x")),
]
odd_fields: list[object] = [
    *({"access_token": "abc"}, {"Authorization": 5}, {"secret": None}, {'a": "b': 1}, {"é": 1}, {"a" * 2049: 1}),
    *({"level": "x"}, {1: "a"}, {None: "a"}, {Loud("k"): 1}, {f"f{n}": n for n in range(51)}),
    *({f"f{n}": "a" * 2000 for n in range(9)}, {"\ud800": "\ud800"}),
]


@pytest.mark.parametrize("fields", [*({"a": "b", "value": value} for value in odd_values), *odd_fields])
def test_one_odd_field_is_left_to_the_careful_way(fields: object) -> None:
    """Whatever has to be hidden, escaped, cut or renamed, alone in a line that is ordinary otherwise."""
    formatter = JsonFormatter(Redactor(SECRETS), marks={})
    made = record("x", fields)
    assert formatter.format(made) == formatter.careful_line(made)


@given(created=st.floats(0, 1e10) | st.integers(0, 2**31).map(lambda n: n + 0.9999996) | st.integers(0, 2**31))
def test_the_time_is_the_same_to_the_last_digit(created: float) -> None:
    """Also just before the next second, where rounding carries."""
    formatter = JsonFormatter(Redactor(), marks={})
    for at in (created, created + 0.001, created + 0.9):
        made = record("x", {"a": 1}, created=at)
        assert formatter.format(made) == formatter.careful_line(made)


@pytest.mark.parametrize(("event", "shown"), [(5, "5"), (Loud("x"), "loud"), ('a", "b": "c', 'a", "b": "c')])
def test_an_event_that_is_no_plain_name_is_shown_as_text(event: object, shown: str) -> None:
    """Nothing but a text can be a part of a line as it stands."""
    assert json.loads(JsonFormatter(Redactor(), marks={}).format(record(event, {"a": 1})))["event"] == shown


@pytest.mark.parametrize("fields", [[("a", 1)], None])
def test_fields_that_are_none_still_give_a_line(fields: object) -> None:
    """The line says that it is broken."""
    line = JsonFormatter(Redactor(), marks={}).format(record("x", fields))
    assert "while writing this line" in json.loads(line)["broken"]


def test_an_error_is_left_to_the_careful_way() -> None:
    """Its words and its stack may hold anything."""
    made = record("x", {"a": 1})
    error = ValueError(SECRETS[0])
    made.exc_info = (ValueError, error, None)
    line = JsonFormatter(Redactor(SECRETS), marks={}).format(made)
    assert json.loads(line)["error"] == {"type": "ValueError", "message": "***"}


def test_a_secret_learned_later_is_hidden_from_what_is_remembered() -> None:
    """An event, a room, a mark and a field's name that were written before are looked at again."""
    redactor = Redactor()
    formatter = JsonFormatter(redactor, marks={"mark": "in-the-mark"})
    made = record("in-the-event", {"in-the-name": "in-the-value"})
    assert "in-the-event" in formatter.format(made)
    for secret in ("in-the-event", "in-the-name", "in-the-mark", "in-the-value"):
        redactor.hide(secret)
        assert secret not in formatter.format(made)


def test_what_is_remembered_does_not_grow_without_end() -> None:
    """Events and names are few, but nobody can promise that; times pass anyway."""
    lines = ordinary(Redactor())
    for n in range(3000):
        assert (
            lines.line(record(f"event{n}", {f"field{n}": n, "at": AT + timedelta(seconds=n)}, created=n * 60))
            is not None
        )
    assert max(len(lines._heads), len(lines._keys), len(lines._seconds)) <= 1000
