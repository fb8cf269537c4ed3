"""What igbot's own database has about a campaign's messages: how replies ended, what was confirmed, what overtook."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from bench.campaign.evidence import Written

STATES = "SELECT for_mid, array_agg(status ORDER BY outbox_id) AS states FROM outbox GROUP BY for_mid"
CONFIRMED = "SELECT for_mid, body ->> 'text' AS text FROM outbox WHERE for_mid = ANY ($1)"
# A deletion has the mid of the message that it takes back, and is what counts.
WORKED_ON = """
SELECT DISTINCT ON (mid) mid, extract(epoch FROM settled_at)::float8 AS at FROM inbox
WHERE mid = ANY ($1) AND settled_at IS NOT NULL ORDER BY mid, kind = 'deleted' DESC
"""
ACCOUNTS = "SELECT to_jsonb(a) AS row FROM account a"


@dataclass(frozen=True, slots=True)
class Book:
    """`states` of the replies to each message, by its mid; when each event was `worked_on`, seconds since 1970."""

    states: dict[str, Sequence[str]]
    worked_on: dict[str, float]
    accounts: list[dict[str, Any]]


async def read_book(conn: "asyncpg.Connection[Any]", written: Iterable[Written]) -> tuple[Book, list[Written]]:
    """The book, and the messages with the words that confirm those that igbot confirms in its own."""
    messages = list(written)
    causes = [message.cause for message in messages if message.cause is not None]
    confirming = [message.mid for message in messages if message.fate == "confirmed"]
    book = Book(
        states={row["for_mid"]: tuple(row["states"]) for row in await conn.fetch(STATES)},
        worked_on={row["mid"]: row["at"] for row in await conn.fetch(WORKED_ON, causes)},
        accounts=[json.loads(row["row"]) for row in await conn.fetch(ACCOUNTS)],
    )
    texts: dict[str, tuple[str, ...]] = {}
    for row in await conn.fetch(CONFIRMED, confirming):
        texts[row["for_mid"]] = (*texts.get(row["for_mid"], ()), row["text"])
    return book, [replace(each, replies=texts[each.mid]) if each.mid in texts else each for each in messages]
