"""A refresh loses no token: the new one is stored before the old one is dropped, which is when Meta confirms it."""

from datetime import timedelta

import aiohttp
from aiohttp.test_utils import unused_port

from igbot.accounts.renewal import NotRefreshed, Refreshed, confirm, refresh
from igbot.accounts.token_calls import TokenCalls
from igbot.accounts.tokens import StoredToken
from igbot.meta.token_answers import Owner, TokenFacts
from igbot.sandbox.faults import ErrorFault, HtmlFault, RawFault
from igbot.sandbox.tokens import LIFE
from igbot.store.pool import Database
from tests.accounts.meeting_meta import ACCOUNT, NOBODY, PAGE, SECRET, TOKEN, Meeting, meeting

DEAD = ErrorFault(code=190, subcode=463, status=401, message="The access token has expired.")


async def refreshed(one: Meeting, stored: StoredToken) -> Refreshed | NotRefreshed:
    """One refresh, now."""
    return await refresh(one.database, one.vault, one.account, stored, hide=one.hidden.append, now=one.clock())


async def test_a_token_that_stays_the_same_lives_on(database: Database) -> None:
    """Instagram prolongs the old string; its end is known from then on."""
    async with meeting(database) as one:
        stored = await one.given()
        end = one.clock() + timedelta(seconds=LIFE)
        assert await refreshed(one, stored) == Refreshed(changed=False, confirmed=True, expires_at=end)
        after = await one.stored()
        assert (after.token, after.sealed, after.previous) == (TOKEN, stored.sealed, None)
        assert (after.refreshed_at, after.expires_at) == (one.clock(), end)


async def test_a_new_token_takes_the_old_ones_place_once_meta_has_confirmed_it(database: Database) -> None:
    """And is hidden from the log before anything is done with it."""
    async with meeting(database, new_token=True) as one:
        stored = await one.given()
        outcome = await refreshed(one, stored)
        assert isinstance(outcome, Refreshed)
        assert (outcome.changed, outcome.confirmed) == (True, True)
        after = await one.stored()
        assert after.token != TOKEN
        assert after.previous is None
        assert one.hidden == [after.token]


async def test_the_old_token_is_kept_until_meta_has_confirmed_the_new_one(database: Database) -> None:
    """Meta is away right after the refresh: both are kept. The next question settles it."""
    async with meeting(database, new_token=True) as one:
        stored = await one.given()
        one.fails(NOBODY, route="me")
        outcome = await refreshed(one, stored)
        assert isinstance(outcome, Refreshed)
        assert not outcome.confirmed
        after = await one.stored()
        assert after.previous is not None
        assert one.vault.open(after.previous) == TOKEN
        one.fails(HtmlFault(status=503), route="me")
        assert await confirm(database, one.account, after.token, after.sealed, now=one.clock()) == "unknown"
        assert await one.stored() == after
        assert await confirm(database, one.account, after.token, after.sealed, now=one.clock()) == "yes"
        settled = await one.stored()
        assert (settled.token, settled.previous) == (after.token, None)
        assert (await one.row())["confirmed_at"] == one.clock()


async def test_a_new_token_that_meta_does_not_take_gives_way_to_the_old_one(database: Database) -> None:
    """Nothing is lost by asking for it."""
    async with meeting(database, new_token=True) as one:
        stored = await one.given()
        one.fails(DEAD, route="me")
        outcome = await refreshed(one, stored)
        assert isinstance(outcome, NotRefreshed)
        assert "the old one is kept" in outcome.why
        after = await one.stored()
        assert (after.token, after.previous) == (TOKEN, None)


async def test_a_refresh_that_fails_changes_nothing(database: Database) -> None:
    """Whether Meta says no, is away, or talks nonsense; what is final is told from what may pass."""
    async with meeting(database) as one:
        stored = await one.given()
        for fault, answered in (
            (DEAD, True),
            (ErrorFault(code=10, status=403, message="no permission"), True),
            (NOBODY, False),
            (HtmlFault(), False),
            (RawFault(body='{"access_token": "two words", "expires_in": 5}'), True),
            (RawFault(body='{"access_token": 5}'), False),
        ):
            one.fails(fault, route="refresh")
            outcome = await refreshed(one, stored)
            assert isinstance(outcome, NotRefreshed)
            assert (fault, outcome.answered) == (fault, answered)
            assert TOKEN not in outcome.why
            assert await one.stored() == stored


async def test_a_token_that_was_given_meanwhile_stays(database: Database) -> None:
    """Somebody was quicker than Meta: their token is not replaced by one that descends from an older."""
    async with meeting(database, new_token=True) as one:
        stored = await one.given()
        one.sandbox.tokens.issue("IGAAgivenmeanwhile")
        await one.given("IGAAgivenmeanwhile")
        outcome = await refreshed(one, stored)
        assert isinstance(outcome, NotRefreshed)
        assert "meanwhile" in outcome.why
        assert (await one.stored()).token == "IGAAgivenmeanwhile"


async def test_what_meta_is_asked_about_a_token(database: Database) -> None:
    """Whose it is; and of a page token when it ends, with an app token of any of the secrets."""
    async with meeting(database, login="facebook") as one:
        calls = one.account.calls
        assert await calls.owner(TOKEN) == Owner(frozenset({ACCOUNT, PAGE}))
        facts = await calls.facts(TOKEN, app_secrets=["another-flavours-secret", SECRET])
        assert facts == TokenFacts(is_valid=True, expires_at=None, error=None)
        assert not isinstance(await calls.facts(TOKEN, app_secrets=["wrong"]), TokenFacts)
        one.fails(DEAD, route="app")
        assert await calls.facts(TOKEN, app_secrets=[SECRET]) is None


async def test_every_call_about_tokens_carries_the_proof(database: Database) -> None:
    """A Meta that demands it is content with all of them."""
    async with meeting(database, require_proof=True) as one:
        stored = await one.given()
        assert isinstance(await refreshed(one, stored), Refreshed)
        assert (await one.account.calls.owner(TOKEN)).ids
        assert isinstance(await one.account.calls.facts(TOKEN, app_secrets=[SECRET]), TokenFacts)


async def test_nobody_there_is_no_answer(database: Database) -> None:
    """A refused connection, an address that is none: nothing is raised, and nothing is known."""
    async with aiohttp.ClientSession() as session:
        for url in (f"http://127.0.0.1:{unused_port()}", "", "nonsense"):
            calls = TokenCalls(session, url=url, version="v25.0")
            assert await calls.owner(TOKEN) == Owner(frozenset())
            assert await calls.renew(TOKEN) is None
            assert await calls.facts(TOKEN, app_secrets=[SECRET]) is None
