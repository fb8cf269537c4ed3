"""A token's life as customers see it: it dies, is given anew, refreshed, broken; nothing is lost or doubled."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from igbot.accounts.vault import TokenVault
from igbot.cli.token_desk import Desk
from igbot.cli.token_giving import TokenRefused, give
from igbot.cli.token_refreshing import refreshed
from igbot.cli.token_states import states
from igbot.sandbox.faults import CutAfterFault, ErrorFault
from igbot.telemetry.setup import configure_logging
from tests.journeys.shop import ANA, BEN, REPEATING, TOKEN, Shop, open_shop
from tests.waiting import eventually

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's import, on Python 3.11 and 3.12

KEY, OTHER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
FRESH = "EAAjourneysfreshtoken"
KEYED = (("IGBOT_ENCRYPTION_KEY", KEY),)
STOPPED = "igbot: sends are stopped"
PARKED = "igbot: no replies are sent for the account main"


@asynccontextmanager
async def a_shop(database_url: str, directory: Path, *environ: tuple[str, str], **sandbox: Any) -> AsyncIterator[Shop]:
    """A shop that repeats what it is told, with a key of its own."""
    async with open_shop(database_url, directory, rules=REPEATING, environ=[*KEYED, *environ], **sandbox) as shop:
        yield shop


def desk(shop: Shop) -> Desk:
    """The desk at which the shop's owner looks after tokens."""
    return replace(Desk.of(shop.settings, hide=lambda _: None), clock=shop.clock)


async def is_given(shop: Shop, token: str) -> None:
    """The owner runs `igbot token set`; Meta knows the token."""
    shop.sandbox.tokens.issue(token)
    given = await give(desk(shop), shop.settings.accounts[0], token)
    assert given.confirmed


async def is_looked_at(shop: Shop) -> None:
    """The bot looks at its tokens, as it does every five seconds."""
    await shop.run.app.membership.accounts.take_tokens(shop.database)


async def is_halted(shop: Shop) -> bool:
    """Whether the account's sends are stopped."""
    return bool(await shop.rows("SELECT FROM account WHERE halted_at IS NOT NULL"))


async def stay_queued(shop: Shop, number: int) -> None:
    """Returns once so many replies wait and none is under way."""

    async def wait() -> bool:
        rows = await shop.rows("SELECT status FROM outbox WHERE finished_at IS NULL")
        return [row["status"] for row in rows] == ["queued"] * number

    await eventually(wait)


async def all_is_sent(shop: Shop) -> None:
    """Returns once nothing is under way; the clock goes on meanwhile, since a customer gets one message a second."""

    async def is_quiet() -> bool:
        shop.forward(seconds=1)
        return await shop.is_quiet()

    await eventually(is_quiet)


async def test_a_dead_token_keeps_the_queue_and_a_new_one_drains_it(database_url: str, tmp_path: Path) -> None:
    """In the middle of a day: one alert, and with `igbot token set` everything arrives once, in order, by itself."""
    async with a_shop(database_url, tmp_path) as shop:
        await shop.writes(ANA, "one")
        await all_is_sent(shop)
        shop.sandbox.tokens.revoke(TOKEN)
        for text in ("two", "three"):
            await shop.writes(ANA, text)
            await shop.writes(BEN, text)
        await stay_queued(shop, 4)
        assert await is_halted(shop)
        await eventually(lambda: shop.alarm.titles == [STOPPED])
        assert (len(shop.received(ANA)), len(shop.received(BEN))) == (1, 0)
        await is_given(shop, FRESH)
        await all_is_sent(shop)
        assert [text.split()[-1] for text in words(shop, ANA)] == ["one", "two", "three"]
        assert [text.split()[-1] for text in words(shop, BEN)] == ["two", "three"]
        assert not await is_halted(shop)
        await eventually(lambda: shop.alarm.titles == [STOPPED, f"All clear: {STOPPED}"])


def words(shop: Shop, igsid: str) -> list[str]:
    """What the customer received."""
    return [text or "" for text in shop.received(igsid)]


