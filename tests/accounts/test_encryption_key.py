"""Development and test have a key of their own, made once."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from igbot.accounts.encryption_key import NAME, development_key
from igbot.accounts.vault import TokenVault
from igbot.errors import UsageError


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """In a directory that may not exist yet; it is a key."""
    key = development_key(tmp_path / "data")
    assert development_key(tmp_path / "data") == key
    assert TokenVault([key]).open(TokenVault([key]).seal("token")) == "token"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    """0600."""
    development_key(tmp_path)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    """Whoever comes second takes the first one's."""
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(development_key, [tmp_path] * 16))) == 1


def test_a_directory_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    """It names the setting."""
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(UsageError) as caught:
        development_key(tmp_path / "file")
    assert "IGBOT_DATA_DIR" in caught.value.hint
