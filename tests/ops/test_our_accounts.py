"""Several accounts in one process: each with its own token and rates, and none suffers from another's trouble."""

import asyncio
from typing import Any

import pytest
from cryptography.fernet import Fernet

from igbot.accounts.token_checks import claim_checks
from igbot.errors import UsageError
from igbot.meta.events import AccountId
from igbot.ops.token_watch import ASK_AGAIN
from igbot.settings.model import Rates
from igbot.store.pool import Database
from tests.answering.talking import ACCOUNT, PAGE, listen_to_log, logged
from tests.ops.alerting import Time
from tests.ops.staff import TOKEN, Meta, account, member
from tests.waiting import eventually

MADRID, MADRID_PAGE = "17841400000000005", "100200300400505"
OWNERS = {TOKEN: {PAGE}, "EAAmadrid": {MADRID, MADRID_PAGE}}


def madrid(token: str | None = "EAAmadrid", *ids: str, name: str = "madrid") -> Any:
    """A second account of the settings."""
    return account(token, name=name, ids=ids or (MADRID, MADRID_PAGE), rates=Rates(text=5, media=1))


async def rows(database: Database, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    """What the database holds."""
    async with database.connection() as conn:
        return [tuple(row.values()) for row in await conn.fetch(query, *arguments)]


async def test_each_account_is_entered_with_its_own_token_and_rates(database: Database, time: Time) -> None:
    """Every id leads to the account it belongs to, and the database knows the owner's word for each."""
    async with member(database, time, madrid(), meta=Meta(of=OWNERS)) as one:
        assert one.tokens == {ACCOUNT: TOKEN, MADRID: "EAAmadrid"}
        sending = one.accounts.sending()
        assert sending[one.accounts.ids[1]].rates == Rates(text=5, media=1)
        assert sending[one.accounts.ids[0]].rates == Rates()
        assert one.accounts.own_ids == {
            ACCOUNT: ACCOUNT,
            PAGE: ACCOUNT,
            MADRID: MADRID,
            MADRID_PAGE: MADRID,
        }
        assert [one.accounts.name_of(each) for each in one.accounts.ids] == ["main", "madrid"]
        assert await rows(database, "SELECT account_id, name FROM account ORDER BY 1") == [
            (ACCOUNT, "main"),
            (MADRID, "madrid"),
        ]
        assert {TOKEN, "EAAmadrid"} <= set(one.hidden)


async def test_the_token_of_another_account_parks_the_account_it_was_given_to(database: Database, time: Time) -> None:
    """It is told by name whose it is; the other account sends, and the right token sets it right."""
    async with member(database, time, madrid("EAAmixedup"), meta=Meta(of=OWNERS | {"EAAmixedup": {PAGE}})) as one:
        assert one.tokens == {ACCOUNT: TOKEN}
        [trouble] = one.troubles
        assert trouble.startswith("madrid: the access token belongs to the account 'main'")
        assert "IGBOT_TOKEN_MADRID" in trouble
        assert "EAA" not in trouble
        one.meta.of["EAAmixedup"] = {MADRID}
        time.pass_by(ASK_AGAIN)
        await one.turn()
        assert one.tokens == {ACCOUNT: TOKEN, MADRID: "EAAmixedup"}
        assert one.accounts.troubles() == {}


async def test_a_token_that_is_another_accounts_stays_parked_while_meta_gives_no_answer(
    database: Database, time: Time
) -> None:
    """An hour without Meta is no hour in which one account sends with another's token."""
    async with member(database, time, madrid("EAAmixedup"), meta=Meta(of=OWNERS | {"EAAmixedup": {PAGE}})) as one:
        before = one.accounts.troubles()
        one.meta.status = 0
        for _ in range(3):
            time.pass_by(ASK_AGAIN)
            await one.turn()
        assert one.tokens == {ACCOUNT: TOKEN}
        assert one.accounts.troubles() == before
        assert one.meta.asked.count("EAAmixedup") == 4
        assert len(one.troubles) == 1


async def test_a_lost_key_that_is_back_has_the_token_looked_at_at_once(database: Database, time: Time) -> None:
    """What was noted of it is no longer true; a token of which nothing was noted waits for its day."""

    async def due() -> list[str]:
        async with database.connection() as conn:
            return [*await claim_checks(conn, [AccountId(ACCOUNT)], now=time())]

    async with member(database, time):
        assert await due() == [ACCOUNT]
    async with member(database, time):
        assert await due() == []
    async with member(database, time, keys=(Fernet.generate_key().decode(),)) as one:
        assert one.tokens == {}
        assert await due() == []
    async with member(database, time) as one:
        assert one.tokens == {ACCOUNT: TOKEN}
        assert await due() == [ACCOUNT]


async def test_an_account_without_a_token_leaves_the_others_alone(database: Database, time: Time) -> None:
    """Its sends are parked until there is one; only for it is one asked for at the start."""
    async with member(database, time, madrid(None), meta=Meta(of=OWNERS)) as one:
        assert one.tokens == {ACCOUNT: TOKEN}
        assert one.accounts.troubles() == {"madrid": "there is no access token"}
        assert [each.name for each in await one.accounts.lacking(one.connection)] == ["madrid"]


async def test_a_new_token_resumes_its_own_account_only(database: Database, time: Time) -> None:
    """What stopped another one is still so."""
    async with member(database, time, madrid(), meta=Meta(of=OWNERS | {"EAAnew": {MADRID}})) as one:
        await rows(database, "UPDATE account SET halted_at = now(), halted_reason = 'the token is dead'")
        async with member(database, time, madrid("EAAnew"), join=False, meta=one.meta) as other:
            await other.accounts.enter(other.connection)
            await other.accounts.each[1].watch.take(other.connection, other.accounts.ids[1])
        await one.turn()
        assert one.tokens[MADRID] == "EAAnew"
        assert await rows(database, "SELECT account_id, halted_reason FROM account ORDER BY 1") == [
            (ACCOUNT, "the token is dead"),
            (MADRID, None),
        ]


async def test_meta_is_asked_about_all_tokens_at_once(database: Database, time: Time) -> None:
    """One slow answer does not add up with the next: dead processes hold on to customers meanwhile."""

    both = asyncio.Barrier(2)

    class Slow(Meta):
        async def identity(self, token: str) -> tuple[int, set[str]]:
            await both.wait()
            return await super().identity(token)

    async with member(database, time, madrid(), meta=Slow(of=OWNERS)) as one:
        assert set(one.tokens) == {ACCOUNT, MADRID}


async def test_the_rows_of_an_account_stay_under_the_id_they_have(database: Database, time: Time) -> None:
    """Whatever the account is called later, whichever of its ids comes first, and whoever is beside it."""
    async with member(database, time, meta=Meta(of=OWNERS)):
        pass
    renamed = account(TOKEN, name="lisbon", ids=("28970000000000001", PAGE))
    async with member(database, time, renamed, main=madrid(), meta=Meta(of=OWNERS)) as one:
        assert one.accounts.ids == [MADRID, ACCOUNT]
        assert one.accounts.name_of(one.accounts.ids[1]) == "lisbon"
        assert one.tokens == {MADRID: "EAAmadrid", ACCOUNT: TOKEN}
        names = dict(await rows(database, "SELECT account_id, name FROM account"))
        assert names == {ACCOUNT: "lisbon", MADRID: "madrid"}


async def test_an_account_that_is_taken_out_of_the_settings_keeps_its_rows(database: Database, time: Time) -> None:
    """And its token, sealed; nobody sends for it."""
    async with member(database, time, madrid(), meta=Meta(of=OWNERS)):
        pass
    async with member(database, time, meta=Meta(of=OWNERS)) as one:
        assert one.tokens == {ACCOUNT: TOKEN}
        assert one.accounts.name_of(one.accounts.ids[0]) == "main"
    assert len(await rows(database, "SELECT FROM access_token")) == 2


async def test_two_accounts_that_the_database_knows_as_one_are_refused(
    database: Database, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """Before anything is changed: at the start, and where the database could only be reached later."""
    listen_to_log(caplog)
    async with member(database, time, meta=Meta(of=OWNERS)):
        pass
    split = madrid("EAAmadrid", PAGE)
    async with member(database, time, split, main=account(TOKEN, ids=(ACCOUNT,)), join=False) as one:
        for attempt in (one.accounts.lacking, one.accounts.enter):
            with pytest.raises(UsageError, match=f"'main' and 'madrid' are one account .{ACCOUNT}.") as raised:
                await attempt(one.connection)
            assert "one entry" in raised.value.hint
        stopping = asyncio.Event()
        running = asyncio.create_task(one.membership.run(stopping))
        await eventually(lambda: bool(logged(caplog, "accounts_refused")))
        stopping.set()
        await running
        assert not one.membership.joined.is_set()
    assert await rows(database, "SELECT name FROM account") == [("main",)]
