"""Keep every webhook event before Meta gets its 200: group-committed, one statement a batch."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from igbot.errors import DatabaseUnavailable
from igbot.meta.events import AccountId, WebhookEvent
from igbot.meta.webhook import read_webhook
from igbot.store.group_commit import GroupCommit
from igbot.store.pool import Database
from igbot.store.reachability import connection_lost
from igbot.telemetry.log import EventLog

PATIENCE = 5.0
"""Seconds that PostgreSQL may take over a batch before Meta is told to keep what waits for it (Meta gives up later)."""

DELIVERIES_A_BATCH = 256

# kept:  the new events; one that is there already is a duplicate and changes nothing. Sorted, so that two processes
#        with overlapping duplicates cannot lock each other out; numbered before that, in the order of the deliveries,
#        as two messages may have the same time. Of equal events in one batch the first counts, or two copies of a
#        delivery could give one message each, in either order.
# armed: their conversations are ready to be worked on; `arrivals` tells a worker that is at it that more came.
KEEP = """
WITH kept AS (
    INSERT INTO inbox (inbox_id, account_id, event_key, igsid, kind, mid, event_at, at_mended, received_at,
        known_account, test, raw) OVERRIDING SYSTEM VALUE
    SELECT * FROM (
        SELECT nextval('inbox_inbox_id_seq'), g.* FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[],
            $5::text[], $6::timestamptz[], $7::boolean[], $8::timestamptz[], $9::boolean[], $10::boolean[],
            $11::bytea[]) AS g (account_id, event_key)
    ) AS numbered
    ORDER BY account_id, event_key, nextval
    ON CONFLICT (account_id, event_key) DO NOTHING
    RETURNING account_id, event_key, igsid, received_at
), armed AS (
    INSERT INTO inbox_lane AS l (account_id, igsid, ready_at)
    SELECT account_id, igsid, min(received_at) FROM kept GROUP BY account_id, igsid ORDER BY account_id, igsid
    ON CONFLICT (account_id, igsid) DO UPDATE SET
        arrivals = l.arrivals + 1, ready_at = least(coalesce(l.ready_at, EXCLUDED.ready_at), EXCLUDED.ready_at)
)
SELECT event_key FROM kept
"""

Delivery = tuple[datetime, list[WebhookEvent]]


class Receiver:
    """Makes deliveries durable.

    `accounts` maps every known id of ours to its account, `is_test` marks a customer's events, `on_kept` is called
    after a commit that kept something new.
    """

    def __init__(
        self,
        database: Database,
        *,
        accounts: Callable[[], Mapping[str, AccountId]],
        is_test: Callable[[str], bool],
        on_kept: Callable[[], None],
        log: EventLog,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._is_test = is_test
        self._on_kept = on_kept
        self._log = log
        self.last_at: datetime | None = None
        self._commit: GroupCommit[Delivery, set[bytes] | None] = GroupCommit(
            self._flush, limit=DELIVERIES_A_BATCH, patience=PATIENCE
        )

    async def accept(self, body: bytes, received_at: datetime) -> None:
        """Return once every event of the (signed) body is durable.

        Raises DatabaseUnavailable: nothing may be acknowledged.
        """
        if not self._database.is_open:
            raise DatabaseUnavailable("PostgreSQL cannot be reached", hint="Meta keeps the event and sends it again")
        self.last_at = received_at
        events = read_webhook(body, accounts=self._accounts(), received_at=received_at)
        if not events:
            self._log.info("webhook_received", events=0, new=0, bytes=len(body))
            return
        try:
            new = await self._commit.submit((received_at, events))
        except TimeoutError:
            raise DatabaseUnavailable(f"PostgreSQL did not commit within {PATIENCE:.0f} s") from None
        if new is None:
            raise DatabaseUnavailable("PostgreSQL refused an event of the delivery")
        mark = _mark(all(self._marked(event) for event in events))
        self._log.info("webhook_received", events=len(events), new=len(new), bytes=len(body), **mark)
        if len(new) < len(events):
            for event in events:
                if event.key in new:
                    new.remove(event.key)
                else:
                    fields: dict[str, Any] = {"igsid": event.igsid, "mid": event.mid, "kind": event.kind}
                    self._log.of(event.account_id).info("duplicate_ignored", **fields | _mark(self._marked(event)))

    def _marked(self, event: WebhookEvent) -> bool:
        return event.kind == "dashboard_test" or self._is_test(event.igsid)

    async def run(self) -> None:
        """The one writer of this process."""
        await self._commit.run()

    async def close(self) -> None:
        """Write what is queued and end `run`."""
        await self._commit.close()

    async def _flush(self, deliveries: list[Delivery]) -> list[set[bytes] | None]:
        """Keep all events of all deliveries; if the batch fails, each event by itself.

        The result of a delivery is what of it was new; None where an event of it could not be kept.
        """
        rows = [(received_at, event) for received_at, events in deliveries for event in events]
        async with self._database.connection() as conn:
            refused: set[bytes] = set()
            try:
                kept = await self._keep(conn, rows)
            except asyncpg.PostgresError as error:
                if connection_lost(error, conn):
                    raise
                self._log.error("batch_failed", exc=error, events=len(rows))
                kept, refused = await self._keep_each(conn, rows)
        if kept:
            self._on_kept()
        result: list[set[bytes] | None] = []
        for _, events in deliveries:
            keys = {event.key for event in events}
            result.append(None if keys & refused else keys & kept)
            kept -= keys
        return result

    async def _keep_each(
        self, conn: "asyncpg.Connection[Any]", rows: list[tuple[datetime, WebhookEvent]]
    ) -> tuple[set[bytes], set[bytes]]:
        """The keys kept, and those that PostgreSQL refuses: one bad event must not cost its neighbours."""
        kept: set[bytes] = set()
        refused: set[bytes] = set()
        for row in rows:
            try:
                kept |= await self._keep(conn, [row])
            except asyncpg.PostgresError as error:
                if connection_lost(error, conn):
                    raise
                refused.add(row[1].key)
                self._log.of(row[1].account_id).error("event_refused", exc=error, kind=row[1].kind, mid=row[1].mid)
        return kept, refused

    async def _keep(self, conn: "asyncpg.Connection[Any]", rows: list[tuple[datetime, WebhookEvent]]) -> set[bytes]:
        events = [event for _, event in rows]
        records = await conn.fetch(
            KEEP,
            [e.account_id for e in events],
            [uuid.UUID(bytes=e.key) for e in events],
            [e.igsid for e in events],
            [e.kind for e in events],
            [e.mid for e in events],
            [e.at for e in events],
            [e.at_mended for e in events],
            [received_at for received_at, _ in rows],
            [e.known_account for e in events],
            [self._marked(e) for e in events],
            [e.raw for e in events],
        )
        return {record["event_key"].bytes for record in records}


def _mark(test: bool) -> dict[str, Any]:
    return {"test": True} if test else {}
