"""Tokens are looked after once a day, by one of all processes: refreshed in time, else somebody is warned in time."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from igbot.accounts.token_checks import days_left, rung, wants_refresh
from igbot.ops.alerts import AlertLevel
from igbot.ops.token_care import TokenCare
from igbot.sandbox.faults import ErrorFault, HtmlFault
from igbot.sandbox.tokens import LIFE
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from igbot.telemetry.setup import configure_logging
from tests.accounts.meeting_meta import NOBODY, SECRET, TOKEN, Hands, Meeting, meeting
from tests.ops.alerting import events

REFUSED = ErrorFault(code=10, status=403, message="Application does not have permission for this action")
DEAD = ErrorFault(code=190, subcode=460, status=401, message="The session was invalidated: password changed")
HALTED = "SELECT halted_at, halted_reason FROM account"


@dataclass
class Nurse:
    """One process's care of the account's token, and what it told."""

    care: TokenCare
    meeting: Meeting
    alerts: list[tuple[str, str, AlertLevel]] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)

    async def a_day_passes(self, days: float = 1) -> None:
        """The clock goes on, and the care has its turn."""
        self.meeting.clock.forward(days=days)
        await self.care.turn()

    async def row(self) -> dict[str, Any]:
        """The token's row."""
        return await self.meeting.row()


def nurse(one: Meeting) -> Nurse:
    """A process that looks after the token."""
    found = Nurse(None, one)  # type: ignore[arg-type]  # it is made below, since it tells the nurse
    found.care = TokenCare(
        one.database,
        accounts=lambda: [one.account],
        vault=one.vault,
        app_secrets=["another-flavours-secret", SECRET],
        hide=one.hidden.append,
        clock=one.clock,
        log=event_log("accounts"),
        on_alert=lambda key, _title, text, level: found.alerts.append((key.partition(":")[0], text, level)),
        on_over=lambda key: found.over.append(key.partition(":")[0]),
        on_dead=lambda _account, why: found.dead.append(why),
    )
    return found


@asynccontextmanager
async def nursed(
    database: Database, *, login: Literal["facebook", "instagram"] = "instagram", **sandbox: Any
) -> AsyncIterator[Nurse]:
    """An account with a token that somebody has just given."""
    async with meeting(database, login=login, **sandbox) as one:
        await one.given()
        yield nurse(one)


async def test_a_token_of_unknown_age_is_refreshed_as_soon_as_meta_does_it(database: Database) -> None:
    """At the first check Meta only confirms it; a day later its life begins anew, and its end is known."""
    async with nursed(database) as one:
        await one.care.turn()
        first = await one.row()
        assert (first["checked_at"], first["confirmed_at"]) == (one.meeting.clock(), one.meeting.clock())
        assert (first["refreshed_at"], first["expires_at"], first["trouble"]) == (None, None, None)
        await one.a_day_passes()
        row = await one.row()
        assert row["refreshed_at"] == row["checked_at"] == one.meeting.clock()
        assert row["expires_at"] == one.meeting.clock() + timedelta(seconds=LIFE)
        assert one.alerts == []


async def test_a_token_is_refreshed_below_thirty_days_and_not_before(database: Database) -> None:
    """Over a year, with a token that changes at each refresh: thirteen refreshes, and it never ends."""
    async with nursed(database, new_token=True) as one:
        seen = set()
        for _ in range(365):
            await one.a_day_passes()
            seen.add((await one.meeting.stored()).token)
        assert one.meeting.asked("refresh") == len(seen) == 13
        assert (one.alerts, one.dead) == ([], [])
        assert seen <= set(one.meeting.hidden)


async def test_of_all_processes_one_looks_once_a_day(database: Database) -> None:
    """However often they have their turn."""
    async with nursed(database) as one:
        other = nurse(one.meeting)
        for _ in range(5):
            await one.care.turn()
            await other.care.turn()
        assert one.meeting.asked("me") == 1
        await other.a_day_passes()
        await one.care.turn()
        assert one.meeting.asked("me") == 2


async def test_a_new_token_is_looked_at_at_once(database: Database) -> None:
    """Its day begins with it."""
    async with nursed(database) as one:
        await one.care.turn()
        await one.meeting.given()
        await one.care.turn()
        assert one.meeting.asked("me") == 2


async def test_the_owner_is_warned_on_each_rung_once_where_no_refresh_helps(database: Database) -> None:
    """At 30, 10 and 3 days and at the end; what one process has told, the others do not tell again."""
    async with nursed(database) as one:
        other = nurse(one.meeting)
        await one.care.turn()
        await one.a_day_passes()
        one.meeting.fails(REFUSED, route="refresh", times=None)
        for _ in range(31):
            await one.a_day_passes()
            await other.a_day_passes()
        told = [text for what, text, _ in (*one.alerts, *other.alerts) if what == "token-end"]
        assert len(told) == 4
        assert (await one.row())["warned_days"] == 0
        assert all("igbot token set" in text and TOKEN not in text for text in told)


