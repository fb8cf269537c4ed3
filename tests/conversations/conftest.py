"""A desk for each test."""

from collections.abc import AsyncIterator

import pytest

from igbot.store.pool import Database
from tests.answering.talking import Desk, listen_to_log, open_desk


@pytest.fixture
async def desk(database: Database, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Desk]:
    """The inbox and the answering of one bot, on a fresh database."""
    listen_to_log(caplog)
    async with open_desk(database) as desk:
        yield desk
