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
from tests.answering.talking import BEN, customer_says, open_desk
from tests.ops.alerting import START, Time
from tests.ops.staff import member
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
