"""Signatures: Meta's vectors hold, nothing else does."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.signature import SignedRequestError, appsecret_proof, is_signed, read_signed_request, sign

SECRET = "igbot-test-secret"
BODY = (
    rb'{"object":"instagram","entry":[{"id":"17841400000000001","time":1790000000000,"messaging":[{"sender":'
    rb'{"id":"9000000000000001"},"recipient":{"id":"17841400000000001"},"timestamp":1790000000000,"message":'
    rb'{"mid":"m_TEST1","text":"\u00e4\u00f6\u00e5 \ud83d\ude00 https:\/\/example.com"}}]}]}'
)
HEADER = "sha256=3deb98e8e02ecc751bc6ec634acdc520090af8977b920a3d21ae4de2ea69cf4c"
REQUEST = (
    "mY6AucxnwtEs8PcoglRfFc6awPKpDJZK-Vp79o9bL0Y.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImV4cGlyZXMiOjE3OTAwMDM2MDAs"
    "Imlzc3VlZF9hdCI6MTc5MDAwMDAwMCwidXNlcl9pZCI6IjIxODQ3MTAwMDAwMDAwMSJ9"
)
NOW = datetime.fromtimestamp(1_790_000_100, UTC)


def test_metas_vector() -> None:
    """The documented body has the documented signature, over its raw bytes."""
    assert len(BODY) == 287
    assert sign(SECRET, BODY) == HEADER
    assert is_signed(HEADER, BODY, secrets=[SECRET])


def test_a_written_again_body_is_another_body() -> None:
    """Reading and writing the JSON again loses its escapes, and with them the signature."""
    again = json.dumps(json.loads(BODY), separators=(",", ":"))
    as_utf8 = json.dumps(json.loads(BODY), separators=(",", ":"), ensure_ascii=False)
    assert sign(SECRET, again.encode()) == "sha256=7f7d6dc9e5733624e358a6eb4af6dd7bc4887d1069ad80a940ae3aa512dfe7cb"
    assert sign(SECRET, as_utf8.encode()) == "sha256=eb19bc2eabde1a78fd3b761214893da7e6c554b5ad43a6da0b49ec166e5cb1a3"
    assert not is_signed(HEADER, again.encode(), secrets=[SECRET])


def test_any_of_several_secrets_proves() -> None:
    """Rotation and the two login flavours have two secrets at once; an empty one proves nothing."""
    assert is_signed(HEADER, BODY, secrets=["other", SECRET, "third"])
    assert not is_signed(HEADER, BODY, secrets=["other"])
    assert not is_signed(HEADER, BODY, secrets=[])
    assert not is_signed(sign("", BODY), BODY, secrets=["", SECRET])


@pytest.mark.parametrize(
    "header",
    [None, "", "sha256=", HEADER[7:], HEADER.upper(), HEADER + "0", " " + HEADER, "sha1=a443dadd87c6be6c6a2eff4f434e"],
)
def test_other_headers_prove_nothing(header: str | None) -> None:
    """A missing, cut, changed or SHA-1 header is no proof."""
    assert not is_signed(header, BODY, secrets=[SECRET])


@given(st.text(st.characters()), st.binary())
def test_no_header_raises(header: str, body: bytes) -> None:
    """Any header, with surrogates as servers make them of raw bytes, is simply wrong."""
    assert not is_signed(header, body, secrets=[SECRET])


def test_appsecret_proof() -> None:
    """The documented token has the documented proof."""
    proof = appsecret_proof(SECRET, "EAATESTTOKEN")
    assert proof == "27f3e7c552077178ce231e9f5448b39c6be2f078c8bafa827e8bca9e196b825f"


def test_a_signed_request_is_read() -> None:
    """The documented request names the person who asks, whichever secret signed it."""
    payload = read_signed_request(REQUEST, secrets=["other", SECRET], now=NOW)
    assert payload["user_id"] == "218471000000001"


def _request(payload: Any, secret: str = SECRET) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    signature = bytes.fromhex(sign(secret, encoded.encode()).removeprefix("sha256="))
    return base64.urlsafe_b64encode(signature).decode().rstrip("=") + "." + encoded


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "two base64url parts"),
        ("!!!.???", "two base64url parts"),
        (REQUEST.replace(".", "."[:0]), "two base64url parts"),
        (REQUEST + "A", "none of the app secrets"),
        (_request({"algorithm": "HMAC-SHA256"}, secret="other"), "none of the app secrets"),
        (_request({"algorithm": "HMAC-SHA256"}, secret=""), "none of the app secrets"),
        (_request([1]), "no JSON object"),
        (_request({"algorithm": "none"}), "not HMAC-SHA256"),
        (_request({"user_id": "1"}), "not HMAC-SHA256"),
        (_request({"algorithm": "HMAC-SHA256", "expires": 1_790_000_100}), "expired"),
    ],
)
def test_other_signed_requests_are_refused(text: str, says: str) -> None:
    """What is malformed, unsigned, of another algorithm or expired is refused with the reason."""
    with pytest.raises(SignedRequestError, match=says):
        read_signed_request(text, secrets=["", SECRET], now=NOW)


@pytest.mark.parametrize("expires", [0, None, 1_790_000_101])
def test_a_request_may_not_expire(expires: int | None) -> None:
    """Without an expiry, or before it, the request holds."""
    payload = {"algorithm": "hmac-sha256", "expires": expires}
    assert read_signed_request(_request(payload), secrets=[SECRET], now=NOW) == payload


@given(st.text(st.characters()))
def test_any_text_is_refused(text: str) -> None:
    """No text raises anything but the refusal."""
    with pytest.raises(SignedRequestError):
        read_signed_request(text, secrets=[SECRET], now=NOW)
