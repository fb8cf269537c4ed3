"""A process among the others: its token, its account, and what it does for those that died."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from igbot.ops.token_watch import ASK_AGAIN
from igbot.store.pool import Database
from igbot.store.processes import LOCK_CLASS
from tests.answering.talking import ACCOUNT, PAGE
from tests.ops.alerting import START, Time
from tests.ops.staff import KEY, TOKEN, Member, member
from tests.waiting import eventually

LANES = """
WITH one AS (
    INSERT INTO inbox_lane (account_id, igsid, ready_at, lease_by, lease_until) VALUES ('a', $1, $2, $3, $4)
)
INSERT INTO outbox_lane (account_id, igsid, due_at, lease_by, lease_until) VALUES ('a', $1, $2, $3, $4)
"""
LEASED = """
SELECT lease_by FROM inbox_lane WHERE lease_by IS NOT NULL
UNION ALL SELECT lease_by FROM outbox_lane WHERE lease_by IS NOT NULL
"""

LOCKED = """
SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
WHERE d.datname = current_database() AND locktype = 'advisory' AND classid = $1
"""


async def rows(database: Database, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    """What the database holds."""
    async with database.connection() as conn:
        return [tuple(row.values()) for row in await conn.fetch(query, *arguments)]


async def unlocked(database: Database) -> bool:
    """Whether PostgreSQL has noticed that nobody is there any more who holds a process's lock."""
    return await rows(database, LOCKED, LOCK_CLASS) == []


async def leases(member: Member, database: Database, igsid: str) -> None:
    """The process is at work on a conversation."""
    await rows(database, LANES, igsid, START, member.membership.process_id, START + timedelta(minutes=5))


async def test_a_process_enters_with_its_account_and_its_token(database: Database, time: Time) -> None:
    """Its rows' id, all ids that are ours, a token that Meta has confirmed and that no log will show."""
    async with member(database, time) as one:
        membership = one.membership
        assert membership.joined.is_set()
        assert membership.process_id > 0
        assert one.accounts.ids == [ACCOUNT]
        assert one.accounts.own_ids == {ACCOUNT: ACCOUNT, PAGE: ACCOUNT}
        assert (one.tokens, one.trouble) == ({ACCOUNT: TOKEN}, None)
        assert TOKEN in one.hidden
        assert one.ready == ["joined", "token of main"]


async def test_what_a_dead_process_held_is_given_back_at_once(database: Database, time: Time) -> None:
    """A lock that is free tells it, long before the lease ends; a living process keeps its own."""
    async with (
        member(database, time) as dead,
        member(database, time) as living,
        member(database, time) as looking,
    ):
        await leases(dead, database, "1")
        await leases(living, database, "2")
        await looking.turn()
        assert len(await rows(database, LEASED)) == 4
        assert looking.membership.peers == 2
        dead.dies()

        async def given_back() -> bool:
            await looking.turn()
            return looking.membership.peers == 1

        await eventually(given_back)
        assert await rows(database, LEASED) == [(living.membership.process_id,)] * 2
        assert len(await rows(database, "SELECT FROM process")) == 2


async def test_leaving_gives_everything_back(database: Database, time: Time) -> None:
    """A stop in good order leaves no trace."""
    stopping = asyncio.Event()
    async with member(database, time, join=False) as one:
        running = asyncio.create_task(one.membership.run(stopping))
        await one.membership.joined.wait()
        await leases(one, database, "1")
        stopping.set()
        await running
    assert await rows(database, LEASED) == []
    assert await rows(database, "SELECT FROM process") == []


async def test_a_process_whose_connection_is_cut_joins_again_as_itself(database: Database, time: Time) -> None:
    """Its leases stay its own where nobody has taken it for dead meanwhile."""
    async with member(database, time) as one:
        before = one.membership.process_id
        await leases(one, database, "1")
        one.dies()
        await eventually(lambda: unlocked(database))
        one.connection = await database.connect()
        await one.join()
        assert one.membership.process_id == before
        one.connection.terminate()
    assert len(await rows(database, LEASED)) == 2


async def test_a_token_of_another_account_parks_the_sends(database: Database, time: Time) -> None:
    """A person is told which; receiving goes on, and the right token sets it right."""
    async with member(database, time, join=False) as one:
        one.meta.ids = {"17841477777777777"}
        await one.join()
        assert one.tokens == {}
        assert "17841477777777777" in one.troubles[-1]
        assert TOKEN not in one.troubles[-1]
        await one.turn()
        assert len(one.troubles) == 1
        one.meta.ids = {PAGE}
        time.pass_by(ASK_AGAIN)
        await one.turn()
        assert (one.tokens, one.trouble) == ({ACCOUNT: TOKEN}, None)


