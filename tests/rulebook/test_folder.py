"""Which files of a folder are rules, in which order, and what is said about those that cannot be read."""

import os
import sys
from pathlib import Path

import pytest

from igbot.rulebook.folder import fingerprint, read_folder
from igbot.rulebook.verdict import judge
from igbot.rules.loading import Loaded
from igbot.rules.surroundings import Surroundings
from tests.rulebook.shelf import text_of


def write(root: Path, *names: str) -> None:
    """Empty files, with their folders."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("version: 1\n")


def load(root: Path) -> Loaded:
    """The verdict on a folder."""
    return judge(read_folder(root), surroundings=Surroundings())


def test_files_come_in_the_byte_order_of_their_paths(tmp_path: Path) -> None:
    """Whatever the disk's own order, folders included."""
    write(tmp_path, "b.yaml", "10.yaml", "B.yaml", "é.yml", "a/z.yaml", "a.yaml", "9.yaml")
    assert [file.path for file in read_folder(tmp_path).files] == [
        "10.yaml",
        "9.yaml",
        "B.yaml",
        "a.yaml",
        "a/z.yaml",
        "b.yaml",
        "é.yml",
    ]


def test_tests_and_leftovers_of_editors_are_no_rules(tmp_path: Path) -> None:
    """Nor are dot files, and what lies in dot folders."""
    write(
        tmp_path,
        "shop.yaml",
        "tests/shop.test.yaml",
        ".hidden.yaml",
        ".git/x.yaml",
        "shop.yaml~",
        ".shop.yaml.swp",
        "4913",
        "#shop.yaml#",
        ".#shop.yaml",
        "README.md",
    )
    assert [file.path for file in read_folder(tmp_path).files] == ["shop.yaml"]


def test_a_missing_folder_is_said_so(tmp_path: Path) -> None:
    """With the setting that names another."""
    (finding,) = read_folder(tmp_path / "nowhere").findings
    assert (finding.severity, finding.message) == ("error", "the folder does not exist")
    assert "IGBOT_RULES_DIR" in finding.hint
    assert load(tmp_path / "nowhere").ruleset is None


def test_a_file_in_place_of_the_folder_is_said_so(tmp_path: Path) -> None:
    """Not a traceback."""
    (tmp_path / "rules.d").write_text("x")
    assert "cannot be read" in read_folder(tmp_path / "rules.d").findings[0].message


def test_an_empty_folder_is_an_empty_set(tmp_path: Path) -> None:
    """Everything then falls to the default reply."""
    ruleset = load(tmp_path).ruleset
    assert ruleset is not None
    assert ruleset.count == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    """As Kubernetes mounts a folder: names that link through a hidden folder."""
    hidden = tmp_path / "rules.d" / "..2026_01"
    write(hidden, "shop.yaml")
    (tmp_path / "rules.d" / "..data").symlink_to("..2026_01")
    (tmp_path / "rules.d" / "shop.yaml").symlink_to("..data/shop.yaml")
    (tmp_path / "rules.d" / "again").symlink_to(".")
    (tmp_path / "linked").symlink_to("rules.d")
    contents = read_folder(tmp_path / "linked")
    assert [file.path for file in contents.files] == ["shop.yaml"]
    assert contents.findings == ()


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are others there")
def test_what_cannot_be_read_keeps_the_whole_from_loading(tmp_path: Path) -> None:
    """A link to nowhere and a pipe; neither is waited for."""
    (tmp_path / "good.yaml").write_text(text_of("hi"))
    (tmp_path / "gone.yaml").symlink_to("nowhere.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    contents, loaded = read_folder(tmp_path), load(tmp_path)
    assert loaded.ruleset is None
    assert contents.has_blocked
    assert [file.path for file in contents.files] == ["good.yaml"]
    assert [finding.file for finding in loaded.findings if finding.severity == "error"] == ["gone.yaml", "pipe.yaml"]


def test_a_huge_file_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    """A sparse file of four gigabytes costs nothing."""
    with (tmp_path / "huge.yaml").open("wb") as opened:
        opened.truncate(4 * 1024**3)
    assert load(tmp_path).findings[0].message == "the file is larger than 1 MiB"


def test_the_fingerprint_sees_any_change(tmp_path: Path) -> None:
    """A new file, other contents, a removal; and nothing where nothing changed."""
    seen = {fingerprint(tmp_path / "nowhere"), fingerprint(tmp_path)}
    write(tmp_path, "a.yaml")
    assert fingerprint(tmp_path) == fingerprint(tmp_path)
    seen.add(fingerprint(tmp_path))
    (tmp_path / "a.yaml").write_text("version: 1\n#\n")
    seen.add(fingerprint(tmp_path))
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    seen.add(fingerprint(tmp_path))
    assert len(seen) == 5
