"""All that a database holds, for tests of what must not be in it."""

from tests.answering.talking import Desk

TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name
"""


async def tables_with(desk: Desk, text: str) -> list[str]:
    """The tables in which a text stands, in whatever column."""
    found = []
    for row in await desk.rows(TABLES):
        held = await desk.rows(f'SELECT * FROM "{row["table_name"]}"')
        if any(text in repr(value) for each in held for value in each.values()):
            found.append(row["table_name"])
    return found
