"""The states of a reply stand in three places, and say the same in all of them."""

import re
from pathlib import Path
from typing import get_args

from igbot.outbox.states import MEANING, OPEN, TRANSITIONS, State
from igbot.store.pool import Database

README = Path(__file__).parents[2] / "README.md"
CHECKS = """
SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'outbox'::regclass AND contype = 'c'
"""


def table_of(heading: str) -> dict[str, str]:
    """The first table under a heading of README, as what stands in its first column to what stands in its second."""
    section = README.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = re.findall(r"^\| `(\w+)` \| (.+?) \|$", section, flags=re.MULTILINE)
    return dict(cells)


def test_readme_tells_each_state_with_its_meaning() -> None:
    """Word for word what the program says of it."""
    assert table_of("How a reply travels") == MEANING


def test_the_types_know_the_same_states() -> None:
    """A state has a meaning and its ways on, which lead to states."""
    states = set(get_args(State))
    assert set(MEANING) == set(TRANSITIONS) == states
    assert {to for ways in TRANSITIONS.values() for to in ways} <= states


async def test_the_database_allows_the_same_states(database: Database) -> None:
    """One CHECK lists all of them, and one says that the open ones are those without an end."""
    async with database.connection() as conn:
        definitions = [row["definition"] for row in await conn.fetch(CHECKS)]
    lists = [set(re.findall(r"'(\w+)'::text", text)) for text in definitions if "status" in text]
    assert set(get_args(State)) in lists
    [ending] = [text for text in definitions if "finished_at IS NULL" in text]
    assert set(re.findall(r"'(\w+)'::text", ending)) == OPEN
