"""A rule folder for each test."""

from pathlib import Path

import pytest

from tests.rulebook.shelf import text_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one rule that says "one"."""
    root = tmp_path / "rules.d"
    root.mkdir()
    (root / "shop.yaml").write_text(text_of("one"))
    return root
