"""What verdicts mean beyond their reply, written before it: for the account, for the customer.

Both by statements of their own, and only where there is something to write: a send that simply succeeds costs nothing
here.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.meta.events import AccountId
from igbot.outbox.breaker import Breaker
from igbot.outbox.finish import Finished
from igbot.outbox.gate import Usage
from igbot.outbox.standing import Standing, after, is_new_stop, is_news, limited, noticed

HANDED_OVER = timedelta(hours=24)
"""How long the bot keeps out of a conversation that Meta says is another app's."""
OTHERS_NOW = "another app talks to the customer"

STANDING = """
SELECT send_after, send_after_reason, rate_waits, halted_at, halted_reason, halted_until, usage_percent, usage_at,
    failing, outage_at, outage_probes, probe_until
FROM account WHERE account_id = $1 FOR UPDATE
"""

STAND = """
UPDATE account SET send_after = $2, send_after_reason = $3, rate_waits = $4, halted_at = $5, halted_reason = $6,
    halted_until = $7, usage_percent = $8, usage_at = $9, failing = $10, outage_at = $11, outage_probes = $12,
    probe_until = $13, outage_told_at = CASE WHEN $11::timestamptz IS NULL THEN NULL ELSE outage_told_at END
WHERE account_id = $1
"""

BLOCK = "UPDATE conversation SET blocked_at = $3 WHERE account_id = $1 AND igsid = $2"

HAND_OVER = """
UPDATE conversation SET paused_at = $3, paused_until = greatest(paused_until, $4),
    paused_reason = CASE WHEN paused_until > $3 AND paused_reason IN ('person', 'operator') THEN paused_reason
        ELSE 'thread_control' END,
    cancel_before = greatest(cancel_before, $3), cancel_reason = $5
WHERE account_id = $1 AND igsid = $2
"""


async def bear(
    conn: "asyncpg.Connection[Any]",
    finished: Sequence[Finished],
    *,
    marked: set[AccountId],
    served: Collection[AccountId],
    on_stop: Callable[[Finished], None],
    now: datetime,
) -> bool:
    """Write what the verdicts mean for accounts and customers. Returns whether one of the accounts may send again.

    `marked` are the accounts on which this process has noted something that a success ends; it is kept up to date.
    `served` are all accounts that a limit of the app concerns. `on_stop` gets those verdicts that have stopped their
    account, once that is written: of all calls, in all processes, that meet the same, the first.
    """
    opened = False
    for account in sorted({*served, *(f.reply.account_id for f in finished)}):
        own = [f for f in finished if f.reply.account_id == account]
        others = [
            f for f in finished if f.reply.account_id != account and f.verdict.account_wait and f.verdict.whole_app
        ]
        if others or any(_concerns_account(f, marked=account in marked) for f in own):
            opened |= await _stand(conn, account, own, others, marked=marked, on_stop=on_stop, now=now)
    for each in finished:
        reply, verdict = each.reply, each.verdict
        if verdict.blocks_customer:
            await conn.execute(BLOCK, reply.account_id, reply.igsid, now)
        if verdict.hands_over:
            until = now + HANDED_OVER
            await conn.execute(HAND_OVER, reply.account_id, reply.igsid, now, until, OTHERS_NOW)
    return opened


def _concerns_account(finished: Finished, *, marked: bool) -> bool:
    reply, verdict = finished.reply, finished.verdict
    return (
        verdict.failure
        or verdict.account_wait
        or verdict.halt is not None
        or reply.known.probe is not None
        or (verdict.answered and (marked or reply.known.marked))
        or is_news(finished.usage, reply.known.usage)
    )


async def _stand(
    conn: "asyncpg.Connection[Any]",
    account: AccountId,
    own: Sequence[Finished],
    others: Sequence[Finished],
    *,
    marked: set[AccountId],
    on_stop: Callable[[Finished], None],
    now: datetime,
) -> bool:
    stops = []
    async with conn.transaction():
        row = await conn.fetchrow(STANDING, account)
        if row is None:
            return False
        before = standing = _standing(row)
        for each in own:
            reply, earlier = each.reply, standing
            standing = after(
                standing, each.verdict, customer=reply.igsid, probe=reply.known.probe, spread=each.spread, now=now
            )
            if is_new_stop(earlier, each.verdict, now=now):
                stops.append(each)
            if is_news(each.usage, reply.known.usage):
                standing = noticed(standing, each.usage)
        for each in others:
            standing = limited(standing, each.verdict, now=now)
        if standing != before:
            await conn.execute(STAND, account, *_columns(standing))
    for each in stops:
        on_stop(each)
    if standing.marked:
        marked.add(account)
    else:
        marked.discard(account)
    return before.marked and not standing.marked


def _standing(row: asyncpg.Record) -> Standing:
    return Standing(
        send_after=row["send_after"],
        send_after_reason=row["send_after_reason"],
        rate_waits=row["rate_waits"],
        halted_at=row["halted_at"],
        halted_reason=row["halted_reason"],
        halted_until=row["halted_until"],
        usage=Usage(row["usage_percent"], row["usage_at"]),
        breaker=Breaker(tuple(row["failing"]), row["outage_at"], row["outage_probes"], row["probe_until"]),
    )


def _columns(standing: Standing) -> tuple[Any, ...]:
    breaker, usage = standing.breaker, standing.usage
    return (
        standing.send_after,
        standing.send_after_reason,
        standing.rate_waits,
        standing.halted_at,
        standing.halted_reason,
        standing.halted_until,
        usage.percent,
        usage.at,
        breaker.failing,
        breaker.outage_at,
        breaker.probes,
        breaker.probe_until,
    )
