"""Meta's verification, played against real servers, good ones and bad ones."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from igbot.errors import UsageError
from igbot.web.self_signed import development_certificate
from igbot.web.tls import ServerCertificate
from igbot.web.verify_test import Check, NoAnswer, play_verification, webhook_url
from tests.web.serving import VERIFY_TOKEN, Kept, public_app, serving

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def verdicts(checks: Iterable[Check]) -> list[str]:
    """`ok` or `BAD` of each check."""
    return [check.as_line().split()[0] for check in checks]


async def test_our_own_webhook_passes_over_self_signed_https(tmp_path: Path) -> None:
    """On loopback the development certificate is good enough; all three checks pass."""
    tls = ServerCertificate(*development_certificate(tmp_path, now=datetime.now(UTC))).context
    async with serving(public_app(Kept(), trusted=False), tls=tls) as listeners:
        played = await play_verification(f"https://127.0.0.1:{listeners.public_port}", token=VERIFY_TOKEN)
    assert played.passed
    assert verdicts(played.checks) == ["ok", "ok", "ok"]
    assert played.url.endswith("/webhook")


async def test_a_plain_port_behind_a_proxy_is_called_as_the_proxy_would() -> None:
    """`http://` on loopback stands for the TLS proxy in front of it."""
    async with serving(public_app(Kept())) as listeners:
        played = await play_verification(f"http://127.0.0.1:{listeners.public_port}/webhook", token=VERIFY_TOKEN)
    assert played.passed


async def test_a_proxy_that_is_not_trusted_is_named_in_the_verdict() -> None:
    """Where the server does not believe this machine, the right token fails and the reason is shown."""
    async with serving(public_app(Kept(), trusted=False)) as listeners:
        played = await play_verification(f"http://127.0.0.1:{listeners.public_port}", token=VERIFY_TOKEN)
    assert not played.passed
    assert "https_required" in played.checks[0].detail


async def test_another_token_than_the_servers_fails() -> None:
    """Only the right-token check is bad."""
    async with serving(public_app(Kept())) as listeners:
        played = await play_verification(f"http://127.0.0.1:{listeners.public_port}", token="another")
    assert verdicts(played.checks) == ["BAD", "ok", "ok"]
    assert "another" not in str(played.as_json())


async def _echo_all(request: web.Request) -> web.Response:
    return web.Response(text=request.query.get("hub.challenge", ""))


async def _quoted(request: web.Request) -> web.Response:
    return web.json_response(request.query.get("hub.challenge", ""))


async def _redirect(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/login")


async def _noise(_request: web.Request) -> web.Response:
    return web.Response(status=502, body=b"\x1b[2J\xff<html>\n" + b"x" * 100_000)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_echo_all, ["ok", "BAD", "BAD"]),
        (_quoted, ["BAD", "BAD", "BAD"]),
        (_redirect, ["BAD", "BAD", "BAD"]),
        (_noise, ["BAD", "BAD", "BAD"]),
    ],
)
async def test_servers_that_meta_or_an_attacker_would_catch_are_bad(answer: Answer, expected: list[str]) -> None:
    """One that takes any token, a challenge in quotes, a redirect, a proxy's error page: each fails, in one line."""
    app = web.Application()
    app.router.add_get("/webhook", answer)
    async with serving(app) as listeners:
        played = await play_verification(f"http://127.0.0.1:{listeners.public_port}", token=VERIFY_TOKEN)
    assert verdicts(played.checks) == expected
    assert all(check.as_line().isprintable() and len(check.as_line()) < 400 for check in played.checks)


async def test_nobody_listening_is_no_answer(unused_tcp_port: int) -> None:
    """Nothing was checked, which is not the same as a bad verdict."""
    with pytest.raises(NoAnswer, match="no answer") as raised:
        await play_verification(f"https://127.0.0.1:{unused_tcp_port}", token=VERIFY_TOKEN)
    assert raised.value.exit_code == 3
    assert VERIFY_TOKEN not in str(raised.value)


async def test_silence_is_no_answer_after_the_deadline() -> None:
    """A server that takes the request and says nothing is given up on."""
    gone = asyncio.Event()

    async def silent(_request: web.Request) -> web.Response:
        await gone.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/webhook", silent)
    async with serving(app) as listeners:
        with pytest.raises(NoAnswer, match="timed out"):
            await play_verification(f"http://127.0.0.1:{listeners.public_port}", token=VERIFY_TOKEN, seconds=0.1)
        gone.set()


async def test_what_does_not_speak_http_is_no_answer() -> None:
    """HTTPS asked of a plain port ends as an answer for a person, not as a traceback."""
    async with serving(public_app(Kept())) as listeners:
        with pytest.raises(NoAnswer):
            await play_verification(f"https://127.0.0.1:{listeners.public_port}", token=VERIFY_TOKEN)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://bot.example.com", "https://bot.example.com/webhook"),
        ("https://bot.example.com/", "https://bot.example.com/webhook"),
        ("https://bot.example.com/webhook", "https://bot.example.com/webhook"),
        ("https://bot.example.com/webhook/", "https://bot.example.com/webhook"),
        ("https://bot.example.com/shop/", "https://bot.example.com/shop/webhook"),
        ("https://bot.example.com/webhook?x=1#y", "https://bot.example.com/webhook"),
        ("bot.example.com:8443", "https://bot.example.com:8443/webhook"),
        (" http://[::1]:80 ", "http://[::1]/webhook"),
    ],
)
def test_the_base_address_and_the_webhooks_own_are_the_same(address: str, expected: str) -> None:
    """Either may be given; the scheme is HTTPS unless said."""
    assert str(webhook_url(address)) == expected


@pytest.mark.parametrize("address", ["", "ftp://bot.example.com", "https://", "https://bot:port", "https://[::1"])
def test_what_is_no_address_is_wrong_usage(address: str) -> None:
    """UsageError, which is exit 2."""
    with pytest.raises(UsageError):
        webhook_url(address)
