"""Whom a request came from, and whether it was HTTPS, behind proxies."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.web.forwarding import forwarded_https, source

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "protocols", "expected"),
    [
        ("10.1.2.3", ["https"], True),
        ("10.1.2.3", ["HTTPS"], True),
        ("fd00::1", ["https"], True),
        ("::ffff:10.1.2.3", ["https"], True),
        ("10.1.2.3", ["https, https"], True),
        ("10.1.2.3", ["http"], False),
        ("10.1.2.3", [], False),
        ("10.1.2.3", [""], False),
        ("10.1.2.3", ["https, http"], False),
        ("10.1.2.3", ["https", "http"], False),
        ("192.0.2.1", ["https"], False),
        ("not an address", ["https"], False),
        (None, ["https"], False),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str | None, protocols: list[str], expected: bool) -> None:
    """The header counts from a trusted peer alone, and only if every hop in it was HTTPS."""
    assert forwarded_https(peer, protocols, trusted=TRUSTED) is expected


def test_nobody_is_trusted_by_default() -> None:
    """Without trusted proxies not even this machine is believed."""
    assert not forwarded_https("127.0.0.1", ["https"], trusted=())


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        ("10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["6.6.6.6, 203.0.113.9, 10.9.9.9"], "203.0.113.9"),
        ("10.1.2.3", ["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["203.0.113.9, <script>"], "10.1.2.3"),
        ("10.1.2.3", [], "10.1.2.3"),
        (None, [], "unknown"),
    ],
)
def test_the_source_is_the_nearest_address_that_is_no_proxy_of_ours(
    peer: str | None, forwarded_for: list[str], expected: str
) -> None:
    """A client can write what it likes to the left of what our own proxy appended: that is not believed."""
    assert source(peer, forwarded_for, trusted=TRUSTED) == expected


@given(st.none() | st.text(), st.lists(st.text()))
def test_no_header_raises(peer: str | None, values: list[str]) -> None:
    """Any text in either header gives an answer."""
    forwarded_https(peer, values, trusted=TRUSTED)
    assert source(peer, values, trusted=TRUSTED)
