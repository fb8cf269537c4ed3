"""A desk with an outbox, and a stand-in for Meta's host inside the test process."""

import inspect
import socket
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import aioresponses.core as mocking
import pytest
from aioresponses import aioresponses

from igbot.store.pool import Database
from tests.answering.talking import Desk, listen_to_log, open_desk
from tests.outbox.posting import Post
from tests.outbox.sending import Sender, sending


@pytest.fixture
async def desk(database: Database, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Desk]:
    """The inbox and the answering of one bot, on a fresh database."""
    listen_to_log(caplog)
    async with open_desk(database) as desk:
        yield desk


@pytest.fixture
async def post(desk: Desk) -> Post:
    """The outbox of the desk's account."""
    post = Post(desk)
    await post.open()
    return post


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """What Meta's host would answer, without a network."""
    if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
        # aioresponses 0.7 does not know this argument, which aiohttp asks for from 3.14 on.

        class Response(aiohttp.ClientResponse):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
                super().__init__(*args, **kwargs)

        monkeypatch.setattr(mocking, "ClientResponse", Response)
    with aioresponses() as mocked:
        yield mocked


@pytest.fixture
async def sender(post: Post) -> AsyncIterator[Sender]:
    """A sender, with a sandbox that echoes nothing: each test tells what comes back."""
    async with sending(post) as sender:
        yield sender


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens; its port is taken, so that no other program gets it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
