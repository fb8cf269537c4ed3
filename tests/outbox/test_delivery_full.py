"""More is due than may be in flight: as soon as there is room again, the next ones go."""

import asyncio

import aiohttp
from aiohttp.test_utils import TestServer

from igbot.meta.events import AccountId
from igbot.outbox.account import SendingAccount
from igbot.outbox.delivery import Delivery, slots
from igbot.outbox.graph import GraphClient
from igbot.sandbox.app import make_app
from igbot.sandbox.graph import Sandbox
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT
from tests.outbox.posting import MARGIN, UNLIMITED, Post
from tests.sandbox.playing import TOKEN, settings
from tests.waiting import eventually

NEVER = 3600.0


async def test_what_found_no_room_goes_when_there_is_some(post: Post) -> None:
    """Nobody looks by the clock here: more replies than calls may be in flight are sent all the same."""
    replies = slots(UNLIMITED) + 20
    await post.queue_many(replies)
    sandbox = Sandbox(settings(echo="never"), clock=post.desk.time)
    server = TestServer(make_app(sandbox))
    await server.start_server()
    stopping, woken = asyncio.Event(), asyncio.Event()
    async with aiohttp.ClientSession() as session:
        graph = GraphClient(session, url=str(server.make_url("")), version="v25.0", clock=post.desk.time)
        accounts = {AccountId(ACCOUNT): SendingAccount(AccountId(ACCOUNT), graph, TOKEN, UNLIMITED)}
        delivery = Delivery(
            post.desk.database,
            process_id=lambda: 1,
            accounts=lambda: accounts,
            margin=MARGIN,
            clock=post.desk.time,
            log=event_log("outbox"),
            woken=woken,
            on_trouble=lambda trouble: None,
        )
        running = asyncio.create_task(delivery.run(stopping=stopping, idle=NEVER))
        writing = asyncio.create_task(delivery.run_writer())
        try:
            await eventually(lambda: sandbox.accepted.total == replies)
        finally:
            stopping.set()
            woken.set()
            await running
            await delivery.drain()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await server.close()
