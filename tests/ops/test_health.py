"""What `/readyz` and `igbot health` say of each dependency, and the figures that matter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from igbot.ops.health import Health
from igbot.ops.our_accounts import OurAccounts
from igbot.rulebook.book import Rulebook
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, BEN, customer_says, open_desk
from tests.ops.alerting import START, Time
from tests.ops.staff import Meta, account, member
from tests.rulebook.shelf import make_book, text_of


def health_of(
    database: Database,
    accounts: OurAccounts,
    book: Rulebook,
    *,
    time: Time,
    trouble: str | None = None,
    last_webhook_at: datetime | None = None,
) -> Health:
    """The health of a process."""
    return Health(
        database,
        accounts,
        book,
        last_webhook_at=lambda: last_webhook_at,
        alerts_trouble=None,
        rules_trouble=lambda: trouble,
        clock=time,
    )


@asynccontextmanager
async def healthy(database: Database, time: Time, folder: Path, **given: Any) -> AsyncIterator[Health]:
    """A process with rules and a token."""
    (folder / "shop.yaml").write_text(text_of("first"))
    book, _ = make_book(folder)
    await book.load()
    async with member(database, time) as one:
        yield health_of(database, one.accounts, book, time=time, **given)


async def run(database: Database, statement: str, *arguments: object) -> None:
    """One statement."""
    async with database.connection() as conn:
        await conn.execute(statement, *arguments)


async def states(health: Health) -> dict[str, str]:
    """The whole, and each check."""
    said = await health.readiness()
    return {"": said["status"]} | {name: check["status"] for name, check in said["checks"].items()}


async def test_all_is_well(database: Database, time: Time, tmp_path: Path) -> None:
    """Each check with its state, a sentence and the time it took."""
    async with healthy(database, time, tmp_path) as health:
        assert set((await states(health)).values()) == {"ok"}
        checks = (await health.readiness())["checks"]
        assert {"database", "rules", "token", "sends", "archive"} <= set(checks)
        for check in checks.values():
            assert set(check) == {"status", "detail", "seconds"}
            assert check["seconds"] >= 0
            assert check["detail"]


async def test_without_the_database_nothing_can_be_made_durable(
    database: Database, database_url: str, time: Time, tmp_path: Path
) -> None:
    """Down; what cannot be asked is degraded, and the figures are null."""
    away = Database(database_url, embedded=None, size=1, log=event_log("store"))
    book, _ = make_book(tmp_path)
    async with member(database, time) as one:
        health = health_of(away, one.accounts, book, time=time)
        said = await states(health)
        assert (said[""], said["database"], said["sends"]) == ("down", "down", "degraded")
        figures = await health.figures()
    assert (figures["inbox"], figures["dead"], figures["spooled"]) == (None, None, 0)


async def test_each_trouble_is_degraded_and_named(database: Database, time: Time, tmp_path: Path) -> None:
    """Sends halted, a rate limit, an archive that has not run for two days."""
    async with healthy(database, time, tmp_path, trouble="rules rejected: shop.yaml:1:1") as health:
        assert (await states(health))["rules"] == "degraded"
        for column, value, words in (
            ("send_after", START + timedelta(minutes=5), "rate limit"),
            ("halted_at", START, "stopped: the token is dead"),
        ):
            await run(database, f"UPDATE account SET halted_reason = NULL, {column} = $1", value)
            if column == "halted_at":
                await run(database, "UPDATE account SET halted_reason = 'the token is dead'")
            check = (await health.readiness())["checks"]["sends"]
            assert (check["status"], words in check["detail"]) == ("degraded", True)
        note = "INSERT INTO archive_run (started_at, finished_at, archived, messages) VALUES ($1, $1, 0, 0)"
        await run(database, note, START - timedelta(days=2))
        assert (await states(health))["archive"] == "ok"
        time.pass_by(timedelta(seconds=1))
        assert (await states(health))["archive"] == "degraded"


async def test_what_stops_an_account_is_said_with_its_name(database: Database, time: Time, tmp_path: Path) -> None:
    """A halt, the operator's pause, an outage, a limit; of several accounts each that does not send."""
    book, _ = make_book(tmp_path)
    madrid = account("EAAmadrid", name="madrid", ids=("2",))
    async with member(database, time, madrid, meta=Meta(of={"EAAmadrid": {"2"}})) as one:
        health = health_of(database, one.accounts, book, time=time)

        async def sends() -> str:
            return str((await health.readiness())["checks"]["sends"]["detail"])

        assert await sends() == "going out"
        await run(database, "UPDATE account SET paused_at = $1 WHERE account_id = '2'", START)
        assert "account madrid: paused by the operator" in await sends()
        assert "main" not in await sends()
        later = START + timedelta(minutes=5)
        await run(database, "UPDATE account SET outage_at = $1, send_after = $2 WHERE account_id <> '2'", START, later)
        assert f"account main: outage since {START.isoformat()}, next try {later.isoformat()}; account" in await sends()
        await run(database, "UPDATE account SET paused_at = NULL, outage_at = NULL, send_after_reason = 'rate limit'")
        assert await sends() == f"account main: rate limit, waits until {later.isoformat()}"
        time.now = later
        assert await sends() == "going out"


