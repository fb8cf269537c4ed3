"""GET /webhook over a real HTTPS listener."""

import logging

import aiohttp
import pytest

from tests.web.conftest import Https
from tests.web.serving import VERIFY_TOKEN, Kept, events, get_head, public_app, send_raw, serving

RIGHT = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}


@pytest.mark.parametrize("with_name", [True, False])
async def test_meta_verifies_the_callback_address_over_https(
    https: Https, with_name: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The right token gets 200, text/plain and exactly the challenge; by host name and by bare address."""
    caplog.set_level(logging.INFO)
    async with serving(public_app(Kept(), trusted=False), tls=https.server) as listeners, https.client() as client:
        host = "localhost" if with_name else "127.0.0.1"
        async with client.get(f"https://{host}:{listeners.public_port}/webhook", params=RIGHT) as answer:
            assert (answer.status, answer.content_type, await answer.read()) == (200, "text/plain", b"1158201444")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "webhook_verified" in events(caplog)


async def test_a_refusal_is_json_and_logged_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    """A wrong token gets 403; the log says why and from where, and holds neither token."""
    caplog.set_level(logging.DEBUG)
    async with serving(public_app(Kept())) as listeners:
        url = f"/webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=guessed-{VERIFY_TOKEN}"
        answer = await send_raw(listeners.public_port, get_head(url))
    assert answer.status == 403
    assert answer.json() == {"error": "wrong_verify_token"}
    fields = events(caplog)["webhook_verification_failed"]
    assert (fields["source"], fields["reason"]) == ("127.0.0.1", "wrong_verify_token")
    assert VERIFY_TOKEN not in repr([record.__dict__ for record in caplog.records])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}", 200),
        (f"hub%2Emode=subscribe&hub.challenge=1&hub.verify_token=%76{VERIFY_TOKEN[1:]}", 200),
        (f"hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}&hub.verify_token=x", 403),
        (f"hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token={VERIFY_TOKEN}", 403),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=w%C3%B6rt", 403),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=%FF%FE%00", 403),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=w\xc3\xb6rt", 400),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=\xff\xfe", 400),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", 400),
        (f"hub.mode=subscribe&hub.challenge=%3Cb%3E&hub.verify_token={VERIFY_TOKEN}", 400),
        ("", 400),
        ("&&=&%", 400),
        ("a=1&" * 1500, 400),
    ],
)
async def test_whatever_stands_in_the_query_gets_its_verdict(
    query: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Doubled parameters, bytes that are no UTF-8 (not HTTP at all where unescaped), many fields: never a 500."""
    async with serving(public_app(Kept())) as listeners:
        answer = await send_raw(listeners.public_port, get_head(f"/webhook?{query}"))
    assert answer.status == status
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_the_token_is_compared_as_bytes() -> None:
    """A token in another script is accepted if it is the right one."""
    url = "/webhook?hub.mode=subscribe&hub.challenge=7&hub.verify_token=schl%C3%BCssel"
    async with serving(public_app(Kept(), verify_token="schlüssel")) as listeners:
        assert (await send_raw(listeners.public_port, get_head(url))).body == b"7"


async def test_plain_http_is_refused_except_for_the_sign_of_life(caplog: pytest.LogCaptureFixture) -> None:
    """Without TLS and without a trusted proxy's word both methods get 403; /healthz answers."""
    async with serving(public_app(Kept(), trusted=False)) as listeners, aiohttp.ClientSession() as client:
        base = f"http://127.0.0.1:{listeners.public_port}"
        for method in ("GET", "POST"):
            headers = {"X-Forwarded-Proto": "https"}
            async with client.request(method, f"{base}/webhook", params=RIGHT, headers=headers) as answer:
                assert (answer.status, await answer.json()) == (403, {"error": "https_required"})
        async with client.get(f"{base}/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    assert events(caplog)["https_required"] == {"source": "127.0.0.1", "path": "/webhook"}
