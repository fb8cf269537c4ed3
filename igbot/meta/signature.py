"""Proofs made with the app secret: webhook signatures, `signed_request`, `appsecret_proof`."""

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

_PREFIX = "sha256="
_ALGORITHM = "HMAC-SHA256"


class SignedRequestError(ValueError):
    """A `signed_request` that proves nothing; the text says why."""


def sign(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for the raw bytes of a body."""
    return _PREFIX + _digest(secret, body).hex()


def is_signed(header: str | None, body: bytes, *, secrets: Sequence[str]) -> bool:
    """Whether the header proves that one of the app secrets signed exactly these bytes. Never raises.

    Takes the same time whichever secret fits. An empty secret proves nothing.
    """
    given = (header or "").encode("utf-8", "replace")
    proven = False
    for secret in secrets:
        same = hmac.compare_digest(given, sign(secret, body).encode("ascii"))
        proven = proven or (same and secret != "")
    return proven


def appsecret_proof(secret: str, token: str) -> str:
    """The proof Meta asks for beside an access token where the app has "Require App Secret" on (hex)."""
    return _digest(secret, token.encode("utf-8")).hex()


def read_signed_request(text: str, *, secrets: Sequence[str], now: datetime) -> dict[str, Any]:
    """The payload of the form field `signed_request` of Meta's deauthorize and data deletion callbacks.

    Raises SignedRequestError where it is malformed, signed by none of `secrets`, of another algorithm, or expired.
    """
    encoded_signature, dot, encoded = text.partition(".")
    signature = _unbase64(encoded_signature)
    if not dot or signature is None:
        raise SignedRequestError("signed_request is not two base64url parts with a dot between them")
    signed = encoded.encode("utf-8", "replace")
    proven = False
    for secret in secrets:
        same = hmac.compare_digest(signature, _digest(secret, signed))
        proven = proven or (same and secret != "")
    if not proven:
        raise SignedRequestError("signed_request is signed by none of the app secrets")
    try:
        payload = json.loads(_unbase64(encoded) or b"")
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise SignedRequestError("the payload of signed_request is no JSON object")
    if str(payload.get("algorithm")).upper() != _ALGORITHM:
        raise SignedRequestError(f"signed_request is not {_ALGORITHM}")
    expires = payload.get("expires")
    if isinstance(expires, int | float) and 0 < expires <= now.timestamp():
        raise SignedRequestError("signed_request has expired")
    return payload


def _digest(secret: str, message: bytes) -> bytes:
    return hmac.digest(secret.encode("utf-8"), message, "sha256")


def _unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
