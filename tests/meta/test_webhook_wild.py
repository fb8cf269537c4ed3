"""Whatever is signed and sent, nothing is raised and no good neighbour is lost."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from igbot.meta.events import EVENT_KINDS, WebhookEvent
from igbot.meta.webhook import read_content
from tests.meta.shapes import RECEIVED_AT, SENT_AT, US, body, entry, item, read, read_items, text_item

_WORDS = """
object entry id time messaging standby changes field value sender recipient timestamp message mid text is_echo from
is_deleted attachments type payload url reply_to story quick_reply referral postback reaction read message_edit
num_edit action optin app_roles comment_id
"""
_KEYS = st.sampled_from(_WORDS.split())
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=12),
    st.sampled_from(["instagram", "messages", "comments", "image", "0", US, "react", "true", "\ud800", "\0"]),
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(_KEYS, st.text(max_size=4)), inner, max_size=6)
    ),
    max_leaves=30,
)
_ITEMS = st.one_of(
    _JSON,
    st.dictionaries(_KEYS, _JSON, max_size=8),
    st.dictionaries(_KEYS, _JSON, max_size=4).map(lambda event: item(**event)),
    st.dictionaries(_KEYS, _JSON, max_size=4).map(lambda message: item(message=message)),
)


def _check(events: list[WebhookEvent]) -> None:
    for event in events:
        assert event.kind in EVENT_KINDS
        assert len(event.key) == 16
        assert event.raw.isascii()
        assert event.at.tzinfo is not None
        for stored in (event.account_id, event.igsid, event.mid or ""):
            assert "\0" not in stored
            stored.encode()
        content = read_content(event.kind, event.raw)
        assert content.kind == event.kind
        assert "\0" not in content.text
        content.text.encode()


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xff\xfe\x00")
@example(b"\x1f\x8b\x08")
@example(b'{"object')
def test_no_bytes_raise(raw: bytes) -> None:
    """Any bytes are read; what is no JSON is kept whole as one raw event."""
    _check(read(raw))


@given(_JSON)
@example(None)
@example([])
@example({"entry": "x"})
@example({"entry": [None, 1, "x", [], {}, {"messaging": None}, {"messaging": 5}, {"changes": [[]]}]})
def test_no_json_raises(root: object) -> None:
    """Any JSON value is read, with wrong types at every level."""
    _check(read(json.dumps(root).encode()))


@given(st.lists(_ITEMS, max_size=4), st.lists(_ITEMS, max_size=4), st.sampled_from(["messaging", "standby", "changes"]))
def test_good_neighbours_survive(before: list[Any], after: list[Any], section: str) -> None:
    """Each item gives exactly one event, and a good one among bad ones is read as if it were alone."""
    good = text_item("m_good", "hello")
    one = {"field": "messages", "value": good} if section == "changes" else good
    alone = read_items(one, section=section)
    beside = read_items(*before, one, *after, section=section)
    assert len(beside) == len(before) + 1 + len(after)
    assert beside[len(before)] == alone[0]
    _check(beside)


@given(st.lists(_JSON, max_size=4))
def test_good_entries_survive(others: list[Any]) -> None:
    """A good entry among bad ones is read as if it were alone."""
    good = entry(messaging=[text_item("m_good")])
    assert read(body(good))[0] in read(body(*others, good))


@pytest.mark.parametrize(
    "bad",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"message":' * 20_000 + "1" + "}" * 20_000,
        "[" * 400 + '"]}"' + "]" * 400,
        "NaN",
        "-Infinity",
        "1e999",
        "9" * 5000,
        '"line\nbreak and \x01"',
        '{"sender":1,"sender":[],"message":{"mid":"x","mid":2}}',
    ],
    ids=[
        "deep-array",
        "deep-object",
        "brackets-in-text",
        "nan",
        "infinity",
        "huge-float",
        "huge-int",
        "raw",
        "doubled",
    ],
)
def test_hostile_json_beside_a_good_item(bad: str) -> None:
    """Nesting, numbers and strings that break a plain JSON reader cost at most the item that holds them."""
    good = json.dumps(text_item("m_good"))
    holding = (
        f'{{"sender":{{"id":"900"}},"recipient":{{"id":"{US}"}},"message":{{"mid":"m_bad","text":"x","x":{bad}}}}}'
    )
    raw = f'{{"object":"instagram","entry":[{{"id":"{US}","messaging":[{bad},{good},{holding}]}}]}}'
    events = read(raw.encode())
    assert [event.mid for event in events[1:]] == ["m_good", "m_bad"]
    assert events[1] == read_items(text_item("m_good"))[0]
    _check(events)


@pytest.mark.parametrize("depth", range(100, 1100, 50))
def test_depths_around_pythons_own_limit(depth: int) -> None:
    """What is just shallow enough to be read, and just too deep to be written again, costs nothing either."""
    good = json.dumps(text_item("m_good"))
    deep = "[" * depth + "]" * depth
    events = read(f'{{"object":"instagram","entry":[{{"id":"{US}","messaging":[{deep},{good}]}}]}}'.encode())
    assert [event.mid for event in events] == [None, "m_good"]


def test_bad_utf8_costs_only_the_character() -> None:
    """A byte that is no UTF-8 is read as U+FFFD; the event and its neighbours stay."""
    raw = body(entry(messaging=[text_item("m_1", "caf#"), text_item("m_2")])).replace(b"#", b"\xe9")
    events = read(b"\xef\xbb\xbf" + raw)
    assert [event.mid for event in events] == ["m_1", "m_2"]
    assert read_content(events[0].kind, events[0].raw).text == "caf\ufffd"


@pytest.mark.parametrize("raw", [b'{"entry":[]}', b'{"object":"instagram","entry":[]}'])
def test_a_body_with_no_entry_in_it_has_no_events(raw: bytes) -> None:
    """A valid body that holds nothing gives nothing to keep."""
    assert read(raw) == []


@pytest.mark.parametrize("raw", [b"{}", b'{"object":"instagram"}', b'{"entry":null}', b" {} "])
def test_a_body_that_is_no_delivery_is_kept_as_it_came(raw: bytes) -> None:
    """Whoever can sign is Meta: what it means may be understood later."""
    assert [event.kind for event in read(raw)] == ["raw"]


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b'{"object', b'{"body_base64":"eyJvYmplY3Q="}'),
        (b"", b'{"body_base64":""}'),
        (b"[1, 2]", b"[1,2]"),
        (b'{"entry": "x"}', b'{"entry":"x"}'),
        ('"ä"'.encode(), b'"\\u00e4"'),
    ],
)
def test_what_is_no_envelope_is_kept_raw(raw: bytes, kept: bytes) -> None:
    """An unreadable body is one event under the account "unknown", its JSON or its bytes kept, and known again."""
    [event] = read(raw)
    assert (event.kind, event.account_id, event.known_account, event.raw) == ("raw", "unknown", False, kept)
    assert (event.at, event.at_mended) == (RECEIVED_AT, True)
    assert read(raw)[0].key == event.key != read(raw + b"x")[0].key


def test_a_thousand_updates_of_one_delivery_all_differ() -> None:
    """Meta batches up to 1000 updates: each becomes an event of its own key, in order."""
    events = read(body(*(entry(messaging=[text_item(f"m_{n}_{k}") for k in range(10)]) for n in range(100))))
    assert [event.mid for event in events] == [f"m_{n}_{k}" for n in range(100) for k in range(10)]
    assert len({event.key for event in events}) == 1000


def test_times_that_cannot_be_used_are_mended() -> None:
    """An item without a usable time takes the receive time, flagged; a change takes the entry's."""
    [event] = read_items({**text_item(), "timestamp": "soon"})
    assert (event.at, event.at_mended) == (RECEIVED_AT, True)
    [change] = read_items({"field": "comments", "value": {"id": "17"}}, section="changes")
    assert (change.at, change.at_mended) == (SENT_AT, False)