async def test_each_rung_has_its_own_weight(database: Database) -> None:
    """Thirty days are a warning, ten are critical."""
    async with nursed(database) as one:
        await one.care.turn()
        await one.a_day_passes()
        one.meeting.fails(REFUSED, route="refresh", times=None)
        for _ in range(62):
            await one.a_day_passes()
        warned = [(text, level) for what, text, level in one.alerts if what == "token-end"]
        assert [level for _, level in warned] == ["warning", "critical", "critical", "critical"]
        rungs = ("in less than 30 days", "in less than 10 days", "in less than 3 days", "it ended on")
        assert all(said in text for said, (text, _) in zip(rungs, warned, strict=True))
        assert [text for what, text, _ in one.alerts if what == "token-refresh"]


async def test_a_refresh_that_helps_ends_the_warnings(database: Database) -> None:
    """The ladder begins anew, and what was told is over."""
    async with nursed(database) as one:
        await one.care.turn()
        await one.a_day_passes()
        one.meeting.fails(REFUSED, route="refresh", times=5)
        for _ in range(34):
            await one.a_day_passes()
        assert {what for what, _, _ in one.alerts} == {"token-refresh", "token-end"}
        one.over.clear()
        await one.a_day_passes()
        row = await one.row()
        assert {"token-refresh", "token-end"} <= set(one.over)
        assert (row["warned_days"], row["trouble"]) == (None, None)
        assert row["expires_at"] > one.meeting.clock() + timedelta(days=50)


async def test_meta_away_is_no_trouble_of_the_tokens(database: Database) -> None:
    """It is asked again in an hour, and nobody is woken for it."""
    async with nursed(database) as one:
        limit = ErrorFault(code=4, status=400, message="a limit")
        passing = ErrorFault(code=10, status=403, message="no permission for now", transient=True)
        for fault in (NOBODY, HtmlFault(status=503), limit, passing):
            one.meeting.fails(fault, route="me")
            await one.care.turn()
            row = await one.row()
            assert (row["trouble"], row["checked_at"]) == (None, None)
            one.meeting.clock.forward(hours=1)
        await one.care.turn()
        row = await one.row()
        assert (row["trouble"], row["checked_at"]) == (None, one.meeting.clock())
        assert (one.alerts, one.dead) == ([], [])


async def test_a_dead_token_stops_the_account_and_is_told_of_once(database: Database) -> None:
    """Whichever process meets it, on however many days."""
    async with nursed(database) as one:
        one.meeting.fails(DEAD, route="me", times=None)
        for _ in range(3):
            await one.a_day_passes()
        other = nurse(one.meeting)
        await other.a_day_passes()
        assert len(one.dead) == 1
        assert "password changed" in one.dead[0]
        assert other.dead == []
        async with database.connection() as conn:
            halted = await conn.fetchrow(HALTED)
        assert halted is not None
        assert halted["halted_at"] is not None
        assert halted["halted_reason"] == one.dead[0] == (await one.row())["trouble"]
        assert one.meeting.asked("refresh") == 0


async def test_a_permission_that_is_gone_is_told(database: Database) -> None:
    """A send will find out whether it stops the account."""
    async with nursed(database) as one:
        one.meeting.fails(REFUSED, route="me")
        await one.care.turn()
        assert [(what, level) for what, _, level in one.alerts] == [("token-check", "warning")]
        await one.a_day_passes()
        assert "token-check" in one.over


async def test_an_unconfirmed_token_is_asked_about_every_minute_until_it_is_settled(database: Database) -> None:
    """Then the old one goes, and the new one has its check."""
    async with nursed(database) as one:
        one.meeting.sandbox.tokens.issue("IGAArefreshed")
        async with database.connection() as conn:
            query = "UPDATE access_token SET previous = sealed, sealed = $1"
            await conn.execute(query, one.meeting.vault.seal("IGAArefreshed"))
        one.meeting.fails(NOBODY, route="me", times=2)
        for _ in range(3):
            assert (await one.meeting.stored()).previous is not None
            await one.care.turn()
            await one.care.turn()
            one.meeting.clock.forward(minutes=1)
        settled = await one.meeting.stored()
        assert (settled.token, settled.previous) == ("IGAArefreshed", None)
        row = await one.row()
        assert (row["trouble"], row["checked_at"]) == (None, row["confirmed_at"])
        assert one.meeting.asked("me") == 4


