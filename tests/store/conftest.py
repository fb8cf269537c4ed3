"""Data directories for embedded servers of a test's own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.processes import stop_keeper


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty data directory that an unprivileged user can get through to; its server is gone after the test."""
    directory = Path(tempfile.mkdtemp(prefix="igbot-test-"))
    directory.chmod(0o711)
    yield directory
    stop_keeper(directory)
    shutil.rmtree(directory)