async def test_a_changed_variable_drains_the_queue_at_the_next_start(database_url: str, tmp_path: Path) -> None:
    """As before there was a command for it."""
    async with a_shop(database_url, tmp_path) as shop:
        shop.sandbox.tokens.revoke(TOKEN)
        await shop.writes(ANA, "one")
        await stay_queued(shop, 1)
        await shop.stops()
        shop.sandbox.tokens.issue(FRESH)
        [account] = shop.settings.accounts
        shop.settings = replace(shop.settings, accounts=(replace(account, token=FRESH),))
        await shop.starts()
        await all_is_sent(shop)
        assert len(shop.received(ANA)) == 1


async def test_a_refreshed_token_is_sent_with_and_outlives_a_restart(database_url: str, tmp_path: Path) -> None:
    """The day's check has it refreshed; the old one dies, the bot goes on, also after a start with the old variable."""
    async with a_shop(database_url, tmp_path, ("IGBOT_LOGIN", "instagram"), new_token=True) as shop:
        await eventually(lambda: shop.calls("me") > 1)  # of the look at the start, and of the first check
        shop.forward(days=1, minutes=1)
        await shop.run.app.token_care.turn()
        [row] = await shop.rows("SELECT refreshed_at, expires_at, previous, trouble FROM access_token")
        assert (row["refreshed_at"], row["previous"], row["trouble"]) == (shop.clock.now, None, None)
        assert row["expires_at"] > shop.clock.now + timedelta(days=59)
        await is_looked_at(shop)
        shop.sandbox.tokens.revoke(TOKEN)
        await shop.writes(ANA, "one")
        await all_is_sent(shop)
        await shop.stops()
        await shop.starts()
        await shop.writes(ANA, "two")
        await all_is_sent(shop)
        assert len(shop.received(ANA)) == 2
        assert not await is_halted(shop)


async def test_every_call_carries_the_proof_of_the_app_secret(database_url: str, tmp_path: Path) -> None:
    """Sends, typing, look-ups, profiles, whose the token is and how long it lasts: Meta refuses none of them."""
    async with a_shop(database_url, tmp_path, ("IGBOT_APPSECRET_PROOF", "on"), require_proof=True) as shop:
        shop.fails(CutAfterFault())
        shop.sandbox.configure(echo="never")
        await shop.writes(ANA, "one")
        await shop.comes_about(lambda: shop.calls("conversations"))
        await all_is_sent(shop)
        await shop.run.app.token_care.turn()
        calls = shop.sandbox.calls.select()
        assert {"send", "me", "conversations", "app", "debug"} <= {call.route for call in calls}
        assert {call.status for call in calls if call.fault is None} == {200}


async def test_without_the_proof_that_meta_demands_nothing_is_sent(database_url: str, tmp_path: Path) -> None:
    """So the test before proves something."""
    async with a_shop(database_url, tmp_path, require_proof=True) as shop:
        await shop.writes(ANA, "one")
        await shop.comes_about(lambda: shop.calls("send"))
        assert shop.received(ANA) == []


Break = Callable[[TokenVault], str | None]
BROKEN: dict[str, Break] = {
    "one bit flipped": lambda vault: _flipped(vault.seal(TOKEN)),
    "sealed with another key": lambda _: TokenVault([OTHER_KEY]).seal(TOKEN),
    "a line break inside": lambda vault: vault.seal(f"{TOKEN}\nInjected: header"),
    "an empty token": lambda vault: vault.seal(""),
    "empty": lambda _: "",
    "null": lambda _: None,
    "garbage": lambda _: "\u00e4 gAAAA",
}


