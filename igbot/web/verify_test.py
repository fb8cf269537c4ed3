"""Plays Meta's verification against a webhook address and says whether it would be accepted (requirement 8.5)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

import aiohttp
from yarl import URL

from igbot.errors import IgbotError, UsageError

ANSWER_SECONDS = 10.0
_MAX_ANSWER_BYTES = 4096
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


class NoAnswer(IgbotError):
    """Nothing could be checked: the address gave no answer."""


@dataclass(frozen=True, slots=True)
class Check:
    """One request of the play: what should come, what came. `detail` explains a failure, else it is empty."""

    name: str
    passed: bool
    expected: str
    got: str
    detail: str = ""

    def as_line(self) -> str:
        """The verdict for a person."""
        if self.passed:
            return f"ok    {self.name}: {self.got}"
        detail = f" ({self.detail})" if self.detail else ""
        return f"BAD   {self.name}: expected {self.expected}, got {self.got}{detail}"

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "passed": self.passed,
            "expected": self.expected,
            "got": self.got,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class PlayedVerification:
    """All checks against one address."""

    url: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def as_json(self) -> dict[str, object]:
        return {"url": self.url, "passed": self.passed, "checks": [check.as_json() for check in self.checks]}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content_type: str
    body: str


def webhook_url(address: str) -> URL:
    """The webhook's address for a base address or the webhook's own. Raises UsageError if it is neither."""
    try:
        url = URL(address.strip() if "://" in address else f"https://{address.strip()}")
        usable = url.scheme in ("http", "https") and bool(url.host)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("The address to verify is not an http(s) URL.", hint="Give it as https://bot.example.com")
    path = url.path.rstrip("/")
    return url.with_path(path if path.endswith("/webhook") else f"{path}/webhook")


async def play_verification(address: str, *, token: str, seconds: float = ANSWER_SECONDS) -> PlayedVerification:
    """Sends the right token, a wrong one and no parameters at all; `seconds` is the deadline of each request.

    A certificate is not checked on loopback addresses, where development signs its own. A plain-http loopback
    address is called as a TLS proxy on this machine would. Raises NoAnswer if the address gives none, and
    UsageError if it is no address.
    """
    url = webhook_url(address)
    challenge = str(secrets.randbelow(10**10))
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=seconds), headers=_proxy_headers(url), auto_decompress=False
    ) as session:
        try:
            checks: tuple[Check, ...] = (
                _judge_right(await _ask(session, url, _query(token, challenge)), challenge),
                _judge_refusal("wrong token", 403, await _ask(session, url, _query(f"not-{token}", challenge))),
                _judge_refusal("missing parameters", 400, await _ask(session, url, {})),
            )
        except aiohttp.ClientConnectorCertificateError as error:
            checks = (_untrusted(error),)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise NoAnswer(
                f"{url.with_query(None)} gave no answer to Meta's verification ({_why(error)}).",
                hint="Is `igbot serve` running, and is the address reachable from here? Give another with --url.",
            ) from None
    return PlayedVerification(url=str(url), checks=checks)


def _query(token: str, challenge: str) -> dict[str, str]:
    return {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}


async def _ask(session: aiohttp.ClientSession, url: URL, query: Mapping[str, str]) -> _Answer:
    async with session.get(url, params=query, ssl=not _is_loopback(url), allow_redirects=False) as response:
        body = await response.content.read(_MAX_ANSWER_BYTES)
        return _Answer(response.status, response.content_type, body.decode("utf-8", "replace"))


def _judge_right(answer: _Answer, challenge: str) -> Check:
    expected = "200 with the challenge as the whole body"
    if answer.status != 200:
        return Check("right token", False, expected, str(answer.status), _seen(answer))
    if answer.body != challenge:
        return Check("right token", False, expected, "200 with another body", _seen(answer))
    return Check("right token", True, expected, expected)


def _judge_refusal(name: str, status: int, answer: _Answer) -> Check:
    passed = answer.status == status
    return Check(name, passed, str(status), str(answer.status), "" if passed else _seen(answer))


def _untrusted(error: aiohttp.ClientConnectorCertificateError) -> Check:
    reason = getattr(error.certificate_error, "verify_message", "") or type(error.certificate_error).__name__
    return Check(
        "certificate",
        False,
        "a certificate that a public authority signed, with its whole chain",
        "one that is not trusted",
        str(reason),
    )


def _seen(answer: _Answer) -> str:
    """What the answer said, in one short line that does nothing to a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in answer.body[:200]).split())


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    return type(error).__name__


def _proxy_headers(url: URL) -> dict[str, str]:
    return {"X-Forwarded-Proto": "https"} if url.scheme == "http" and _is_loopback(url) else {}


def _is_loopback(url: URL) -> bool:
    host = url.host or ""
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
