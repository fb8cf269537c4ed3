"""The parts of igbot are wired so that what one of them tells, another takes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from igbot.accounts.stopping import resume_sends
from igbot.cli.token_desk import Desk
from igbot.cli.token_giving import give
from tests.journeys.shop import TOKEN, Shop, open_shop
from tests.waiting import eventually

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's import, on Python 3.11 and 3.12

FRESH = "EAAwiringsfreshtoken"
STOPPED = "igbot: sends are stopped"


@asynccontextmanager
async def a_stopped_shop(database_url: str, directory: Path) -> AsyncIterator[Shop]:
    """A shop whose daily check has met a token that Meta no longer takes; somebody was told."""
    async with open_shop(database_url, directory) as shop:
        await eventually(lambda: shop.calls("me") > 1)  # of the look at the start, and of the first check
        shop.sandbox.tokens.revoke(TOKEN)
        shop.forward(days=1, minutes=1)
        await shop.run.app.token_care.turn()
        await eventually(lambda: shop.alarm.titles == [STOPPED])
        yield shop


async def is_over(shop: Shop) -> None:
    """Returns once whoever was told has heard of the end."""
    shop.forward(seconds=30)
    await eventually(lambda: shop.alarm.titles == [STOPPED, f"All clear: {STOPPED}"])


async def test_a_stop_by_the_daily_check_is_over_when_somebody_resumes(database_url: str, tmp_path: Path) -> None:
    """Its end is told like that of a stop by a send."""
    async with a_stopped_shop(database_url, tmp_path) as shop:
        assert await resume_sends(shop.database, shop.run.app.membership.accounts.ids, now=shop.clock())
        await is_over(shop)


async def test_a_stop_by_the_daily_check_is_over_with_another_token(database_url: str, tmp_path: Path) -> None:
    """Once, whoever it was that noticed."""
    async with a_stopped_shop(database_url, tmp_path) as shop:
        shop.sandbox.tokens.issue(FRESH)
        desk = replace(Desk.of(shop.settings, hide=lambda _: None), clock=shop.clock)
        assert (await give(desk, shop.settings.accounts[0], FRESH)).confirmed
        await shop.run.app.membership.accounts.take_tokens(shop.database)
        await is_over(shop)
