"""What `/readyz` and `igbot health` say: each dependency with its state, and the figures that matter."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import asyncpg

from igbot.accounts.token_checks import days_left
from igbot.conversations.archive import last_run
from igbot.errors import IgbotError
from igbot.ops.our_accounts import OurAccounts
from igbot.rulebook.book import Rulebook
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock

Status = Literal["ok", "degraded", "down"]
ARCHIVE_IS_LATE = timedelta(days=2)

# Counts what is open and dead through partial indexes; what is settled is history, not health. Of our accounts ($1) and
# of those that nobody has; what other bots on the database have to do, and what an account that was taken out of the
# settings left behind, is no matter here.
FIGURES = """
WITH others AS (SELECT array_agg(account_id) AS ids FROM account WHERE account_id <> ALL ($1)),
waiting AS (
    SELECT min(event_at) AS oldest, count(*) AS pending FROM inbox
    WHERE status = 'pending' AND account_id <> ALL (coalesce((SELECT ids FROM others), '{}'))
), outgoing AS (
    SELECT min(decided_at) AS oldest, count(*) FILTER (WHERE status = 'queued') AS queued,
        count(*) FILTER (WHERE status = 'sending') AS sending, count(*) FILTER (WHERE status = 'unknown') AS unknown
    FROM outbox WHERE status IN ('queued', 'sending', 'unknown') AND account_id = ANY ($1)
)
SELECT waiting.oldest AS oldest_event, outgoing.oldest AS oldest_reply, pending, queued, sending, unknown,
    (SELECT count(*) FROM inbox WHERE status = 'dead'
        AND account_id <> ALL (coalesce((SELECT ids FROM others), '{}'))) AS inbox_dead,
    (SELECT count(*) FROM outbox WHERE status = 'dead' AND account_id = ANY ($1)) AS outbox_dead,
    (SELECT min(expires_at) FROM access_token WHERE account_id = ANY ($1)) AS token_ends,
    (SELECT count(*) FROM process) AS processes
