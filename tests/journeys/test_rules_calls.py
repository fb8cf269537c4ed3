"""Rules that ask a service of the owner's, through the whole bot: what it answers, and what becomes of it if not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from igbot.calls.signature import IDEMPOTENCY_KEY, SIGNATURE, TIMESTAMP, signature_of
from igbot.settings.reading import read_settings
from igbot.starting import opened
from igbot.telemetry.redaction import Redactor
from tests.calls.shop_service import ShopService
from tests.journeys.shop import ANA, BEN, Hands, Shop, open_shop, rules_in
from tests.journeys.town import open_town
from tests.waiting import eventually

KEY = "IGBOT_SERVICE_ORDERS_SECRET"
SECRET = "word-of-the-orders"

RULES = """
version: 1
rules:
  - name: order-status
    keywords: [{ regex: 'order #?(?P<number>[0-9]{5,8})' }]
    call: { name: orders, send: { number: "{{ match.number }}" }, save: order, timeout: 10s }
    reply: "Order {{ match.number | truncate(8) }}: {{ slots.order.status | default('unknown') | truncate(40) }}."
  - name: stock
    keywords: [stock]
    call: { name: orders, on_error: next }
    reply: "It is there."
  - name: return
    keywords: [return]
    call: { name: orders, on_error: handoff }
    reply: "Here is your label."
    handoff: { pause: 1h, say: "One of us will see to it." }
  - name: voucher
    keywords: [voucher]
    call: { name: orders, save: got, on_error: ignore }
    reply: "Your voucher: {{ slots.got.code | default('HELLO') }}."
  - name: other
    fallback: true
    reply: "You wrote: {{ message.text | default('nothing') }}"
"""


@asynccontextmanager
async def open_service(directory: Path) -> AsyncIterator[ShopService]:
    """The service, and a `config/` that tells bots of this directory where it is."""
    service = ShopService()
    app = web.Application()
    app.router.add_post("/orders", service.handle)
    async with TestServer(app) as server:
        (directory / "config").mkdir()
        named = f'services: {{orders: {{url: "{server.make_url("/orders")}"}}}}\n'
        (directory / "config" / "base.yaml").write_text(named, encoding="utf-8")
        try:
            yield service
        finally:
            if service.held is not None:
                service.held.set()


@asynccontextmanager
async def open_shop_with_service(database_url: str, directory: Path) -> AsyncIterator[tuple[Shop, ShopService]]:
    """A shop whose rules ask a service."""
    rules = rules_in(directory, RULES)
    async with (
        open_service(directory) as service,
        open_shop(database_url, directory, rules=rules, environ=[(KEY, SECRET)]) as shop,
    ):
        yield shop, service


def keys(service: ShopService) -> list[str]:
    """By which names the calls can be known, in order."""
    return [asked.headers[IDEMPOTENCY_KEY] for asked in service.asked]


async def test_the_answer_of_a_service_is_in_the_reply(database_url: str, tmp_path: Path) -> None:
    """One signed call with what the rule sends; the customer reads what the service knows."""
    async with open_shop_with_service(database_url, tmp_path) as (shop, service):
        mid = await shop.writes(ANA, "Where is order #12345?")
        await shop.quiet()
        assert shop.received(ANA) == ["Order 12345: on its way."]
        [asked] = service.asked
        assert json.loads(asked.body) == {"number": "12345"}
        assert keys(service) == [f"{mid}:order-status"]
        timestamp = asked.headers[TIMESTAMP]
        assert timestamp == str(int(shop.clock.now.timestamp()))
        assert asked.headers[SIGNATURE] == f"sha256={signature_of(asked.body, secret=SECRET, timestamp=timestamp)}"


async def test_only_the_customer_who_asked_waits_for_the_service(database_url: str, tmp_path: Path) -> None:
    """While a service takes its time others are answered; the asker's next message is answered after the first."""
    async with open_shop_with_service(database_url, tmp_path) as (shop, service):
        service.held = asyncio.Event()
        await shop.writes(ANA, "order 12345")
        await eventually(lambda: service.asked)
        await shop.writes(ANA, "hello?")
        await shop.writes(BEN, "hi")
        await shop.becomes(BEN, "sent")
        assert shop.received(BEN) == ["You wrote: hi"]
        assert shop.received(ANA) == []
        service.held.set()
        await shop.quiet()
        assert shop.received(ANA) == ["Order 12345: on its way.", "You wrote: hello?"]
        assert len(service.asked) == 1


