"""All the ways in which editors, people and deployments save the files of a rule folder."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

Save = Callable[[Path, Mapping[str, str]], None]
"""Saves texts by file name into a folder, which may be a link, and hold links."""


def rewrite(root: Path, texts: Mapping[str, str]) -> None:
    """Truncates and writes, as nano does; where the file is a link, what it leads to."""
    for name, text in texts.items():
        (root / name).write_text(text)


def in_pieces(root: Path, texts: Mapping[str, str]) -> None:
    """Writes half, and then the rest, as a slow connection does."""
    for name, text in texts.items():
        with (root / name).open("w") as opened:
            for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
                opened.write(piece)
                opened.flush()


def rename(root: Path, texts: Mapping[str, str]) -> None:
    """Writes beside it and renames, as vim and VS Code may."""
    for name, text in texts.items():
        beside = root / f".{name}.swp"
        beside.write_text(text)
        beside.replace(root / name)


def copy_preserving(root: Path, texts: Mapping[str, str]) -> None:
    """`cp -p` from a backup: the time of change goes backwards."""
    for name, text in texts.items():
        backup = root.parent / "backup.yaml"
        backup.write_text(text)
        os.utime(backup, (1_000_000_000, 1_000_000_000))
        shutil.copy2(backup, root / name)


def recreate(root: Path, texts: Mapping[str, str]) -> None:
    """Deletes each and writes a new one."""
    for name, text in texts.items():
        (root / name).unlink(missing_ok=True)
        (root / name).write_text(text)


def replace_folder(root: Path, texts: Mapping[str, str]) -> None:
    """The whole folder goes and comes back, as a deployment does."""
    _remove(root)
    root.mkdir()
    rewrite(root, texts)


def swap_folder(root: Path, texts: Mapping[str, str]) -> None:
    """Another folder takes its name."""
    other = _beside(root)
    rewrite(other, texts)
    root.rename(other.with_name(f"{other.name}-before"))
    other.rename(root)


def swap_link(root: Path, texts: Mapping[str, str]) -> None:
    """The folder is a link, which turns to a new folder."""
    release = _beside(root)
    rewrite(release, texts)
    if not root.is_symlink():
        _remove(root)
    _turn(root, release)


def swap_data(root: Path, texts: Mapping[str, str]) -> None:
    """Each file is a link through `..data`, which turns to a new folder, as Kubernetes mounts a ConfigMap."""
    release = Path(tempfile.mkdtemp(prefix="..2026_", dir=root))
    rewrite(release, texts)
    _turn(root / "..data", Path(release.name))
    for name in texts:
        if not (root / name).is_symlink():
            _turn(root / name, Path("..data") / name)


def _remove(root: Path) -> None:
    if root.is_symlink():
        root.unlink()
    elif root.exists():
        shutil.rmtree(root)


def _beside(root: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix="release-", dir=root.parent))


def _turn(link: Path, target: Path) -> None:
    new = link.with_name(f"..new-{link.name}")
    new.symlink_to(target)
    new.replace(link)


_BY_FILES: tuple[Save, ...] = (rewrite, in_pieces, rename, copy_preserving, recreate, replace_folder, swap_folder)
# Links need a privilege on Windows.
WAYS: tuple[Save, ...] = _BY_FILES if sys.platform == "win32" else (*_BY_FILES, swap_link, swap_data)
