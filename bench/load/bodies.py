"""Requests built before the clock starts: Meta's envelope, a mid of its own each, signed, ready to be written."""

import base64
import hashlib
from collections.abc import Iterator
from random import Random

from igbot.meta.signature import sign

ACCOUNT = "17841400008460056"
SECRET = "igbot-bench-app-secret"
SENDERS = 5_000
MILLISECONDS = 1_760_000_000_000
_FIRST_SENDER = 6_000_000_000_000_000
_MID_BYTES = 96
_TEXTS = (
    "Hi! How much is shipping to Sevilla, and how long does it take to arrive?",
    "do you have the red one in M? I only see S and L on the site, thank you",
    "Gracias! Y cuando llega? Lo necesito para el sabado, es para un regalo",
    "Is this still available? I saw it in your story yesterday and loved it",
)


def bodies(count: int, *, seed: int, account: str = ACCOUNT) -> Iterator[bytes]:
    """Distinct bodies of one message each, about 435 bytes, from `SENDERS` customers; the same for the same seed."""
    random = Random(seed)
    for number in range(count):
        token = hashlib.shake_128(f"{seed}/{number}".encode()).digest(_MID_BYTES)
        mid = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE" + base64.urlsafe_b64encode(token).decode("ascii")[:103]
        at = MILLISECONDS + number
        yield (
            f'{{"object":"instagram","entry":[{{"time":{at + 450},"id":"{account}","messaging":[{{"sender":'
            f'{{"id":"{_FIRST_SENDER + random.randrange(SENDERS)}"}},"recipient":{{"id":"{account}"}},"timestamp":{at},'
            f'"message":{{"mid":"{mid}","text":"{_TEXTS[number % len(_TEXTS)]}"}}}}]}}]}}'
        ).encode("ascii")


def requests(count: int, *, seed: int, account: str = ACCOUNT, secret: str = SECRET) -> list[bytes]:
    """The same bodies as whole HTTP requests, as a proxy that does HTTPS passes them on."""
    return [
        (
            "POST /webhook HTTP/1.1\r\nHost: bench\r\nX-Forwarded-Proto: https\r\nContent-Type: application/json\r\n"
            f"X-Hub-Signature-256: {sign(secret, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode("ascii")
        + body
        for body in bodies(count, seed=seed, account=account)
    ]
