"""One message explained: found by its mid or by that of an answer to it, with the decision and what came of it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from igbot.answering.other_tools import is_a_tools
from igbot.errors import ExitCode, IgbotError, UsageError
from igbot.insight.considered import Ground, all_considered
from igbot.insight.delivered import calls_for, replies_to
from igbot.insight.explanation import Decision, Explanation, Message, RuleConsidered, RulesNow
from igbot.meta.events import CUSTOMER_KINDS, Content
from igbot.meta.text import storable
from igbot.meta.webhook import read_content

# A mid names a message; but also what a reaction is about, which says least of what was asked for.
FIND = """
SELECT account_id AS account, igsid, mid, kind, text, payload, at, test, reason, rule, digest, considered, decided_at,
    matched, rank, variant, withheld, observers, answered_with, deleted_at, edits,
    CASE WHEN kind = 'reaction' THEN 3 WHEN reason = 'standby' THEN 1 ELSE 0 END AS place
FROM message WHERE mid = $1 AND direction = 'in'
UNION ALL
SELECT m.account_id, m.igsid, m.mid, m.kind, m.text, m.payload, m.at, m.test, m.reason, m.rule, m.digest,
    m.considered, m.decided_at, m.matched, m.rank, m.variant, m.withheld, m.observers, m.answered_with,
    m.deleted_at, m.edits, 2
FROM outbox o
JOIN inbox i ON (i.account_id, i.event_key) = (o.account_id, o.for_key)
JOIN message m ON (m.account_id, m.igsid, m.at, m.kind) = (i.account_id, i.igsid, i.event_at, i.kind)
    AND m.mid IS NOT DISTINCT FROM i.mid AND m.direction = 'in'
WHERE o.mid = $1
ORDER BY place, at DESC
"""

# Each state has an index of its own; together they would have none.
UNDECIDED = """
SELECT account_id AS account, igsid, mid, kind, event_at AS at, test, status, error, raw FROM inbox
WHERE status = 'pending' AND mid = $1 AND kind = ANY ($2)
UNION ALL
SELECT account_id, igsid, mid, kind, event_at, test, status, error, raw FROM inbox
WHERE status = 'dead' AND mid = $1 AND kind = ANY ($2)
"""

NOT_OURS = "SELECT account_id, igsid, text FROM message WHERE mid = $1 AND direction = 'out'"

# An edit that was there before the decision was decided on.
EDITED_SINCE = """
SELECT EXISTS (SELECT FROM inbox
    WHERE mid = $1 AND account_id = $2 AND kind = 'edit' AND (settled_at > $3 OR settled_at IS NULL))
"""

ACCOUNTS = "SELECT account_id FROM account WHERE ids && $1 OR name = ANY ($1)"


class NothingDecided(IgbotError):
    """There is no customer's message to explain."""

    exit_code = ExitCode.BAD


async def explain(
    conn: "asyncpg.Connection[Any]",
    mid: str,
    *,
    own: Collection[str],
    account: str | None,
    ground: Ground,
    now: datetime,
) -> Explanation:
    """What was decided on the message `mid`, or on the one that our message `mid` answers, and what came of it.

    `account` (its name or any of its ids) is where to look; None looks everywhere, and prefers the accounts that have
    one of the ids `own`. `ground` is what rules are asked again on. Raises NothingDecided if nobody knows the mid or a
    person wrote it, UsageError if several accounts do.
    """
    mid = storable(mid)
    found = await conn.fetch(FIND, mid)
    # A reaction must not hide that the message it is about has not been worked on.
    waiting = [] if found and found[0]["place"] < 3 else await conn.fetch(UNDECIDED, mid, [*CUSTOMER_KINDS, "standby"])
    asked = await _one(conn, [*waiting, *found], mid, own=own, account=account)
    if asked.get("status"):
        return Explanation(replace(_undecided(asked), calls=await calls_for(conn, asked)), None, ())
    message = Message(
        account=asked["account"],
        igsid=asked["igsid"],
        mid=asked["mid"],
        kind=asked["kind"],
        text=asked["text"],
        payload=asked["payload"],
        at=asked["at"],
        status="done",
        error=None,
        test=asked["test"],
        calls=await calls_for(conn, asked),
        deleted_at=asked["deleted_at"],
        edits=asked["edits"],
    )
    decision = await _decision(conn, asked, message, ground)
    return Explanation(message, decision, await replies_to(conn, asked, now=now))


