"""What the sandbox posts back to the bot: echoes and read receipts, signed, in order, until they are taken."""

import asyncio
import ssl
from datetime import UTC, datetime

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from igbot.sandbox.customer import MEDIA_URL
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.postback import is_loopback
from tests.sandbox.conftest import Open
from tests.sandbox.playing import ACCOUNT, ANA, BEN, Bot, settings


async def test_a_sent_message_comes_back_as_echo_and_read_receipt(open_sandbox: Open, bot: Bot) -> None:
    """The echo carries the mid of the answer, and then the customer reads it; both are correctly signed."""
    client = await open_sandbox(webhook_url=bot.url)
    mid = await client.send(ANA, "Yes.")
    await client.sandbox.postback.settled()
    echo, seen = bot.items
    assert echo["message"] == {"mid": mid, "text": "Yes.", "is_echo": True}
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (ACCOUNT, ANA)
    assert (seen["read"], seen["sender"]["id"]) == ({"mid": mid}, ANA)


async def test_the_echo_of_a_template_shows_it_and_that_of_media_metas_own_address(
    open_sandbox: Open, bot: Bot
) -> None:
    """Either without a text, so that the bot has to know them by what they show."""
    client = await open_sandbox(webhook_url=bot.url, seen=False)
    buttons = [{"type": "postback", "title": "Agent", "payload": "HUMAN"}]
    payload = {"template_type": "button", "text": "Choose", "buttons": buttons}
    template = {"type": "template", "payload": payload}
    await client.post(ANA, {"attachment": template})
    await client.post(ANA, {"attachment": {"type": "video", "payload": {"url": "https://shop.example/a.mp4"}}})
    await client.sandbox.postback.settled()
    shown = [item["message"].get("attachments") for item in bot.items]
    assert shown == [[template], [{"type": "video", "payload": {"url": MEDIA_URL}}]]
    assert all("text" not in item["message"] for item in bot.items)


async def test_a_bot_that_leaves_https_to_a_proxy_can_be_played_with(open_sandbox: Open, bot: Bot) -> None:
    """On loopback the sandbox stands in for the proxy too; else everything it posts would be refused."""
    client = await open_sandbox(webhook_url=bot.url, seen=False)
    await client.send(ANA, "Yes.")
    await client.sandbox.postback.settled()
    assert bot.said_https == [True]


async def test_echoes_keep_the_order_of_each_customer(open_sandbox: Open, bot: Bot) -> None:
    """Many sends at once are told in the order in which they were accepted, in few deliveries."""
    client = await open_sandbox(webhook_url=bot.url, seen=False)
    await asyncio.gather(*(client.send(ANA if number % 2 else BEN, str(number)) for number in range(200)))
    await client.sandbox.postback.settled()
    assert bot.echoes() == client.received()
    assert len(bot.bodies) < 200


async def test_an_echo_survives_a_bot_that_is_away(open_sandbox: Open, bot: Bot) -> None:
    """What the bot does not take with a 200 is posted again, before anything newer."""
    bot.statuses = [503, 500]
    client = await open_sandbox(webhook_url=bot.url, seen=False)
    await client.send(ANA, "one")
    await bot.arrived.wait()
    await client.send(ANA, "two")
    await client.sandbox.postback.settled()
    assert bot.echoes() == ["one", "two"]
    assert client.sandbox.postback.given_up == 0


async def test_webhooks_are_given_up_in_the_end(open_sandbox: Open, bot: Bot) -> None:
    """A bot that stays away costs nothing but its own events."""
    bot.statuses = [503]
    client = await open_sandbox(webhook_url=bot.url, retry_for=0.0)
    await client.send(ANA, "lost")
    await client.sandbox.postback.settled()
    await client.send(ANA, "told")
    await client.sandbox.postback.settled()
    assert bot.echoes() == ["told"]
    _, state = await client.control("GET", "/state")
    assert state["webhooks"] == {
        "pending": 0,
        "delivered": 2,
        "given_up": 2,
        "last_status": 200,
        "last_error": None,
    }


async def test_an_echo_can_come_before_the_answer(open_sandbox: Open, bot: Bot) -> None:
    """With `before` the bot has been told by the time the answer arrives."""
    client = await open_sandbox(webhook_url=bot.url, echo="before", seen=False)
    await client.send(ANA, "Yes.")
    assert bot.echoes() == ["Yes."]


