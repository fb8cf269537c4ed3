"""A shop for each journey: the real bot on its own database, with Meta's stand-in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.shop import Shop, open_shop


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A running bot with the sample rules."""
    async with open_shop(database_url, tmp_path) as shop:
        yield shop