async def _one(
    conn: "asyncpg.Connection[Any]",
    found: Sequence[asyncpg.Record],
    mid: str,
    *,
    own: Collection[str],
    account: str | None,
) -> asyncpg.Record:
    """The row that is meant: the first of the one account that has any."""
    wanted = own if account is None else [account]
    preferred = {row["account_id"] for row in await conn.fetch(ACCOUNTS, list(wanted))} | set(wanted)
    ours = [row for row in found if row["account"] in preferred]
    rows = ours if ours or account is not None else found
    accounts = sorted({row["account"] for row in rows})
    if len(accounts) > 1:
        raise UsageError(
            f"{mid} is known to several accounts: {', '.join(accounts)}",
            hint=f"say which one is meant: --account {accounts[0]}",
        )
    if rows:
        return rows[0]
    if account is None and (said := await conn.fetchrow(NOT_OURS, mid)):
        tools = await is_a_tools(conn, said["account_id"], said["igsid"], said["text"] or "")
        who = "another tool, which answers customers as well" if tools else "a person in the Instagram app"
        raise NothingDecided(f"{mid} was written by {who}", hint="only customers' messages are decided on")
    where = f" in account {account}" if account is not None else ""
    raise NothingDecided(
        f"there is no message {mid}{where}", hint="`igbot conversations show IGSID --json` has the mids of a customer"
    )


def _undecided(row: asyncpg.Record) -> Message:
    try:
        content = read_content(row["kind"], row["raw"])
    except (ValueError, RecursionError):  # perhaps the very reason why it is dead
        content = Content(row["kind"])
    return Message(
        account=row["account"],
        igsid=row["igsid"],
        mid=row["mid"],
        kind=row["kind"],
        text=content.text,
        payload=content.payload,
        at=row["at"],
        status=row["status"],
        error=row["error"],
        test=row["test"],
    )


async def _is_revised(conn: "asyncpg.Connection[Any]", row: asyncpg.Record) -> bool:
    """Whether the words are no longer those that rules were asked about: of other words they would say other things."""
    if row["deleted_at"] is not None:
        return True
    if not row["edits"]:
        return False
    edited: bool = await conn.fetchval(EDITED_SINCE, row["mid"], row["account"], row["decided_at"])
    return edited


async def _decision(conn: "asyncpg.Connection[Any]", row: asyncpg.Record, message: Message, ground: Ground) -> Decision:
    stored = json.loads(row["considered"]) if row["considered"] else []
    considered = tuple(
        RuleConsidered(c["rule"], c["fits"], c["because"], tuple(c["order"]) if c["order"] else None) for c in stored
    )
    rules_now: RulesNow | None = None
    # A line that was answered with a later one leaves its reasons to that.
    if row["digest"] is None or row["answered_with"] is not None:
        pass
    elif await _is_revised(conn, row):
        rules_now = "revised"
    else:
        rules_now, considered = await all_considered(
            conn, considered, message, ground, digest=row["digest"], decided_at=row["decided_at"]
        )
    return Decision(
        reason=row["reason"],
        rule=row["rule"],
        digest=row["digest"],
        decided_at=row["decided_at"],
        matched=row["matched"],
        rank=tuple(row["rank"]) if row["rank"] else None,
        variant=row["variant"],
        withheld=row["withheld"],
        observers=tuple(row["observers"] or ()),
        answered_with=row["answered_with"],
        rules_now=rules_now,
        considered=considered,
    )