async def test_tokens_in_trouble_are_said_with_their_accounts(database: Database, time: Time, tmp_path: Path) -> None:
    """What Meta said at the start, and what the daily check found; the days left are those of the first to end."""
    book, _ = make_book(tmp_path)
    madrid, lisbon = account("EAAmadrid", name="madrid", ids=("2",)), account(None, name="lisbon", ids=("3",))
    async with member(database, time, madrid, lisbon, meta=Meta(of={"EAAmadrid": {"2"}})) as one:
        health = health_of(database, one.accounts, book, time=time)
        token = (await health.readiness())["checks"]["token"]
        assert token["status"] == "degraded"
        assert token["detail"] == "account lisbon: there is no access token"
        sends = (await health.readiness())["checks"]["sends"]
        assert sends["detail"] == "account lisbon: has no token that it could send with"
        assert (await health.figures())["token_days_left"] is None
        ends = "UPDATE access_token SET expires_at = $2 WHERE account_id = $1"
        await run(database, ends, ACCOUNT, START + timedelta(days=40))
        await run(database, ends, "2", START + timedelta(days=9, hours=23))
        assert (await health.figures())["token_days_left"] == 9
    async with member(database, time) as one:
        health = health_of(database, one.accounts, book, time=time)
        assert (await health.figures())["token_days_left"] == 40
        await run(database, "UPDATE access_token SET trouble = 'it was not refreshed'")
        token = (await health.readiness())["checks"]["token"]
        assert (token["status"], token["detail"]) == ("degraded", "account main: it was not refreshed")


async def test_an_account_that_is_no_longer_served_is_no_matter_of_health(
    database: Database, time: Time, tmp_path: Path
) -> None:
    """Its rows stay; nothing of it is counted. What came for an account that nobody ever had is."""
    async with healthy(database, time, tmp_path) as health, open_desk(database) as desk:
        desk.time.now = START
        await run(database, "INSERT INTO account (account_id, ids, halted_at) VALUES ('gone', '{gone}', $1)", START)
        queued = """
            INSERT INTO outbox
                (account_id, igsid, for_key, part, body, despite_pause, decided_at, expires_at, due_at, test)
            VALUES ('gone', '1', gen_random_uuid(), 0, '{}', false, $1, $1, $1, false)
        """
        await run(database, queued, START)
        at = START - timedelta(seconds=30)
        await desk.arrive(customer_says("hello", "m1", at=at, account="gone"), account="gone")
        assert set((await states(health)).values()) == {"ok"}
        figures = await health.figures()
        assert (figures["inbox"]["pending"], figures["outbox"]["queued"]) == (0, 0)
        assert figures["oldest_unanswered_seconds"] == 0
        await desk.arrive(customer_says("hello", "m2", at=at, account="unheard-of"), account="unheard-of")
        assert (await health.figures())["inbox"]["pending"] == 1


async def test_no_rules_and_no_token_are_degraded_not_down(database: Database, time: Time, tmp_path: Path) -> None:
    """Receiving goes on."""
    book, _ = make_book(tmp_path / "missing")
    async with member(database, time, token=None) as one:
        said = await states(health_of(database, one.accounts, book, time=time))
    assert (said[""], said["rules"], said["token"], said["database"]) == ("degraded", "degraded", "degraded", "ok")


async def test_the_figures_count_what_waits_and_what_is_dead(database: Database, time: Time, tmp_path: Path) -> None:
    """With the contract's keys; the oldest of what waits, in the inbox or on its way out, by its age."""
    async with healthy(database, time, tmp_path, last_webhook_at=START) as health, open_desk(database) as desk:
        empty = await health.figures()
        assert set(empty) == {
            "oldest_unanswered_seconds",
            "inbox",
            "outbox",
            "dead",
            "spooled",
            "last_webhook_at",
            "token_days_left",
            "rules",
            "rules_digest",
            "last_archive_at",
            "processes",
        }
        assert (empty["oldest_unanswered_seconds"], empty["dead"], empty["processes"], empty["rules"]) == (0, 0, 1, 1)
        assert empty["last_webhook_at"] == START.isoformat()

        desk.time.now = START
        await desk.arrive(customer_says("hello", "m1", at=START - timedelta(seconds=30)))
        await desk.settle_all()
        await desk.arrive(customer_says("hello", "m2", igsid=BEN, at=START - timedelta(seconds=50)))
        figures = await health.figures()
        assert figures["oldest_unanswered_seconds"] == 50
        assert figures["inbox"] == {"pending": 1, "dead": 0}
        assert (figures["outbox"]["queued"], figures["outbox"]["sending"]) == (1, 0)

        await run(database, "UPDATE outbox SET status = 'dead', finished_at = now()")
        await run(database, "UPDATE inbox SET status = 'dead', settled_at = now()")
        figures = await health.figures()
        assert (figures["dead"], figures["oldest_unanswered_seconds"]) == (3, 0)
        assert (figures["inbox"]["dead"], figures["outbox"]["dead"]) == (2, 1)
