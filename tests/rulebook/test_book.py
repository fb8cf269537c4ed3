"""Edits come into force as a whole, broken ones do not, however an editor saves."""

import asyncio
import gc
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from igbot.rulebook.book import Rulebook
from igbot.rules.model import RuleFile
from igbot.rules.surroundings import Surroundings
from igbot.telemetry.log import event_log
from tests.rulebook.shelf import BROKEN, Told, answer, make_book, text_of
from tests.waiting import eventually


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one rule that says "one"."""
    root = tmp_path / "rules.d"
    root.mkdir()
    (root / "shop.yaml").write_text(text_of("one"))
    return root


def rewrite(file: Path, text: str) -> None:
    """Truncates and writes, as nano does."""
    file.write_text(text)


def rename(file: Path, text: str) -> None:
    """Writes beside it and renames, as vim and VS Code may."""
    beside = file.with_name(f".{file.name}.swp")
    beside.write_text(text)
    beside.replace(file)


def copy_preserving(file: Path, text: str) -> None:
    """`cp -p` from a backup: the time of change goes backwards."""
    backup = file.parent.parent / "backup.yaml"
    backup.write_text(text)
    os.utime(backup, (1_000_000_000, 1_000_000_000))
    shutil.copy2(backup, file)


def recreate(file: Path, text: str) -> None:
    """Deletes it and writes a new one."""
    file.unlink()
    file.write_text(text)


def replace_folder(file: Path, text: str) -> None:
    """The whole folder goes and comes back, as a deployment does."""
    shutil.rmtree(file.parent)
    file.parent.mkdir()
    file.write_text(text)


def swap_folder(file: Path, text: str) -> None:
    """Another folder takes its name."""
    other = file.parent.with_name("other")
    other.mkdir()
    (other / file.name).write_text(text)
    file.parent.rename(file.parent.with_name("old"))
    other.rename(file.parent)


WAYS = [rewrite, rename, copy_preserving, recreate, replace_folder, swap_folder]
Save = Callable[[Path, str], None]


async def test_a_load_puts_the_folder_into_force(folder: Path) -> None:
    """And tells of it, with the files it came from."""
    book, told = make_book(folder)
    loaded = await book.load()
    assert loaded.ruleset is not None
    assert loaded.ruleset is book.current
    assert told.loaded == [(loaded.ruleset.digest, ("shop.yaml",))]


@pytest.mark.parametrize("save", WAYS)
async def test_a_turn_takes_an_edit_however_it_is_saved(folder: Path, save: Save) -> None:
    """The next message gets the new answer."""
    book, told = make_book(folder)
    await book.load()
    save(folder / "shop.yaml", text_of("two"))
    assert await book.turn() is not None
    assert answer(book) == "two"
    assert len(told.loaded) == 2


@pytest.mark.parametrize("save", WAYS)
async def test_a_broken_edit_keeps_the_old_rules(folder: Path, save: Save) -> None:
    """It is told once, with its place; the mended file comes into force."""
    book, told = make_book(folder)
    await book.load()
    save(folder / "shop.yaml", BROKEN)
    await book.turn()
    await book.load()
    assert answer(book) == "one"
    assert len(told.rejected) == 1
    assert (told.rejected[0][0].code, told.rejected[0][0].file) == ("R001", "shop.yaml")
    (folder / "shop.yaml").write_text(text_of("three"))
    await book.turn()
    assert answer(book) == "three"


async def test_a_turn_without_a_change_does_nothing(folder: Path) -> None:
    """Not even read."""
    book, told = make_book(folder)
    await book.load()
    assert await book.turn() is None
    (folder / "notes.txt").write_text("x")
    assert await book.turn() is None
    assert len(told.loaded) == 1


async def test_taking_a_broken_edit_back_is_told(folder: Path) -> None:
    """Though the set in force is the same as before."""
    book, told = make_book(folder)
    await book.load()
    (folder / "shop.yaml").write_text(BROKEN)
    await book.load()
    (folder / "shop.yaml").write_text(text_of("one"))
    await book.load()
    await book.load()
    assert [digest for digest, _ in told.loaded] == [told.loaded[0][0]] * 2


async def test_a_folder_that_goes_away_keeps_the_rules_and_is_told(folder: Path) -> None:
    """Until it is back."""
    book, told = make_book(folder)
    await book.load()
    shutil.rmtree(folder)
    await book.turn()
    assert answer(book) == "one"
    assert told.rejected[0][0].message == "the folder does not exist"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
async def test_a_link_that_turns_to_another_folder_is_an_edit(tmp_path: Path) -> None:
    """As Kubernetes swaps `..data`."""
    for name in ("one", "two"):
        (tmp_path / "rules.d" / f"..{name}").mkdir(parents=True)
        (tmp_path / "rules.d" / f"..{name}" / "shop.yaml").write_text(text_of(name))
    data = tmp_path / "rules.d" / "..data"
    data.symlink_to("..one")
    (tmp_path / "rules.d" / "shop.yaml").symlink_to("..data/shop.yaml")
    book, _ = make_book(tmp_path / "rules.d")
    await book.load()
    assert answer(book) == "one"
    (tmp_path / "rules.d" / "..new").symlink_to("..two")
    (tmp_path / "rules.d" / "..new").replace(data)
    await book.turn()
    assert answer(book) == "two"


async def test_the_last_good_rules_stand_in_for_a_broken_folder(folder: Path) -> None:
    """Only while nothing else is in force, and only if they load."""
    (folder / "shop.yaml").write_text(BROKEN)
    book, told = make_book(folder)
    await book.load()
    assert not book.use([RuleFile("shop.yaml", BROKEN.encode())])
    assert book.current is None
    assert book.use([RuleFile("shop.yaml", text_of("old").encode())])
    assert answer(book) == "old"
    assert not book.use([RuleFile("shop.yaml", text_of("older").encode())])
    (folder / "shop.yaml").write_text(text_of("old"))
    await book.load()
    assert len(told.loaded) == 1


async def test_the_collector_goes_on_after_a_load(folder: Path) -> None:
    """It only rests meanwhile."""
    book, _ = make_book(folder)
    await book.load()
    assert gc.isenabled()


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[tuple[Rulebook, Told]]:
    """A loaded rulebook that follows its folder."""
    book, told = make_book(folder)
    await book.load()
    task = asyncio.create_task(book.watch())
    try:
        yield book, told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("save", WAYS)
async def test_the_watch_takes_every_save(folder: Path, save: Save) -> None:
    """A good edit, a broken one and its repair, each within seconds."""
    async with watching(folder) as (book, told):
        save(folder / "shop.yaml", text_of("two"))
        await eventually(lambda: answer(book) == "two")
        told.rejected.clear()  # a folder that was away for a moment has been told, too
        rename(folder / "shop.yaml", BROKEN)
        await eventually(lambda: told.rejected)
        assert answer(book) == "two"
        rename(folder / "shop.yaml", text_of("three"))
        await eventually(lambda: answer(book) == "three")


async def test_the_watch_waits_for_a_folder_that_comes_later(tmp_path: Path) -> None:
    """A missing folder at the start is no end."""
    async with watching(tmp_path / "rules.d") as (book, told):
        assert told.rejected
        (tmp_path / "rules.d").mkdir()
        (tmp_path / "rules.d" / "shop.yaml").write_text(text_of("late"))
        await eventually(lambda: answer(book) == "late")


async def test_the_watch_survives_a_listener_that_fails(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The rules are in force all the same, and the failure is logged."""
    calls = []

    async def fail(*given: object) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise RuntimeError("listener")

    book = Rulebook(
        folder,
        surroundings=Surroundings,
        on_loaded=fail,
        on_rejected=fail,
        log=event_log("rules"),
        quiet=0.01,
        poll=0.02,
    )
    await book.load()
    task = asyncio.create_task(book.watch())
    (folder / "shop.yaml").write_text(text_of("two"))
    await eventually(lambda: answer(book) == "two" and len(calls) >= 2)
    (folder / "shop.yaml").write_text(text_of("three"))
    await eventually(lambda: answer(book) == "three")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert "rules_watch_failed" in caplog.messages


async def test_the_loop_is_not_held_while_a_thousand_rules_load(folder: Path) -> None:
    """Reading and checking happen beside it."""
    body = "".join(f"  - {{name: r{n}, keywords: [w{n}, other phrase {n}], reply: x}}\n" for n in range(3000))
    (folder / "shop.yaml").write_text("version: 1\nrules:\n" + body)
    book, _ = make_book(folder)
    # Time of this process alone: what others on the machine take away holds up everything alike.
    longest, ticks, before = 0.0, 0, time.process_time()
    loading = asyncio.create_task(book.load())
    while not loading.done():
        await asyncio.sleep(0)
        now = time.process_time()
        longest, ticks, before = max(longest, now - before), ticks + 1, now
    assert book.current is not None
    assert book.current.count == 3000
    assert ticks > 20
    assert longest < 0.25
