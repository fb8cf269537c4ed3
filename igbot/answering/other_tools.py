"""Another tool answers customers by itself: the same words to several of them, each at once. Kept in PostgreSQL, as no
single conversation shows it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import asyncpg

from igbot.answering.claimed import Claim
from igbot.answering.echoes import OTHER_TOOL, answers_at_once, is_grace_over, unknown_echoes
from igbot.meta.echoes import heard_words, plain_words
from igbot.meta.events import AccountId

CUSTOMERS = 3
"""So many customers get the same words at once from a tool only."""
REMEMBERED = timedelta(days=1)

NOTE = """
INSERT INTO foreign_echo AS f (account_id, words, igsid, seen_at, paused_until)
SELECT account_id, decode(words, 'hex'), igsid, $2, paused_until
FROM json_to_recordset($1) AS g (account_id text, words text, igsid text, paused_until timestamptz)
ORDER BY words, igsid, account_id
ON CONFLICT (words, igsid, account_id) DO UPDATE SET
    seen_at = EXCLUDED.seen_at, paused_until = coalesce(EXCLUDED.paused_until, f.paused_until)
"""

# A statement of its own: of several processes that note at the same time, the last to look sees all.
KNOWN = """
SELECT account_id, words FROM (
    SELECT DISTINCT account_id, decode(words, 'hex') AS words
    FROM json_to_recordset($1) AS g (account_id text, words text)) g
WHERE (SELECT count(*) FROM (
    SELECT FROM foreign_echo f
    WHERE (f.account_id, f.words) = (g.account_id, g.words) AND f.seen_at > $2 LIMIT $3) seen) = $3