FROM waiting CROSS JOIN outgoing
"""

SENDS = """
SELECT account_id, halted_at, halted_reason, paused_at, send_after, send_after_reason, outage_at
FROM account WHERE account_id = ANY ($1) ORDER BY account_id
"""

TOKENS = "SELECT account_id, trouble FROM access_token WHERE account_id = ANY ($1) AND trouble IS NOT NULL ORDER BY 1"


@dataclass(frozen=True, slots=True)
class Check:
    """One dependency: its state and what to say about it."""

    status: Status
    detail: str


class Health:
    """Asks every dependency. `last_webhook_at` and `rules_trouble` are what other rooms know."""

    def __init__(
        self,
        database: Database,
        accounts: OurAccounts,
        rulebook: Rulebook,
        *,
        last_webhook_at: Callable[[], datetime | None],
        rules_trouble: Callable[[], str | None],
        alerts_trouble: str | None,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._rulebook = rulebook
        self._last_webhook_at = last_webhook_at
        self._rules_trouble = rules_trouble
        self._alerts_trouble = alerts_trouble
        self._clock = clock

    async def readiness(self) -> dict[str, Any]:
        """The contract's `/readyz` object. `down` only when nothing can be made durable."""
        asked: Mapping[str, Callable[[], Awaitable[Check]]] = {
            "database": self._check_database,
            "rules": self._check_rules,
            "token": self._check_token,
            "sends": self._check_sends,
            "archive": self._check_archive,
            "alerts": self._check_alerts,
        }
        checks: dict[str, dict[str, Any]] = {}
        for name, check in asked.items():
            started = time.monotonic()
            try:
                result = await check()
            except IgbotError as error:
                result = Check("degraded", error.message)
            except (asyncpg.PostgresError, TimeoutError) as error:
                result = Check("degraded", f"could not be asked: {type(error).__name__}")
            seconds = round(time.monotonic() - started, 4)
            checks[name] = {"status": result.status, "detail": result.detail, "seconds": seconds}
        states = {check["status"] for check in checks.values()}
        status = "down" if "down" in states else "degraded" if "degraded" in states else "ok"
        return {"status": status, "checks": checks}

    async def figures(self) -> dict[str, Any]:
        """The figures of the contract (§8); null where the database cannot be asked."""
        rules = self._rulebook.current
        known: dict[str, Any] = {
            "oldest_unanswered_seconds": None,
            "inbox": None,
            "outbox": None,
            "dead": None,
            "spooled": 0,
            "last_webhook_at": _iso(self._last_webhook_at()),
            "token_days_left": None,
            "rules": rules.count if rules else None,
            "rules_digest": rules.digest if rules else None,
            "last_archive_at": None,
            "processes": None,
        }
        try:
            async with self._database.connection() as conn:
                row = await conn.fetchrow(FIGURES, self._accounts.ids)
                archived_at = await last_run(conn)
        except (IgbotError, asyncpg.PostgresError, TimeoutError):
            return known
        if row is None:
            return known
        now = self._clock()
        oldest = min((t for t in (row["oldest_event"], row["oldest_reply"]) if t), default=None)
        waiting = max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
        return known | {
            "oldest_unanswered_seconds": round(waiting, 3),
            "inbox": {"pending": row["pending"], "dead": row["inbox_dead"]},
            "outbox": {state: row[state] for state in ("queued", "sending", "unknown")} | {"dead": row["outbox_dead"]},
            "dead": row["inbox_dead"] + row["outbox_dead"],
            "token_days_left": days_left(row["token_ends"], now=now),
            "last_archive_at": _iso(archived_at),
            "processes": row["processes"],
        }

    async def _check_database(self) -> Check:
        try:
            async with self._database.connection() as conn:
                version = await conn.fetchval("SHOW server_version")
        except IgbotError as error:
            return Check("down", error.message)
        except TimeoutError:
            return Check("down", "PostgreSQL does not answer")
        return Check("ok", f"PostgreSQL {version}")

    async def _check_rules(self) -> Check:
        rules = self._rulebook.current
        if rules is None:
            return Check("degraded", "no rule set has ever loaded: messages are kept and not answered")
        trouble = self._rules_trouble()
        if trouble:
            return Check("degraded", trouble)
        return Check("ok", f"{rules.count} rules, set {rules.digest}")

    async def _check_token(self) -> Check:
        if troubles := self._accounts.troubles():
            return Check("degraded", _each(troubles))
        async with self._database.connection() as conn:
            rows = await conn.fetch(TOKENS, self._accounts.ids)
        if found := {self._accounts.name_of(row["account_id"]): row["trouble"] for row in rows}:
            return Check("degraded", _each(found))
        return Check("ok", "confirmed by Meta")

    async def _check_sends(self) -> Check:
        async with self._database.connection() as conn:
            rows = await conn.fetch(SENDS, self._accounts.ids)
        now = self._clock()
        able = self._accounts.sending()
        parked = {id_: None if id_ in able else "has no token that it could send with" for id_ in self._accounts.ids}
        stopped = parked | {row["account_id"]: _stop_of(row, now) or parked[row["account_id"]] for row in rows}
        troubles = {self._accounts.name_of(id_): why for id_, why in stopped.items() if why}
        return Check("degraded", _each(troubles)) if troubles else Check("ok", "going out")

    async def _check_archive(self) -> Check:
        async with self._database.connection() as conn:
            at = await last_run(conn)
        if at is None:
            return Check("ok", "never run; put `igbot archive` into cron")
        if self._clock() - at > ARCHIVE_IS_LATE:
            return Check("degraded", f"last run {_iso(at)}, more than two days ago")
        return Check("ok", f"last run {_iso(at)}")

    async def _check_alerts(self) -> Check:
        trouble = self._alerts_trouble
        return Check("degraded", trouble) if trouble else Check("ok", "sent where addresses are set")


def _stop_of(row: asyncpg.Record, now: datetime) -> str | None:
    """Why an account does not send now, if it does not."""
    if row["halted_at"]:
        return f"stopped: {row['halted_reason']}"
    if row["paused_at"]:
        return f"paused by the operator since {_iso(row['paused_at'])}; `igbot resume` ends it"
    if row["outage_at"]:
        return f"outage since {_iso(row['outage_at'])}, next try {_iso(row['send_after'] or now)}"
    if row["send_after"] and row["send_after"] > now:
        return f"{row['send_after_reason'] or 'rate limit'}, waits until {_iso(row['send_after'])}"
    return None


def _each(troubles: Mapping[str, str]) -> str:
    return "; ".join(f"account {name}: {why}" for name, why in troubles.items())


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