async def test_an_echo_can_come_late(open_sandbox: Open, bot: Bot) -> None:
    """With `late` it waits, and what comes later for the same customer waits behind it, but nobody else."""
    waits = await open_sandbox(webhook_url=bot.url, echo="late", echo_delay=3600, seen=False)
    await waits.send(ANA, "much later")
    await waits.sandbox.person_writes(BEN, "at once")
    assert bot.echoes() == ["at once"]
    client = await open_sandbox(webhook_url=bot.url, echo="late", echo_delay=0.3, seen=False)
    await client.send(ANA, "late")
    await client.sandbox.person_writes(ANA, "a person")
    assert bot.echoes() == ["at once", "late", "a person"]


async def test_echoes_can_be_left_out(open_sandbox: Open, bot: Bot) -> None:
    """With `never`, and without a webhook URL, the bot hears nothing of its messages."""
    silent = await open_sandbox(webhook_url=bot.url, echo="never")
    nowhere = await open_sandbox()
    for client in (silent, nowhere):
        await client.send(ANA, "Yes.")
        await client.sandbox.postback.settled()
    assert bot.items == []


async def test_a_person_answering_is_an_echo_the_bot_never_sent(open_sandbox: Open, bot: Bot) -> None:
    """It has a mid of its own, stands in the conversation, but is no message the bot sent."""
    client = await open_sandbox(webhook_url=bot.url)
    status, content = await client.control("POST", f"/customers/{ANA}/person", {"text": "I'll look into it"})
    assert (status, content["status"]) == (200, 200)
    assert bot.items[0]["message"] == {"mid": content["mid"], "text": "I'll look into it", "is_echo": True}
    assert client.received() == []
    _, message = await client.read(f"/{content['mid']}", fields="message,from")
    assert (message["message"], message["from"]["id"]) == ("I'll look into it", ACCOUNT)


async def test_the_sandbox_can_be_used_without_a_server(bot: Bot) -> None:
    """In-process, as a development server does it: a customer writes and the bot gets the signed webhook."""
    sandbox = Sandbox(settings(webhook_url=bot.url))
    async with sandbox.running(), sandbox.running():
        did = sandbox.customer_does(ANA, text="hello", at=datetime(2026, 9, 1, tzinfo=UTC))
        assert (await sandbox.deliver(did)).taken
    assert bot.items == [did.item]
    assert (await sandbox.deliver(did)).error == "the sandbox is not running"


async def test_a_self_signed_bot_on_this_machine_is_told_too() -> None:
    """A development server's own certificate is no obstacle on loopback."""
    certificate = trustme.CA().issue_cert("localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    bot = Bot()
    app = web.Application()
    app.router.add_post("/webhook", bot.receive)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=tls)
    sandbox = Sandbox(settings(webhook_url=str(server.make_url("/webhook"))))
    async with sandbox.running():
        assert (await sandbox.deliver(sandbox.customer_does(ANA, text="hi"))).status == 200
    await server.close()


async def test_stopping_drops_what_is_still_waiting(bot: Bot) -> None:
    """Nothing waits for a sandbox that is gone."""
    sandbox = Sandbox(settings(webhook_url=bot.url))
    async with sandbox.running():
        waiting = sandbox.postback.queue(ANA, {}, delay=3600)
    assert (await waiting).error == "the sandbox was stopped"
    await sandbox.postback.settled()


async def test_stopping_lets_go_of_a_bot_that_never_answers() -> None:
    """A delivery in flight ends with the sandbox, and whoever waits for it is told."""
    asked, ended = asyncio.Event(), asyncio.Event()

    async def never_answer(_request: web.Request) -> web.Response:
        asked.set()
        await ended.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhook", never_answer)
    server = TestServer(app)
    await server.start_server()
    sandbox = Sandbox(settings(webhook_url=str(server.make_url("/webhook"))))
    async with sandbox.running():
        waiting = asyncio.create_task(sandbox.person_writes(ANA, "hello"))
        await asked.wait()
    assert (await waiting)[1].error == "the sandbox was stopped"
    assert sandbox.postback.pending == 0
    ended.set()
    await server.close()


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("https://127.0.0.1:8443/webhook", True),
        ("https://localhost/webhook", True),
        ("https://[::1]:8443/webhook", True),
        ("https://bot.example/webhook", False),
        ("https://192.0.2.1/webhook", False),
        ("nonsense", False),
    ],
)
def test_certificates_are_trusted_blindly_only_on_this_machine(url: str, loopback: bool) -> None:
    """A self-signed certificate is fine where nobody can be in between."""
    assert is_loopback(url) is loopback
