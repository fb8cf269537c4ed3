"""Whom a request really came from, and over what, where a trusted proxy stands in front."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def forwarded_https(peer: str | None, protocols: Sequence[str], *, trusted: Sequence[Network]) -> bool:
    """Whether a trusted `peer` says that the request came over HTTPS.

    `protocols` are the values of all `X-Forwarded-Proto` headers. Where several hops are named each must be https:
    a proxy that appends leaves the client's own claim in front.
    """
    hops = [hop.strip().lower() for value in protocols for hop in value.split(",")]
    return bool(hops) and all(hop == "https" for hop in hops) and _is_trusted(peer, trusted)


def source(peer: str | None, forwarded_for: Sequence[str], *, trusted: Sequence[Network]) -> str:
    """The address to name in a log line: the nearest one that is not a trusted proxy, else the peer's.

    `forwarded_for` are the values of all `X-Forwarded-For` headers; what is not an address there ends the search.
    """
    found = peer
    if _is_trusted(peer, trusted):
        hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
        for hop in reversed(hops):
            if _address(hop) is None:
                break
            found = hop
            if not _is_trusted(hop, trusted):
                break
    return found or "unknown"


def _is_trusted(peer: str | None, trusted: Sequence[Network]) -> bool:
    address = _address(peer) if peer and trusted else None
    return address is not None and any(address in network for network in trusted)


@lru_cache(maxsize=256)  # every request asks, and a proxy is always the same
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
