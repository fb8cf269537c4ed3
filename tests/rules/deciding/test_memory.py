"""What is remembered of a customer survives being stored, and nothing that was stored breaks a decision."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.deciding.memory import Memory, Use, from_stored, to_stored
from tests.rules.deciding.building import NOW

moments = st.datetimes(min_value=datetime(2010, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
names = st.text(min_size=1, max_size=8)
uses = st.lists(st.builds(Use, moments, names), min_size=1, max_size=3).map(tuple)
memories = st.builds(
    Memory,
    messages=st.integers(0, 10**9),
    last_message_at=st.none() | moments,
    answered_by=st.none() | names,
    answered_at=st.none() | moments,
    tags=st.frozensets(names, max_size=4),
    facts=st.dictionaries(names, names, max_size=4),
    language=st.none() | st.sampled_from(["en", "es-MX"]),
    uses=st.dictionaries(
        names, st.lists(st.builds(Use, moments, names), min_size=1, max_size=3).map(tuple), max_size=3
    ),
    typed_answers=st.lists(moments, max_size=3).map(tuple),
    fallbacks=st.integers(0, 4),
    disclosed_at=st.none() | moments,
)


@given(memories)
def test_a_memory_survives_being_stored(memory: Memory) -> None:
    """As JSON text."""
    assert from_stored(json.loads(json.dumps(to_stored(memory)))) == memory


def test_little_is_stored_of_a_customer_of_whom_little_is_known() -> None:
    """What is empty is left out."""
    assert to_stored(Memory()) == {"version": 1, "messages": 0}


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"version": 2, "messages": 3},
        {"version": 1},
        {"version": 1, "messages": "many"},
        {"version": 1, "messages": 1, "last_message_at": "yesterday"},
        {"version": 1, "messages": 1, "last_message_at": "2026-11-24T11:00:00"},
        {"version": 1, "messages": 1, "uses": {"a": [["2026-11-24T11:00:00+00:00"]]}},
        {"version": 1, "messages": 1, "uses": []},
        {"version": 1, "messages": 1, "tags": 7},
        {"version": 1, "messages": 1, "typed_answers": ["now"]},
        {"version": 1, "messages": 1, "fallbacks": "many"},
        {"version": 1, "messages": 1, "disclosed_at": 7},
    ],
)
def test_what_is_not_known_is_forgotten(stored: dict[str, Any] | None) -> None:
    """It never breaks a decision."""
    assert from_stored(stored) == Memory()


def test_programs_of_different_versions_read_each_other() -> None:
    """What one does not know it leaves alone; what one has not written is not known."""
    assert from_stored({"version": 1, "messages": 2, "moods": ["fine"]}) == Memory(2)
    stored = to_stored(Memory(2, fallbacks=1, typed_answers=(NOW,), disclosed_at=NOW))
    assert stored == {
        "version": 1,
        "messages": 2,
        "fallbacks": 1,
        "typed_answers": [NOW.isoformat()],
        "disclosed_at": NOW.isoformat(),
    }


def test_times_are_read_as_postgresql_writes_them() -> None:
    """With fewer digits, and in any zone."""
    stored = {"version": 1, "messages": 2, "last_message_at": "2026-11-24T12:00:00.5+01:00"}
    assert from_stored(stored) == Memory(
        2, datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=timezone(timedelta(hours=1)))
    )
    assert from_stored({"version": 1, "messages": 2, "last_message_at": NOW.isoformat()}).last_message_at == NOW
