"""Which accounts are meant: by their name or any of their ids, and without a word the settings' own."""

from collections.abc import Collection

import pytest

from igbot.accounts.identity import enter
from igbot.errors import UsageError
from igbot.insight.accounts import NobodyKnown, account_names, accounts_meant, conversation_meant
from igbot.store.pool import Database

CONVERSATION = (
    "INSERT INTO conversation (account_id, igsid, started_at, last_at, test) VALUES ($1, $2, now(), now(), false)"
)
OWN = ("1", "11", "2")


@pytest.fixture
async def town(database: Database) -> Database:
    """Two accounts of ours, and two that other bots have on the same database."""
    async with database.connection() as conn:
        await enter(conn, ["1", "11"], name="main", production=True)
        await enter(conn, ["2"], name="madrid", production=True)
        await enter(conn, ["3"], name="main", production=True)
        await enter(conn, ["4"], production=True)
    return database


async def meant(database: Database, account: str | None, *, own: Collection[str] = OWN) -> tuple[str, ...]:
    """The accounts that are meant."""
    async with database.connection() as conn:
        return await accounts_meant(conn, own=own, account=account)


async def talk(database: Database, igsid: str, account: str | None = None) -> str:
    """The account of the conversation that is meant."""
    async with database.connection() as conn:
        return str((await conversation_meant(conn, igsid, own=OWN, account=account))["account_id"])


@pytest.mark.parametrize(
    ("account", "found"),
    [(None, ("1", "2")), ("11", ("1",)), ("madrid", ("2",)), ("main", ("1",)), ("3", ("3",)), ("4", ("4",))],
)
async def test_an_account_goes_by_its_name_or_any_of_its_ids(
    town: Database, account: str | None, found: tuple[str, ...]
) -> None:
    """Of two with one name the settings' own is meant; without a word all of our own are."""
    assert await meant(town, account) == found


async def test_what_could_mean_several_is_asked(town: Database) -> None:
    """With the ids that tell them apart; and an account nobody has is told, with those there are."""
    with pytest.raises(UsageError, match="called main: 1, 3") as raised:
        await meant(town, "main", own=("2",))
    assert "--account 1" in raised.value.hint
    with pytest.raises(UsageError, match=r"main \(1\), madrid \(2\), main \(3\), 4") as raised:
        await meant(town, None, own=("9",))
    for nobody in ("nobody", "", "a\0b", "\udc80"):
        with pytest.raises(UsageError, match="no account") as raised:
            await meant(town, nobody)
        assert "madrid (2)" in raised.value.hint


async def test_a_conversation_is_looked_for_in_our_own_accounts_first(town: Database) -> None:
    """Where two of ours know the customer, the name decides."""
    async with town.connection() as conn:
        for account, igsid in (("1", "A"), ("2", "A"), ("2", "B"), ("3", "B"), ("3", "C"), ("raw", "D")):
            await conn.execute(CONVERSATION, account, igsid)
    assert [await talk(town, igsid) for igsid in "BCD"] == ["2", "3", "raw"]
    with pytest.raises(UsageError, match=r"main \(1\), madrid \(2\)") as raised:
        await talk(town, "A")
    assert "--account main" in raised.value.hint
    assert [await talk(town, "A", name) for name in ("main", "11", "madrid")] == ["1", "1", "2"]
    with pytest.raises(NobodyKnown, match="in account madrid"):
        await talk(town, "C", "madrid")


async def test_rules_call_an_account_what_the_settings_call_it_now(town: Database) -> None:
    """Before what a server stored when it last started; accounts that are not ours have what their server stored."""
    async with town.connection() as conn:
        names = await account_names(conn, {"11": "shop", "2": "madrid"})
    assert names == {"1": "shop", "2": "madrid", "3": "main", "4": ""}
