"""A desk, its outbox and a sender, for messages that are to be explained."""

from collections.abc import AsyncIterator

import pytest

from igbot.store.pool import Database
from tests.answering.talking import Desk, open_desk
from tests.outbox.posting import Post
from tests.outbox.sending import Sender, sending


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """The inbox and the answering of one bot, on a fresh database."""
    async with open_desk(database) as desk:
        yield desk


@pytest.fixture
async def post(desk: Desk) -> Post:
    """The outbox of the desk's account."""
    post = Post(desk)
    await post.open()
    return post


@pytest.fixture
async def sender(post: Post) -> AsyncIterator[Sender]:
    """A sender, with a sandbox that echoes nothing."""
    async with sending(post) as sender:
        yield sender
