"""The set in force: kept in the database for a bad day, and an edit that is rejected is said aloud."""

from pathlib import Path

import pytest

from igbot.ops.alerts import Alerts
from igbot.ops.rules_watch import RulesWatch
from igbot.rules.surroundings import Surroundings
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.answering.talking import listen_to_log, logged
from tests.ops.alerting import Channel, Time
from tests.rulebook.shelf import BROKEN, answer, text_of

SAVED = "SELECT digest FROM rule_set"


@pytest.fixture
def channel() -> Channel:
    """Where alerts go."""
    return Channel()


@pytest.fixture
def alerts(time: Time, channel: Channel) -> Alerts:
    """Alerts with one channel."""
    return Alerts(["a://channel"], clock=time, log=event_log("alerts"), send=channel)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rule folder with one good file."""
    (tmp_path / "shop.yaml").write_text(text_of("first"))
    return tmp_path


def watch_on(folder: Path, database: Database, alerts: Alerts, time: Time) -> RulesWatch:
    """What a start makes."""
    return RulesWatch(folder, database, alerts, surroundings=Surroundings(), clock=time, log=event_log("rules"))


async def joined(watch: RulesWatch, database: Database) -> None:
    """The database has been reached."""
    async with database.connection() as conn:
        await watch.joined(conn)


async def saved(database: Database) -> str | None:
    """The digest of the last good set."""
    async with database.connection() as conn:
        digest: str | None = await conn.fetchval(SAVED)
        return digest


async def test_a_set_that_loads_is_kept_as_the_last_good_one(
    folder: Path, database: Database, alerts: Alerts, time: Time
) -> None:
    """Each new one in place of the one before."""
    watch = watch_on(folder, database, alerts, time)
    ok, said = await watch.reload()
    assert (ok, said["loaded"], said["rules"]) == (True, True, 1)
    assert await saved(database) == said["digest"]
    (folder / "shop.yaml").write_text(text_of("second"))
    _, again = await watch.reload()
    assert await saved(database) == again["digest"] != said["digest"]


async def test_a_rejected_edit_keeps_the_set_in_force_and_tells_a_person(
    folder: Path, database: Database, alerts: Alerts, channel: Channel, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """With its place in the file; the good edit after it is the all-clear."""
    listen_to_log(caplog)
    watch = watch_on(folder, database, alerts, time)
    _, first = await watch.reload()
    (folder / "shop.yaml").write_text(BROKEN)
    ok, said = await watch.reload()
    assert (ok, said["loaded"]) == (False, False)
    assert {"code", "severity", "file", "line", "column", "message", "hint"} <= set(said["findings"][0])
    assert answer(watch.rulebook) == "first"
    assert await saved(database) == first["digest"]
    assert "shop.yaml:" in (watch.trouble or "")
    assert "shop.yaml:" in str(logged(caplog, "rules_rejected")[0]["reason"])
    await alerts.turn()
    (folder / "shop.yaml").write_text(text_of("mended"))
    await watch.reload()
    await alerts.turn()
    assert [notice.over for notice in channel.got] == [False, True]
    assert (watch.trouble, answer(watch.rulebook)) == (None, "mended")


async def test_a_start_with_a_broken_folder_takes_the_last_good_set(
    folder: Path, database: Database, alerts: Alerts, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """It answers by it, says so, and takes the folder's once that is mended."""
    listen_to_log(caplog)
    before = watch_on(folder, database, alerts, time)
    await before.reload()
    (folder / "shop.yaml").write_text(BROKEN)
    watch = watch_on(folder, database, alerts, time)
    await watch.reload()
    assert watch.rulebook.current is None
    await joined(watch, database)
    assert answer(watch.rulebook) == "first"
    assert watch.trouble is not None
    assert "last good" in str(logged(caplog, "degraded_start")[0]["reason"])
    (folder / "shop.yaml").write_text(text_of("mended"))
    await watch.reload()
    assert answer(watch.rulebook) == "mended"


async def test_with_no_set_at_all_nothing_is_decided(
    folder: Path, database: Database, alerts: Alerts, time: Time
) -> None:
    """A first start with a broken folder: igbot receives and keeps."""
    (folder / "shop.yaml").write_text(BROKEN)
    watch = watch_on(folder, database, alerts, time)
    await watch.reload()
    await joined(watch, database)
    assert watch.rulebook.current is None


async def test_a_set_loaded_while_the_database_was_away_is_kept_when_it_is_back(
    folder: Path, database: Database, database_url: str, alerts: Alerts, time: Time
) -> None:
    """The start was degraded; the set was in force all the same."""
    away = Database(database_url, embedded=None, size=1, log=event_log("store"))
    watch = watch_on(folder, away, alerts, time)
    ok, said = await watch.reload()
    assert ok
    assert await saved(database) is None
    await joined(watch, database)
    assert await saved(database) == said["digest"]