def _flipped(sealed: str) -> str:
    return sealed[:50] + chr(ord(sealed[50]) ^ 1) + sealed[51:]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_token_parks_the_sends_and_harms_nothing_else(
    database_url: str, tmp_path: Path, broken: Break
) -> None:
    """Webhooks are taken and decided on as ever, somebody is told once, and what was kept is sent once it is mended."""
    async with a_shop(database_url, tmp_path) as shop:
        [row] = await shop.rows("SELECT sealed FROM access_token")
        await shop.database.execute("ALTER TABLE access_token ALTER sealed DROP NOT NULL")
        change = "UPDATE access_token SET sealed = $1"
        await shop.database.execute(change, broken(TokenVault([KEY])))
        await is_looked_at(shop)
        await is_looked_at(shop)
        await shop.writes(ANA, "one")
        await shop.writes(ANA, "two")
        await stay_queued(shop, 2)
        report = await shop.run.app.health.readiness()
        assert (report["status"], report["checks"]["token"]["status"]) == ("degraded", "degraded")
        assert (await states(desk(shop)))[0].trouble
        await eventually(lambda: shop.alarm.titles == [PARKED])
        assert TOKEN not in str(report) + str(shop.alarm.texts)
        await shop.database.execute(change, row["sealed"])
        await is_looked_at(shop)
        await all_is_sent(shop)
        assert [text.split()[-1] for text in words(shop, ANA)] == ["one", "two"]


async def test_a_start_with_another_key_parks_the_sends_until_the_right_one_is_back(
    database_url: str, tmp_path: Path
) -> None:
    """The unchanged variable is no reason to throw away what the right key would open; `token set` mends it too."""
    async with a_shop(database_url, tmp_path) as shop:
        await shop.stops()
        right = shop.settings
        shop.settings = replace(right, encryption_keys=(OTHER_KEY,))
        await shop.starts()
        await shop.writes(ANA, "one")
        await stay_queued(shop, 1)
        await eventually(lambda: shop.alarm.titles == [PARKED])
        await shop.stops()
        shop.settings = right
        await shop.starts()
        await all_is_sent(shop)
        assert len(shop.received(ANA)) == 1
        await shop.stops()
        shop.settings = replace(right, encryption_keys=(OTHER_KEY,))
        await shop.starts()
        await is_given(shop, FRESH)
        await shop.writes(ANA, "two")
        await is_looked_at(shop)
        await all_is_sent(shop)
        assert len(shop.received(ANA)) == 2


async def test_no_token_is_shown_on_any_way(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alive, dead, refreshed, refused, broken: no line, no alert, no error, no table and no health check has one.

    These tokens look like nothing that the log would hide by its look, and its redactor knows none of them.
    """
    stream = io.StringIO()
    configure_logging(level="DEBUG", format="json", stream=stream)
    canary = "canary-first-0123456789"
    environ = ("IGBOT_ACCESS_TOKEN", canary), ("IGBOT_LOGIN", "instagram")
    async with a_shop(database_url, tmp_path, *environ, new_token=True) as shop:
        told: list[object] = []
        seen = {canary}

        async def look(did: Awaitable[object]) -> None:
            try:
                told.append(await did)
            except TokenRefused as error:
                told.append(f"{error!r} {error.message} {error.hint}")
            seen.update(await sealed(shop))
            told.append(await shop.run.app.health.readiness())
            told.extend(await states(desk(shop)))

        [account] = shop.settings.accounts
        await shop.writes(ANA, "one")
        await look(shop.run.app.token_care.turn())  # Meta knows nothing of the canary: it is dead
        for token in ("canary-second-0123456789", "canary-third-0123456789"):
            seen.add(token)
            await look(give(desk(shop), account, token))
            await look(is_given(shop, token))
            await look(is_looked_at(shop))
        shop.fails(ErrorFault(code=190, status=401, message="Malformed access token"), route=None)
        await look(shop.run.app.token_care.turn())
        shop.forward(days=2)
        await look(refreshed(desk(shop), shop.settings.accounts, force=True))
        await look(shop.run.app.token_care.turn())
        await shop.database.execute("UPDATE access_token SET sealed = overlay(sealed PLACING 'x' FROM 60)")
        await look(is_looked_at(shop))
        captured = capsys.readouterr()
        said = stream.getvalue() + str(told) + str(shop.alarm.titles) + str(shop.alarm.texts)
        said += captured.out + captured.err + repr(shop.settings) + str(await shop.rows("SELECT * FROM account"))
        assert len(seen) >= 7
        assert [value for value in seen if value in said] == []
        assert "token_ready" in said


async def sealed(shop: Shop) -> set[str]:
    """All that lies sealed in the database, and what it holds."""
    [row] = await shop.rows("SELECT sealed, previous, source_digest FROM access_token")
    return {value for value in row.values() if value}
