"""Every save comes into force by itself, whether or not the system tells of it."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from igbot.rulebook.book import Rulebook
from igbot.rules.surroundings import Surroundings
from igbot.telemetry.log import event_log
from tests.rulebook.saving import WAYS, Save, replace_folder
from tests.rulebook.shelf import BROKEN, Told, answer, make_book, text_of
from tests.waiting import eventually


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
        save(folder, {"shop.yaml": text_of("two")})
        await eventually(lambda: answer(book) == "two")
        assert told.rejected == []
        save(folder, {"shop.yaml": BROKEN})
        await eventually(lambda: told.rejected)
        assert answer(book) == "two"
        save(folder, {"shop.yaml": text_of("three")})
        await eventually(lambda: answer(book) == "three")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
async def test_the_watch_takes_what_the_system_does_not_report(folder: Path) -> None:
    """As on a network drive; here the file is a link, and what it leads to lies elsewhere."""
    elsewhere = folder.parent / "elsewhere.yaml"
    elsewhere.write_text(text_of("one"))
    (folder / "shop.yaml").unlink()
    (folder / "shop.yaml").symlink_to(elsewhere)
    async with watching(folder) as (book, _):
        elsewhere.write_text(text_of("two"))
        await eventually(lambda: answer(book) == "two")


async def test_the_watch_says_that_a_folder_stays_away(folder: Path) -> None:
    """And goes on with the rules that it held, until there are others."""
    async with watching(folder) as (book, told):
        shutil.rmtree(folder)
        await eventually(lambda: told.rejected)
        assert told.rejected[0][0].message == "the folder does not exist"
        assert answer(book) == "one"
        replace_folder(folder, {"shop.yaml": text_of("two")})
        await eventually(lambda: answer(book) == "two")


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