async def test_what_parks_the_sends_of_several_processes_is_told_by_one(database: Database, time: Time) -> None:
    """By the first that finds it; what is over and comes again is told again."""
    async with member(database, time) as one, member(database, time) as two:
        [(sealed,)] = await rows(database, "SELECT sealed FROM access_token")
        other = Fernet(Fernet.generate_key()).encrypt(b"EAAother").decode()
        for times in (1, 2):
            await rows(database, "UPDATE access_token SET sealed = $1", other)
            for each in (one, two, one, two):
                await each.turn()
            assert (one.tokens, two.tokens, len(one.troubles), two.troubles) == ({}, {}, times, [])
            await rows(database, "UPDATE access_token SET sealed = $1", sealed)
            for each in (one, two):
                await each.turn()
            assert one.tokens == two.tokens == {ACCOUNT: TOKEN}
            assert await rows(database, "SELECT trouble FROM access_token") == [(None,)]


async def test_a_token_that_cannot_be_opened_parks_the_sends(database: Database, time: Time) -> None:
    """Until a key of it is there again; the same token then serves at once."""
    async with member(database, time) as one:
        [(sealed,)] = await rows(database, "SELECT sealed FROM access_token")
        other = Fernet(Fernet.generate_key()).encrypt(b"EAAother").decode()
        await rows(database, "UPDATE access_token SET sealed = $1", other)
        await one.turn()
        assert one.tokens == {}
        assert "IGBOT_ENCRYPTION_KEY" in one.troubles[-1]
        await rows(database, "UPDATE access_token SET sealed = $1", sealed)
        await one.turn()
        assert one.tokens == {ACCOUNT: TOKEN}


async def test_without_any_token_a_process_still_joins(database: Database, time: Time) -> None:
    """It receives; its sends are parked."""
    async with member(database, time, token=None) as one:
        assert one.membership.joined.is_set()
        assert one.tokens == {}
        assert "no access token" in (one.trouble or "")


async def test_a_token_given_to_another_process_is_taken_over_while_running(database: Database, time: Time) -> None:
    """At the next look, though its own environment still has the old one; and what was stopped goes on."""
    async with member(database, time) as one:
        async with member(database, time, token="EAAnew", join=False) as other:
            await other.accounts.take_tokens(other.connection)
            await rows(database, "UPDATE account SET halted_at = now(), halted_reason = 'the token is dead'")
            await one.turn()
            await other.turn()
        assert one.tokens == {ACCOUNT: "EAAnew"}
        assert await rows(database, "SELECT halted_reason FROM account") == [(None,)]


@pytest.mark.parametrize("status", [0, 500])
async def test_a_token_that_meta_did_not_confirm_is_used_and_asked_about_again(
    database: Database, time: Time, status: int
) -> None:
    """Meta away is no reason to be silent; once a minute is often enough to ask."""
    async with member(database, time, join=False) as one:
        one.meta.status = status
        await one.join()
        assert one.tokens == {ACCOUNT: TOKEN}
        assert str(status) in (one.trouble or "")
        await one.turn()
        await one.turn()
        assert len(one.meta.asked) == 1
        one.meta.status = 200
        time.pass_by(ASK_AGAIN)
        await one.turn()
        assert one.trouble is None
        await one.turn()
        assert len(one.meta.asked) == 2


async def test_a_start_resumes_what_was_halted(database: Database, time: Time) -> None:
    """Whoever starts igbot again has looked."""
    async with member(database, time):
        await rows(database, "UPDATE account SET halted_at = now(), halted_reason = 'the token is dead'")
    async with member(database, time):
        assert await rows(database, "SELECT halted_reason FROM account") == [(None,)]


async def test_whether_there_is_a_token_at_all_is_known_before_joining(database: Database, time: Time) -> None:
    """In the environment or in the database."""
    async with member(database, time, token=None, join=False) as without, database.connection() as conn:
        assert [each.name for each in await without.accounts.lacking(conn)] == ["main"]
        async with member(database, time, keys=(KEY,)) as other:
            assert await other.accounts.lacking(conn) == []
        assert await without.accounts.lacking(conn) == []
