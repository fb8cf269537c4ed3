"""Places to run commands in."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Place
from tests.store.processes import stop_keeper


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Place:
    """A place whose commands use a fresh database of the tests' own server."""
    (tmp_path / "data").mkdir()
    return Place.furnished(tmp_path, tmp_path / "data", IGBOT_DATABASE_URL=database_url)


@pytest.fixture
def bare(tmp_path: Path) -> Place:
    """A place without any database, for commands that must end before they need one."""
    return Place.furnished(tmp_path, tmp_path / "data", IGBOT_DATABASE_URL="postgresql://127.0.0.1:1/nobody")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place with nothing set at all: the embedded database, shared by the tests of a module."""
    # Not pytest's own directory: the server's unprivileged user has to get through to its files.
    data_dir = Path(tempfile.mkdtemp(prefix="igbot-test-"))
    data_dir.chmod(0o711)
    yield Place.furnished(tmp_path_factory.mktemp("home"), data_dir)
    stop_keeper(data_dir)
    shutil.rmtree(data_dir)
