"""Reads one value of a setting. Each raises ValueError saying what the value must be, never what it was."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from igbot.errors import UsageError

Network = IPv4Network | IPv6Network

_META_DOMAINS = ("facebook.com", "instagram.com", "messenger.com", "meta.com", "fbsbx.com", "facebook.net")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = timedelta(days=3650)


def words(text: str) -> tuple[str, ...]:
    """The items of a list separated by commas or white space, none empty."""
    return tuple(item for item in re.split(r"[,\s]+", text) if item)


def listed(text: str) -> tuple[str, ...]:
    """The items of a list separated by commas, trimmed, at least one."""
    items = tuple(item.strip() for item in text.split(",") if item.strip())
    if not items:
        raise ValueError("must name at least one")
    return items


def ids(text: str) -> tuple[str, ...]:
    """Meta's ids, without repetition, in order."""
    found = words(text)
    if not found or any(not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", item) for item in found):
        raise ValueError("must be ids (digits), separated by commas")
    return tuple(dict.fromkeys(found))


def header_token(text: str) -> str:
    """A token that goes into an HTTP header."""
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("must be one token without white space or characters outside ASCII")
    return text


def fernet_keys(text: str) -> tuple[str, ...]:
    """Fernet keys: 32 bytes each in URL-safe base64."""
    keys = listed(text)
    for key in keys:
        try:
            usable = len(urlsafe_b64decode(key.encode("ascii"))) == 32
        except ValueError:
            usable = False
        if not usable or not re.fullmatch(r"[A-Za-z0-9_-]{43}=", key):
            raise ValueError("must be Fernet keys (44 characters each), separated by commas")
    return keys


def one_of(*choices: str, upper: bool = False) -> Callable[[str], str]:
    """A reader of one of these words, in any case."""

    def read(text: str) -> str:
        word = text.upper() if upper else text.lower()
        if word not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}")
        return word

    return read


def switch(text: str) -> bool:
    """On or off, in the usual words."""
    word = text.lower()
    if word not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ValueError("must be on or off")
    return word in {"1", "true", "yes", "on"}


def port(text: str) -> int:
    """A TCP port; 0 takes any that is free."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise ValueError("must be a number from 0 to 65535")
    return int(text)


def host(text: str) -> str:
    """An address or name to listen on; brackets of an IPv6 address are taken off."""
    name = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not re.fullmatch(r"[A-Za-z0-9.:%_-]{1,253}", name):
        raise ValueError("must be an address or a host name")
    return name


def is_loopback(name: str) -> bool:
    """Whether an address or host name is this machine and nothing else."""
    if name.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def networks(text: str) -> tuple[Network, ...]:
    """CIDRs or single addresses."""
    try:
        return tuple(ip_network(item, strict=False) for item in words(text))
    except ValueError:
        raise ValueError("must be networks as in 10.0.0.0/8, separated by commas") from None


def web_address(text: str) -> str:
    """The base of an HTTP API, without a slash at its end: https, or http on this machine."""
    wrong = ValueError("must be https://host, or http:// on this machine, without user, query or fragment")
    try:
        parts = urlsplit(text)
        name = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise wrong from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(name))
    if not secure or not name or "@" in parts.netloc or "?" in text or "#" in text or re.search(r"[\s\\]", text):
        raise wrong
    return text.rstrip("/")


def host_of(address: str) -> str:
    """The host of an address read by `web_address`, in small letters."""
    return urlsplit(address).hostname or ""


def is_meta(address: str) -> bool:
    """Whether an address read by `web_address` leads to a host of Meta."""
    name = host_of(address).rstrip(".")
    return any(name == domain or name.endswith("." + domain) for domain in _META_DOMAINS)


def database_url(text: str) -> str:
    """A PostgreSQL URL; what is in it is judged by the server."""
    if not re.match(r"postgres(?:ql)?://\S", text):
        raise ValueError("must begin with postgresql://")
    return text


def graph_version(text: str) -> str:
    """A version of the Graph API."""
    if not re.fullmatch(r"v[0-9]{1,3}\.[0-9]{1,2}", text):
        raise ValueError("must be as in v25.0")
    return text


def duration(text: str) -> timedelta:
    """A time as in `10s`, `12h`, `30d`, `1h30m`; at most ten years."""
    if not re.fullmatch(r"(?:[0-9]{1,9}\s*[smhdw]\s*)+", text.lower()):
        raise ValueError("must be a time with its unit, as in 10s, 5m, 12h or 30d")
    parts = re.findall(r"([0-9]+)\s*([smhdw])", text.lower())
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST.total_seconds():
        raise ValueError("must be at most ten years")
    return timedelta(seconds=seconds)


def read_duration(text: str, *, what: str) -> timedelta:
    """A time given on the command line. Raises UsageError, naming the option `what`."""
    try:
        return duration(text.strip())
    except ValueError as error:
        raise UsageError(f"{what} {error}") from None


def duration_or_off(text: str) -> timedelta | None:
    """A time, or None for `off` (and for no time at all)."""
    return None if text.lower() == "off" else duration(text) or None


def longer_than_nothing(text: str) -> timedelta:
    """A time that is not 0."""
    read = duration(text)
    if not read:
        raise ValueError("must be longer than 0")
    return read


def below_a_day(text: str) -> timedelta:
    """A time below 24 hours."""
    read = duration(text)
    if read >= timedelta(days=1):
        raise ValueError("must be below 24h")
    return read


def whole_number(text: str) -> int:
    """A number from 0 to a million."""
    if not re.fullmatch(r"[0-9]{1,7}", text) or int(text) > 1_000_000:
        raise ValueError("must be a whole number from 0 to 1000000")
    return int(text)


def rate(text: str) -> float:
    """How often a second: from 0.001, at most a million."""
    if not re.fullmatch(r"[0-9]{1,7}(?:\.[0-9]{1,6})?", text) or not 0.001 <= float(text) <= 1_000_000:
        raise ValueError("must be a number from 0.001 to 1000000")
    return float(text)


def zone(text: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be the name of a time zone as in Europe/Madrid") from None


def language(text: str) -> str:
    """A language tag, in small letters."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", text):
        raise ValueError("must be a language tag as in en or pt-BR")
    return text.lower()


def reply(text: str) -> str:
    """A text to say; `off` is none."""
    return "" if text.lower() == "off" else text


def channels(text: str) -> tuple[str, ...]:
    """Apprise URLs, separated by white space."""
    found = tuple(text.split())
    if any(not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url) for url in found):
        raise ValueError("must be Apprise URLs (name://…), separated by white space")
    return found
