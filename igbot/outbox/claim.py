"""Claim the replies that are due: at most one a conversation, the oldest, so that order holds by construction."""

import contextlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import asyncpg

from igbot.meta.events import AccountId, Igsid
from igbot.meta.outgoing import Outgoing, from_stored
from igbot.outbox.verdict import LOST

LEASE = timedelta(seconds=90)
"""Longer than a call may take (`graph.TIMEOUT`); after it the reply counts as lost on the way."""

Step = Literal["type", "send", "settle", "lost", "expire", "cancel", "unreadable"]
"""What is to be done with a claimed reply: show that somebody `type`s (it stays queued until `due_at`), `send` it (it
is marked `sending`), `settle` its unknown outcome, treat it as `lost` on the way (its process went away mid-call), let
it `expire`, or `cancel` it. `unreadable`: its body is of a version that this program does not know."""

# lane:   the conversations whose oldest open reply is due, of accounts that may send, the longest-waiting first.
# head:   that reply, with what is to be done: policy is checked here, once more, right before the call. What a person
#         has answered stays answered, also once the pause is over. `arrivals` is read in this statement's snapshot
#         (`seen`): a reply that is queued meanwhile makes it differ, see `finish`.
# begun:  replies to send are marked before the call, so that a crash in between leaves a trace. One that another
#         process has sent, or was sending, when this statement began to look (`seen`) waits for the next look.
#         "Still queued" is said as "still what it was": the literal would have the planner read all of `outbox_open`.
#         One before which typing shows is put off once, and then sent like any other: nothing depends on the typing.
CLAIM = """
WITH lane AS (
    SELECT l.account_id, l.igsid FROM outbox_lane l
    WHERE l.due_at <= $1 AND (l.lease_until IS NULL OR l.lease_until < $1)
        AND (SELECT a.halted_at IS NULL AND (a.send_after IS NULL OR a.send_after <= $1)
            FROM account a WHERE a.account_id = l.account_id AND a.account_id = ANY ($5))
    ORDER BY l.due_at LIMIT $2
    FOR UPDATE OF l SKIP LOCKED
), leased AS (
    UPDATE outbox_lane l SET lease_by = $3, lease_until = $4
    FROM lane WHERE (l.account_id, l.igsid) = (lane.account_id, lane.igsid)
), head AS (
    SELECT lane.account_id, lane.igsid, seen.arrivals, o.outbox_id, o.body, o.status, o.attempts, o.unanswered,
        o.reason, o.most_calls, o.sending_at, o.rule, o.for_mid, o.test, o.decided_at,
        CASE WHEN o.typing AND o.due_at <= $1 THEN $1 + o.delay_ms * interval '1 ms' ELSE o.due_at END AS due_at,
        CASE
            WHEN o.outbox_id IS NULL THEN NULL
            WHEN o.status = 'sending' THEN CASE WHEN seen.lease_until >= $1 THEN 'wait' ELSE 'lost' END
            WHEN o.due_at > $1 THEN 'wait'
            WHEN NOT o.despite_pause AND c.cancel_before >= o.decided_at AND o.status = 'queued' THEN 'cancel'
            WHEN o.status = 'unknown' THEN 'settle'
            WHEN o.expires_at - $6::interval <= $1 THEN 'expire'
            WHEN o.typing THEN 'type'
            ELSE 'send'
        END AS step
    FROM lane
    JOIN outbox_lane seen USING (account_id, igsid)
    LEFT JOIN conversation c USING (account_id, igsid)
    LEFT JOIN LATERAL (
        SELECT * FROM outbox o
        WHERE (o.account_id, o.igsid) = (lane.account_id, lane.igsid) AND o.status IN ('queued', 'sending', 'unknown')
        ORDER BY o.outbox_id LIMIT 1) o ON true
), begun AS (
    UPDATE outbox o SET typing = false, due_at = head.due_at,
        status = CASE head.step WHEN 'send' THEN 'sending' ELSE o.status END,
        attempts = o.attempts + CASE head.step WHEN 'send' THEN 1 ELSE 0 END,
        sending_at = CASE head.step WHEN 'send' THEN $1 ELSE o.sending_at END
    FROM head WHERE (o.account_id, o.outbox_id, o.status) = (head.account_id, head.outbox_id, head.status)
        AND head.step IN ('send', 'type')
    RETURNING o.account_id, o.outbox_id
)
SELECT account_id, igsid, outbox_id, body,
    CASE WHEN step IN ('send', 'type')
        AND (account_id, outbox_id) NOT IN (SELECT account_id, outbox_id FROM begun) THEN 'wait' ELSE step END AS step,
    attempts, unanswered, reason, most_calls, sending_at, due_at, rule, for_mid, test, decided_at, arrivals
FROM head
"""