async def test_a_new_token_that_meta_does_not_take_is_given_up_for_the_old_one(database: Database) -> None:
    """And somebody is told."""
    async with nursed(database) as one:
        async with database.connection() as conn:
            query = "UPDATE access_token SET previous = sealed, sealed = $1"
            await conn.execute(query, one.meeting.vault.seal("IGAAnobodys"))
        await one.care.turn()
        assert (await one.meeting.stored()).token == TOKEN
        assert [what for what, _, _ in one.alerts] == ["token-check"]
        await one.care.turn()
        assert (await one.row())["trouble"] is None


async def test_a_page_tokens_end_is_known_where_meta_tells_it(database: Database) -> None:
    """Without a date there is nothing to warn of; with one there is, and nothing to refresh."""
    async with nursed(database, login="facebook") as one:
        await one.care.turn()
        row = await one.row()
        assert (row["expires_at"], row["trouble"], row["warned_days"]) == (None, None, None)
        one.meeting.sandbox.tokens.issue(TOKEN, life=timedelta(days=5))
        await one.a_day_passes()
        assert (await one.row())["warned_days"] == 10
        assert [(what, level) for what, _, level in one.alerts] == [("token-end", "critical")]
        assert one.meeting.asked("refresh") == 0


async def test_a_page_token_is_checked_by_me_alone_where_no_app_is_known(database: Database) -> None:
    """Which is said in the log, and is no trouble."""
    async with nursed(database, login="facebook") as one:
        stream = io.StringIO()
        configure_logging(level="INFO", format="json", stream=stream)
        one.meeting.fails(REFUSED, route="app")
        await one.care.turn()
        assert (await one.row())["trouble"] is None
        said = [line["event"] for line in events(stream)]
        assert said == ["token_end_unknown", "token_checked"]
        one.meeting.fails(ErrorFault(code=190, status=400, message="not your app's"), route="debug", times=None)
        await one.a_day_passes()
        assert (await one.row())["trouble"] is None
        assert one.alerts == []


async def test_a_sealed_token_that_no_key_opens_is_left_to_those_who_send(database: Database) -> None:
    """They park the sends and say why; here nothing is asked of Meta, for an hour."""
    async with nursed(database) as one:
        async with database.connection() as conn:
            await conn.execute("UPDATE access_token SET sealed = 'garbage'")
        await one.care.turn()
        row = await one.row()
        assert (row["trouble"], row["check_at"] - one.meeting.clock()) == (None, timedelta(hours=1))
        assert (one.alerts, one.meeting.asked("me")) == ([], 0)


async def test_an_account_without_a_token_or_a_row_is_left_alone(database: Database) -> None:
    """There is nothing to look after."""
    async with meeting(database) as one:
        await nurse(one).care.turn()
        assert one.asked("me") == 0


async def test_a_refresh_is_logged_without_the_token(database: Database) -> None:
    """`token_refreshed`, with the end; no line, no alert and no trouble shows any token, sealed or not."""
    stream = io.StringIO()
    configure_logging(level="DEBUG", format="json", stream=stream)
    async with nursed(database, new_token=True) as one:
        await one.care.turn()
        one.meeting.clock.forward(days=1)
        for fault, route in ((REFUSED, "refresh"), (DEAD, "me"), (REFUSED, "me")):
            one.meeting.fails(fault, route=route)
            await one.a_day_passes()
        await one.a_day_passes()
        lines = events(stream)
        assert [line["event"] for line in lines].count("token_refreshed") == 1
        row = await one.row()
        values = {TOKEN, (await one.meeting.stored()).token, row["sealed"], row["source_digest"] or "-" * 50}
        said = stream.getvalue() + str(one.alerts) + str(one.dead) + str(row["trouble"])
        assert not [value for value in values if value in said]


def test_the_ladder_has_four_rungs() -> None:
    """Thirty, ten and three days, and the end."""
    now = Hands()()
    lefts = {40: None, 31: None, 30: 30, 11: 30, 10: 10, 4: 10, 3: 3, 1: 3, 0: 0, -5: 0}
    assert {days: rung(now + timedelta(days=days), now=now) for days in lefts} == lefts
    assert rung(None, now=now) is None
    assert [days_left(now + timedelta(days=days), now=now) for days in (2.9, 0.5, -3)] == [2, 0, 0]
    assert days_left(None, now=now) is None


def test_when_a_token_is_refreshed() -> None:
    """Not before it is a day old, and not while it has thirty days; without a known end as soon as it can be."""
    now = Hands()()
    day = timedelta(days=1)
    assert not wants_refresh(expires_at=None, since=now - day / 2, now=now)
    assert wants_refresh(expires_at=None, since=now - day, now=now)
    assert not wants_refresh(expires_at=now + 30 * day, since=now - 30 * day, now=now)
    assert wants_refresh(expires_at=now + 29 * day, since=now - 31 * day, now=now)