async def test_a_service_that_fails_for_a_moment_is_asked_again(database_url: str, tmp_path: Path) -> None:
    """The repetition carries the same key; the customer gets the answer, once."""
    async with open_shop_with_service(database_url, tmp_path) as (shop, service):
        service.answers = [(503, b""), (200, b'{"status": "in the post"}')]
        await shop.writes(ANA, "order 12345")

        async def is_put_off() -> bool:
            due = "SELECT FROM service_call WHERE due_at > asked_at AND lease_until IS NULL"
            return bool(await shop.rows(due))

        await eventually(is_put_off)
        shop.forward(seconds=1)
        await shop.quiet()
        assert shop.received(ANA) == ["Order 12345: in the post."]
        assert len(keys(service)) == 2
        assert len(set(keys(service))) == 1


@pytest.mark.parametrize(
    ("asks", "said", "silent"),
    [
        ("is it in stock", "You wrote: is it in stock", False),
        ("I return it", "One of us will see to it.", True),
        ("a voucher please", "Your voucher: HELLO.", False),
    ],
    ids=["next", "handoff", "ignore"],
)
async def test_a_rule_says_what_follows_where_its_service_refuses(
    database_url: str, tmp_path: Path, asks: str, said: str, silent: bool
) -> None:
    """The next rule that fits answers, or a person is asked in, or the reply does without."""
    async with open_shop_with_service(database_url, tmp_path) as (shop, service):
        service.answers = [(404, b'{"error": "no such thing"}')]
        await shop.writes(ANA, asks)
        await shop.quiet()
        assert shop.received(ANA) == [said]
        assert len(service.asked) == 1
        await shop.writes(ANA, "hello")
        await shop.quiet()
        assert (await shop.reasons(ANA))[-1] == ("paused" if silent else "fallback")


async def test_a_bot_that_ends_hears_the_service_out_and_the_next_one_says_it(
    database_url: str, tmp_path: Path
) -> None:
    """SIGTERM between the call and its answer: the service is asked once, the customer answered once."""
    async with open_shop_with_service(database_url, tmp_path) as (shop, service):
        service.held = asyncio.Event()
        await shop.writes(ANA, "order 12345")
        await eventually(lambda: service.asked)
        asyncio.get_running_loop().call_soon(service.held.set)
        await shop.stops()
        assert shop.received(ANA) == []
        await shop.starts()
        await shop.quiet()
        assert shop.received(ANA) == ["Order 12345: on its way."]
        assert len(service.asked) == 1


async def test_a_killed_bots_call_is_made_again_under_the_same_key(database_url: str, tmp_path: Path) -> None:
    """SIGKILL between the call and its answer: whoever comes next asks under the same key, and there is one reply.

    The next bot's clock goes ahead: a killed one's call is not taken up before its time and a spare are over.
    """
    rules = rules_in(tmp_path, RULES)
    async with open_service(tmp_path) as service, open_town(database_url, tmp_path) as town:
        service.held = asyncio.Event()
        town.environ = {**town.environ, "IGBOT_RULES_DIR": str(rules), KEY: SECRET}
        process = await town.start()
        did = town.sandbox.customer_does(ANA, text="order 12345")
        await town.delivered(did)
        await eventually(lambda: service.asked)
        process.kill()
        await process.popen.wait()
        town.gone(process)
        service.held.set()
        environ = {**town.environ, "IGBOT_DATA_DIR": str(tmp_path / "data")}
        settings = read_settings(environ=environ, options={}, cwd=tmp_path, serving=True)
        settings = replace(settings, port=0, management_port=0)
        clock = Hands(datetime.now(UTC) + timedelta(seconds=30))
        async with opened(settings, stopping=asyncio.Event(), clock=clock, redactor=Redactor()) as (run, _):
            town.front.targets.append(run.public_url)
            await eventually(town.settled)
            assert town.received(ANA) == ["Order 12345: on its way."]
        assert keys(service) == [f"{did.mid}:order-status"] * 2
