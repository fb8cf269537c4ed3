"""How a call proves to the owner's service that it comes from igbot, and is the same call as before. Pure."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

SIGNATURE, TIMESTAMP, IDEMPOTENCY_KEY = "X-Igbot-Signature", "X-Igbot-Timestamp", "Idempotency-Key"


def signed_headers(body: bytes, *, secret: str, key: str, now: datetime) -> Mapping[str, str]:
    """The headers of one call.

    The signature is `sha256=` and the hexadecimal HMAC-SHA256, by the service's secret, of the timestamp (seconds
    since 1970), a full stop and the body's bytes. A repeated call has the same `key`, so that it can be known.
    """
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        TIMESTAMP: timestamp,
        SIGNATURE: "sha256=" + signature_of(body, secret=secret, timestamp=timestamp),
        IDEMPOTENCY_KEY: key,
    }


def signature_of(body: bytes, *, secret: str, timestamp: str) -> str:
    """What a service computes to check a call: 64 hexadecimal digits."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def idempotency_key(*, mid: str | None, event_key: str, rule: str) -> str:
    """The name of a call that stays the same however often it is made: printable ASCII, at most 64 + 65 characters."""
    message = mid or event_key
    if len(message) > 64 or not message.isascii() or not message.isprintable():
        message = hashlib.sha256(message.encode("utf-8", "replace")).hexdigest()
    return f"{message}:{rule}"
