"""Meta's verification of the callback address: what to answer to which query (meta-platform.md 2.1)."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

# Anything wider would let a link make us answer with somebody's script: the challenge is echoed as it came.
_CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_PARAMETERS = frozenset({"hub.mode", "hub.verify_token", "hub.challenge"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`body` is the challenge for status 200, else the name of what is wrong."""

    status: int
    body: str


def verify(query: Sequence[tuple[str, str]], *, verify_token: str) -> Verdict:
    """Judges a verification request by its decoded query parameters, in order, doubled ones included.

    The token is compared in constant time and before the challenge is looked at; an empty one counts as missing.
    Never raises, also not for text with lone surrogates (which is what non-UTF-8 bytes are decoded to).
    """
    given = {name: value for name, value in query if name in _PARAMETERS}
    if len(given) < sum(name in _PARAMETERS for name, _ in query):
        return Verdict(403, "doubled_parameter")
    if given.get("hub.mode") != "subscribe":
        return Verdict(400, "wrong_mode" if "hub.mode" in given else "missing_mode")
    token = given.get("hub.verify_token", "")
    if not token:
        return Verdict(400, "missing_verify_token")
    if not verify_token or not hmac.compare_digest(_bytes(token), _bytes(verify_token)):
        return Verdict(403, "wrong_verify_token")
    challenge = given.get("hub.challenge")
    if challenge is None:
        return Verdict(400, "missing_challenge")
    if not _CHALLENGE.fullmatch(challenge):
        return Verdict(400, "malformed_challenge")
    return Verdict(200, challenge)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
