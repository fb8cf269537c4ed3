"""Edits come into force as a whole, broken ones do not, however an editor saves."""

import asyncio
import gc
import shutil
import sys
import time
from pathlib import Path

import pytest

from igbot.rules.model import RuleFile
from tests.rulebook.saving import WAYS, Save
from tests.rulebook.shelf import BROKEN, answer, make_book, says, text_of


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
    save(folder, {"shop.yaml": text_of("two")})
    assert await book.turn() is not None
    assert answer(book) == "two"
    assert len(told.loaded) == 2


@pytest.mark.parametrize("save", WAYS)
async def test_a_broken_edit_keeps_the_old_rules(folder: Path, save: Save) -> None:
    """It is told once, with its place; the mended file comes into force."""
    book, told = make_book(folder)
    await book.load()
    save(folder, {"shop.yaml": BROKEN})
    await book.turn()
    await book.load()
    assert answer(book) == "one"
    assert len(told.rejected) == 1
    assert (told.rejected[0][0].code, told.rejected[0][0].file) == ("R001", "shop.yaml")
    (folder / "shop.yaml").write_text(text_of("three"))
    await book.turn()
    assert answer(book) == "three"


async def test_a_turn_without_a_change_does_nothing(folder: Path) -> None:
    """Nor does a file that holds no rules, or one that is saved as it was."""
    book, told = make_book(folder)
    await book.load()
    assert await book.turn() is None
    (folder / "notes.txt").write_text("x")
    (folder / "shop.yaml").write_text(text_of("one"))
    assert await book.turn() is None
    assert len(told.loaded) == 1


async def test_edits_that_follow_each_other_at_once_are_all_seen(folder: Path) -> None:
    """Though the file stays as long as it was, and the clock of the drive may not have gone on."""
    book, _ = make_book(folder)
    await book.load()
    for number in range(100, 150):
        (folder / "shop.yaml").write_text(text_of(f"number {number}"))
        await book.turn()
        assert answer(book) == f"number {number}"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
async def test_a_file_that_is_blocked_for_a_moment_is_no_trouble(folder: Path) -> None:
    """As on Windows while an editor saves; here it is a link to nowhere that is replaced."""
    book, told = make_book(folder, quiet=0.3)
    (folder / "more.yaml").symlink_to("nowhere.yaml")
    loading = asyncio.create_task(book.load())
    (folder / "more.yaml").unlink()
    (folder / "more.yaml").write_text("version: 1\n")
    assert (await loading).ruleset is not None
    assert told.rejected == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
async def test_a_file_that_stays_blocked_is_told(folder: Path) -> None:
    """With what to look for."""
    book, told = make_book(folder)
    (folder / "more.yaml").symlink_to("nowhere.yaml")
    assert (await book.load()).ruleset is None
    [[finding, *_]] = told.rejected
    assert (finding.file, finding.hint) == (
        "more.yaml",
        "check its permissions, and that no other program keeps it locked",
    )


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


async def test_the_last_good_rules_stand_in_for_a_broken_folder(folder: Path) -> None:
    """Only while nothing else is in force, and only if they load."""
    (folder / "shop.yaml").write_text(BROKEN)
    book, told = make_book(folder)
    await book.load()
    assert not await book.use([RuleFile("shop.yaml", BROKEN.encode())])
    assert book.current is None
    assert await book.use([RuleFile("shop.yaml", text_of("old").encode())])
    assert answer(book) == "old"
    assert not await book.use([RuleFile("shop.yaml", text_of("older").encode())])
    (folder / "shop.yaml").write_text(text_of("old"))
    await book.load()
    assert len(told.loaded) == 1


async def test_the_collector_goes_on_after_a_load(folder: Path) -> None:
    """As it was before."""
    before = gc.get_threshold()
    book, _ = make_book(folder)
    await book.load()
    assert gc.isenabled()
    assert gc.get_threshold() == before


async def test_a_set_that_was_replaced_answers_those_who_began_with_it(folder: Path) -> None:
    """However many came after it."""
    book, _ = make_book(folder)
    await book.load()
    first = book.current
    for number in range(5):
        (folder / "shop.yaml").write_text(text_of(f"number {number}"))
        await book.load()
    assert first is not None
    assert says(first) == "one"


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
    assert longest < 0.15
