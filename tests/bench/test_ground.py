"""The ground of a run: fresh databases, and one clear line where there can be none."""

from pathlib import Path

import asyncpg
import pytest

from bench.ground import Postgres, require_room
from bench.machine import fdatasync_rate
from bench.subject import NotMeasurable
from tests.conftest import PostgresServer


async def test_each_database_is_fresh_and_gone_afterwards(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """Also while somebody is still connected."""
    postgres = Postgres(tmp_path, postgres_server.url)
    async with postgres.database() as url:
        left_open = await asyncpg.connect(url)
        tables = await left_open.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(url)
    assert tables == 0
    assert postgres.version[0].isdigit()
    left_open.terminate()


async def test_a_server_that_cannot_be_reached_is_not_measurable(tmp_path: Path) -> None:
    """Not a trace, and no waiting."""
    with pytest.raises(NotMeasurable, match="PostgreSQL"):
        async with Postgres(tmp_path, "postgresql://nobody@127.0.0.1:1/none").database():
            pass


def test_a_full_disk_is_named_before_anything_starts(tmp_path: Path) -> None:
    """With what is needed, and what to do."""
    with pytest.raises(NotMeasurable, match=r"GB free, and 1000000000 GB are needed; .* TMPDIR"):
        require_room(tmp_path, gigabytes=1e9)


def test_the_disk_is_measured_and_left_clean(tmp_path: Path) -> None:
    """Nothing of the probe stays."""
    assert fdatasync_rate(tmp_path, seconds=0.01) > 0
    assert list(tmp_path.iterdir()) == []