"""

# fresh:  the customers for whom it was not known yet that a tool answers. All of them are, where it is new.
# held:   those of their conversations that are silent because of it: nothing has moved the end of the pause since.
# lifted: they are the bot's again. When the pause began stays: it tells when the bot was silent last. The reason tells
#         that no operator has ended it, after whom an older echo would count for nothing.
TELL = """
WITH fresh AS (
    SELECT f.* FROM unnest($1::text[], $2::bytea[]) AS g (account_id, words)
    JOIN foreign_echo f USING (account_id, words)
    WHERE NOT f.told ORDER BY f.words, f.igsid, f.account_id FOR UPDATE OF f
), told AS (
    UPDATE foreign_echo f SET told = true FROM fresh
    WHERE (f.words, f.igsid, f.account_id) = (fresh.words, fresh.igsid, fresh.account_id)
), held AS (
    SELECT c.account_id, c.igsid FROM conversation c JOIN fresh USING (account_id, igsid)
    WHERE c.paused_reason = 'person' AND c.paused_until = fresh.paused_until AND c.paused_until > $3
    ORDER BY c.igsid, c.account_id FOR UPDATE OF c
), lifted AS (
    UPDATE conversation c SET paused_until = $3, paused_reason = 'other_tool'
    FROM held WHERE (c.account_id, c.igsid) = (held.account_id, held.igsid)
    RETURNING c.account_id, c.igsid
)
SELECT fresh.account_id, fresh.words, fresh.igsid, lifted.igsid IS NOT NULL AS lifted
FROM fresh LEFT JOIN lifted USING (account_id, igsid)
ORDER BY fresh.account_id, fresh.words
"""

IS_TOLD = "SELECT EXISTS (SELECT FROM foreign_echo WHERE (words, igsid, account_id) = ($1, $2, $3) AND told)"

FORGET = "DELETE FROM foreign_echo WHERE seen_at < $1"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that has just become known by what it says, to so many customers. `lifted` pauses it had brought about."""

    account_id: AccountId
    words: str
    customers: int
    lifted: int
    test: bool

    @property
    def digest(self) -> str:
        """Stands for the words where they must not be, as in the log."""
        return hashlib.sha256(self.words.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Words that a customer got at once from the shop's account, and that are none of ours."""

    claim: Claim
    words: str
    test: bool
    paused_until: datetime | None

    @property
    def digest(self) -> str:
        """What is kept of the words."""
        return _kept_of(self.words)

    @property
    def key(self) -> tuple[str, str]:
        """The tool that this would be."""
        return self.claim.account_id, self.digest


async def look_for_tools(
    conn: "asyncpg.Connection[Any]", claims: Sequence[Claim], *, pause: timedelta | None, now: datetime
) -> tuple[list[Claim], list[Tool]]:
    """The claims with what other tools are known to answer, and the tools that became known by them.

    Asks the database only where a claim has an unknown echo that came at once. `pause` is how long one would silence
    the bot, if it were a person's. Pauses that a tool's first answers brought about are lifted.
    """
    found = [each for claim in claims for each in _candidates(claim, pause, now)]
    if not found:
        return list(claims), []
    asked = json.dumps([_row(each) for each in _once(found)])
    await conn.execute(NOTE, asked, now)
    rows = await conn.fetch(KNOWN, asked, now - REMEMBERED, CUSTOMERS)
    known = {(row["account_id"], row["words"].hex()) for row in rows}
    if not known:
        return list(claims), []
    accounts, digests = [account for account, _ in known], [bytes.fromhex(digest) for _, digest in known]
    told = await conn.fetch(TELL, accounts, digests, now)
    lifted = {(row["account_id"], row["igsid"]) for row in told if row["lifted"]}
    said: dict[tuple[str, str], set[str]] = {}
    for each in found:
        if each.key in known:
            said.setdefault((each.claim.account_id, each.claim.igsid), set()).add(each.words)
    return [_knowing(claim, said, lifted, now) for claim in claims], _new(found, told)


async def forget_echoes(conn: "asyncpg.Connection[Any]", *, now: datetime) -> None:
    """Delete what tells of no tool any more."""
    await conn.execute(FORGET, now - REMEMBERED)


async def is_a_tools(conn: "asyncpg.Connection[Any]", account_id: str, igsid: str, text: str) -> bool:
    """Whether words that a customer got from the shop's account are known to be another tool's; for a day they are."""
    told: bool = await conn.fetchval(IS_TOLD, bytes.fromhex(_kept_of(plain_words(text))), igsid, account_id)
    return told


def _kept_of(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def _candidates(claim: Claim, pause: timedelta | None, now: datetime) -> list[_Candidate]:
    unknown = list(unknown_echoes(claim))
    # The last one's pause is the one that stands: an earlier echo's is renewed by it.
    last = unknown[-1][0] if unknown else None
    found = []
    for event, heard in unknown:
        words = heard_words(heard)
        if words and answers_at_once(claim, event):
            silent = pause is not None and event is last and is_grace_over(event, now)
            found.append(_Candidate(claim, words, event.test, now + pause if pause is not None and silent else None))
    return found


def _once(found: Sequence[_Candidate]) -> list[_Candidate]:
    """One a customer and words: a statement writes a row only once. The last is the one that may have a pause."""
    return list({(*each.key, each.claim.igsid): each for each in found}.values())


def _row(each: _Candidate) -> Mapping[str, str | None]:
    until = each.paused_until.isoformat() if each.paused_until else None
    return {
        "account_id": each.claim.account_id,
        "words": each.digest,
        "igsid": each.claim.igsid,
        "paused_until": until,
    }


def _knowing(
    claim: Claim, said: Mapping[tuple[str, str], set[str]], lifted: set[tuple[str, str]], now: datetime
) -> Claim:
    key = claim.account_id, claim.igsid
    if key in lifted:
        claim = replace(claim, paused_until=now, paused_reason=OTHER_TOOL)
    return replace(claim, tools=frozenset(said[key])) if key in said else claim


def _new(found: Sequence[_Candidate], told: Sequence[asyncpg.Record]) -> list[Tool]:
    """The tools nobody knew of: then all of their customers are new at once."""
    tools = []
    for key, rows in groupby(told, key=lambda row: (row["account_id"], row["words"].hex())):
        customers = list(rows)
        if len(customers) >= CUSTOMERS:
            seen = next(each for each in found if each.key == key)
            lifted = sum(row["lifted"] for row in customers)
            tools.append(Tool(AccountId(key[0]), seen.words, len(customers), lifted, seen.test))
    return tools
