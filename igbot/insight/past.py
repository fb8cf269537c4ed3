"""What customers wrote and what was decided on it, conversation by conversation, a piece at a time."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import asyncpg

from igbot.answering.profiles import profile_of
from igbot.rules.deciding.choice import Profile
from igbot.store.pool import Database

CONVERSATIONS_A_PIECE = 50
MESSAGES_A_PIECE = 500
"""Messages of one conversation that are in memory at once."""

COUNT = "SELECT count(*) FROM conversation WHERE account_id = ANY ($1) AND last_at >= $2"

CONVERSATIONS = """
SELECT account_id, igsid, profile, profile_at FROM conversation
WHERE account_id = ANY ($1) AND last_at >= $2 AND (igsid, account_id) > ($3, $4)
ORDER BY igsid, account_id LIMIT $5
"""

# In both partitions: a conversation that is archived meanwhile is read on where its rows are now.
# held:  rules that fitted and were passed over, with the reason.
# never: of a reply of ours, the message it answered, if all of that answer came to nothing.
MESSAGES = """
SELECT t.igsid, t.account_id, m.*, (
    SELECT json_object_agg(c ->> 'rule', c ->> 'because') FROM jsonb_array_elements(m.considered) c
    WHERE NOT (c -> 'fits')::boolean) AS held, (
    SELECT o.for_mid FROM outbox o
    WHERE (o.outbox_id, o.account_id) = (m.outbox_id, t.account_id)
        AND NOT EXISTS (SELECT FROM outbox p WHERE (p.for_key, p.account_id) = (o.for_key, o.account_id)
            AND p.status NOT IN ('failed', 'cancelled', 'expired', 'dead'))) AS never
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t (igsid, account_id, place)
CROSS JOIN LATERAL (
    SELECT at, message_id, direction, kind, mid, text, payload, test, reason, rule, withheld, considered, decided_at,
        answered_with, outbox_id
    FROM message m
    WHERE (m.igsid, m.account_id) = (t.igsid, t.account_id) AND (m.at, m.message_id) > ($3, $4)
        AND (m.reason IS NOT NULL OR m.outbox_id IS NOT NULL) AND m.deleted_at IS NULL
    ORDER BY m.at, m.message_id LIMIT $5) m
ORDER BY t.place, m.at, m.message_id
"""

_BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Decided:
    """A customer's message with the decision on it; or (`reason` None) that the answer to `never_left` came to nothing.

    `held` are rules that fitted and were passed over, with the reason; `withheld` is why the winner said nothing.
    """

    at: datetime
    number: int
    kind: str = "text"
    mid: str | None = None
    text: str = ""
    payload: str | None = None
    test: bool = False
    reason: str | None = None
    rule: str | None = None
    withheld: str | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    decided_at: datetime = _BEFORE_ALL
    answered_with: str | None = None
    never_left: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some messages of one conversation in order of Meta's time. `first`: it begins here."""

    account: str
    igsid: str
    profile: Profile
    first: bool
    messages: Sequence[Decided]


async def count_conversations(database: Database, *, accounts: Sequence[str], since: datetime) -> int:
    """How many conversations something was said in since then."""
    async with database.connection() as conn:
        return int(await conn.fetchval(COUNT, list(accounts), since))


async def pieces(database: Database, *, accounts: Sequence[str], since: datetime) -> AsyncIterator[Piece]:
    """All conversations in which something was said since then, from their beginning, archived ones too.

    No snapshot is held and no more than a piece is in memory, however much there is.
    """
    last = ("", "")
    while True:
        async with database.connection() as conn:
            found = await conn.fetch(CONVERSATIONS, list(accounts), since, *last, CONVERSATIONS_A_PIECE)
            read = await _read(conn, found, _BEFORE_ALL, 0) if found else []
        if not found:
            return
        last = (found[-1]["igsid"], found[-1]["account_id"])
        by_key = {key: list(rows) for key, rows in groupby(read, lambda row: (row["igsid"], row["account_id"]))}
        for talk in found:
            rows = by_key.pop((talk["igsid"], talk["account_id"]), [])
            yield _piece(talk, rows, first=True)
            while len(rows) == MESSAGES_A_PIECE:
                async with database.connection() as conn:
                    rows = await _read(conn, [talk], rows[-1]["at"], rows[-1]["message_id"])
                yield _piece(talk, rows, first=False)


async def _read(
    conn: "asyncpg.Connection[Any]", talks: Sequence[asyncpg.Record], after: datetime, number: int
) -> list[asyncpg.Record]:
    igsids, accounts = [talk["igsid"] for talk in talks], [talk["account_id"] for talk in talks]
    rows: list[asyncpg.Record] = await conn.fetch(MESSAGES, igsids, accounts, after, number, MESSAGES_A_PIECE)
    return rows


def _piece(talk: asyncpg.Record, rows: Sequence[asyncpg.Record], *, first: bool) -> Piece:
    messages = [_decided(row) for row in rows if row["direction"] == "in" or row["never"] is not None]
    return Piece(
        talk["account_id"], talk["igsid"], profile_of(talk["profile"], talk["profile_at"]) or Profile(), first, messages
    )


def _decided(row: asyncpg.Record) -> Decided:
    if row["direction"] == "out":
        return Decided(row["at"], row["message_id"], never_left=row["never"])
    return Decided(
        at=row["at"],
        number=row["message_id"],
        kind=row["kind"],
        mid=row["mid"],
        text=row["text"],
        payload=row["payload"],
        test=row["test"],
        reason=row["reason"],
        rule=row["rule"],
        withheld=row["withheld"],
        held=json.loads(row["held"]) if row["held"] else {},
        decided_at=row["decided_at"] or row["at"],
        answered_with=row["answered_with"],
    )