# A reply whose outcome stayed unknown goes out again only if nothing speaks against it now.
BEGIN_AGAIN = """
WITH step AS (
    SELECT CASE
        WHEN NOT o.despite_pause AND c.cancel_before >= o.decided_at THEN 'cancel'
        WHEN o.expires_at - $4::interval <= $3 THEN 'expire'
        ELSE 'send'
    END AS step
    FROM outbox o LEFT JOIN conversation c USING (account_id, igsid)
    WHERE o.account_id = $1 AND o.outbox_id = $2
), begun AS (
    UPDATE outbox SET status = 'sending', attempts = $5, sending_at = $3
    FROM step WHERE account_id = $1 AND outbox_id = $2 AND status = 'unknown' AND step = 'send'
    RETURNING step
)
SELECT step FROM step WHERE step <> 'send' UNION ALL SELECT step FROM begun
"""

RELEASE = """
UPDATE outbox_lane SET lease_by = NULL, lease_until = NULL, due_at = CASE WHEN arrivals = $4 THEN $5 ELSE due_at END
WHERE account_id = $1 AND igsid = $2 AND lease_by = $3
"""

RELEASE_FORGOTTEN = """
UPDATE outbox_lane SET lease_by = NULL, lease_until = NULL
WHERE lease_by = $1 AND (account_id, igsid) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""

NEXT_DUE = """
SELECT min(due_at) FROM outbox_lane WHERE due_at > $1 AND account_id = ANY ($2)
"""


@dataclass(frozen=True, slots=True)
class ClaimedReply:
    """One reply whose conversation is leased to us. `attempts` counts calls before this step.

    `sending_at` is the time of the last call, if any; `lost`: its process went away before it ended. `due_at` is when
    the reply was due, or with the step `type` will be.
    """

    account_id: AccountId
    igsid: Igsid
    outbox_id: int
    step: Step
    message: Outgoing
    attempts: int
    unanswered: int
    lost: bool
    most_calls: int
    sending_at: datetime | None
    due_at: datetime
    rule: str | None
    for_mid: str | None
    test: bool
    decided_at: datetime
    arrivals: int


async def claim_replies(
    conn: "asyncpg.Connection[Any]",
    *,
    process_id: int,
    limit: int,
    accounts: Sequence[AccountId],
    margin: timedelta,
    now: datetime,
) -> list[ClaimedReply]:
    """Up to `limit` due replies of `accounts`, each of another conversation, leased to `process_id`.

    `margin` is how long before the end of the window a reply counts as too late.
    """
    rows = await conn.fetch(CLAIM, now, limit, process_id, now + LEASE, list(accounts), margin)
    idle = [row for row in rows if row["step"] in (None, "wait")]  # nothing open, or not due after all
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        # What is claimed is marked and must be sent, whatever becomes of this; these leases run out by themselves.
        for row in idle:
            lane = row["account_id"], row["igsid"]
            await conn.execute(RELEASE, *lane, process_id, row["arrivals"], row["due_at"])
    return [_claimed(row) for row in rows if row["step"] not in (None, "wait")]


def _claimed(row: asyncpg.Record) -> ClaimedReply:
    step: Step = row["step"]
    try:
        message = from_stored(json.loads(row["body"]))
    except (ValueError, KeyError, TypeError):  # one bad row must not take its neighbours with it
        step, message = "unreadable", Outgoing("")
    return ClaimedReply(
        account_id=AccountId(row["account_id"]),
        igsid=Igsid(row["igsid"]),
        outbox_id=row["outbox_id"],
        step=step,
        message=message,
        attempts=row["attempts"],
        unanswered=row["unanswered"],
        lost=row["reason"] == LOST,
        most_calls=row["most_calls"],
        sending_at=row["sending_at"],
        due_at=row["due_at"],
        rule=row["rule"],
        for_mid=row["for_mid"],
        test=row["test"],
        decided_at=row["decided_at"],
        arrivals=row["arrivals"],
    )


async def put_off(conn: "asyncpg.Connection[Any]", reply: ClaimedReply, *, process_id: int) -> None:
    """Hand the conversation back until its reply is due: nothing was called, nothing is written of it."""
    await conn.execute(RELEASE, reply.account_id, reply.igsid, process_id, reply.arrivals, reply.due_at)


async def release_forgotten(
    conn: "asyncpg.Connection[Any]", *, process_id: int, known: Collection[ClaimedReply]
) -> None:
    """Hand back what this process had claimed over a connection that broke before it learned of it.

    `known` are the replies it has in hand.
    """
    await conn.execute(RELEASE_FORGOTTEN, process_id, [r.account_id for r in known], [r.igsid for r in known])


async def begin_again(
    conn: "asyncpg.Connection[Any]", reply: ClaimedReply, *, margin: timedelta, now: datetime
) -> Literal["send", "cancel", "expire", "settled"]:
    """Mark an unknown reply `sending` once more, unless policy forbids it or an echo has settled it meanwhile."""
    step = await conn.fetchval(BEGIN_AGAIN, reply.account_id, reply.outbox_id, now, margin, reply.attempts + 1)
    match step:
        case "send" | "cancel" | "expire":
            return step  # type: ignore[no-any-return]  # narrowed by the pattern
        case _:
            return "settled"


async def next_due(conn: "asyncpg.Connection[Any]", *, accounts: Sequence[AccountId], now: datetime) -> datetime | None:
    """When the next reply becomes due, if any waits."""
    due: datetime | None = await conn.fetchval(NEXT_DUE, now, list(accounts))
    return due
