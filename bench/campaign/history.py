"""What there is to know of one message: what the database, the logs and Meta's stand-in hold about it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from igbot.errors import IgbotError
from igbot.insight.considered import Ground
from igbot.insight.why import explain
from igbot.outbox.search import NOT_FAR_BACK
from igbot.sandbox.graph import Sandbox

# Whole rows: a history says what is there, and a new column is part of it.
ARRIVED = """
SELECT to_jsonb(i) - 'raw' AS row FROM inbox i WHERE i.igsid = $1 AND i.mid = $2
"""
DECIDED = """
SELECT to_jsonb(m) - 'considered' AS row FROM message m WHERE m.igsid = $1 AND m.mid = $2 AND m.direction = 'in'
"""
REPLIED = """
SELECT to_jsonb(o) AS row FROM outbox o WHERE o.igsid = $1 AND o.for_mid = $2 ORDER BY o.outbox_id
"""
ATTEMPTED = """
SELECT to_jsonb(s) AS row FROM send_attempt s JOIN outbox o USING (account_id, outbox_id)
WHERE o.igsid = $1 AND o.for_mid = $2 ORDER BY s.attempt_id
"""
# Order is a matter of neighbours.
NEIGHBOURS = """
SELECT json_build_object('for_mid', o.for_mid, 'outbox_id', o.outbox_id, 'inbox_id', i.inbox_id, 'status', o.status,
    'event_at', i.event_at, 'received_at', i.received_at, 'settled_at', i.settled_at, 'sending_at', o.sending_at,
    'finished_at', o.finished_at, 'attempts', o.attempts, 'text', o.body ->> 'text') AS row
FROM outbox o LEFT JOIN inbox i ON (i.account_id, i.event_key) = (o.account_id, o.for_key)
WHERE o.igsid = $1 AND $2 <> '' ORDER BY o.outbox_id
"""
CONVERSATION = """
SELECT to_jsonb(c) AS row FROM conversation c WHERE c.igsid = $1 AND $2 <> ''
"""
STATEMENTS = {
    "arrived": ARRIVED,
    "conversation": CONVERSATION,
    "decided": DECIDED,
    "replies": REPLIED,
    "attempts": ATTEMPTED,
    "neighbours": NEIGHBOURS,
}

OPEN = """
SELECT (SELECT count(*) FROM inbox WHERE status = 'pending')
    + (SELECT count(*) FROM outbox WHERE status IN ('queued', 'sending', 'unknown'))
"""
MOST_SAMPLES = 5
"""Lines kept of each error."""

STATES = "SELECT status, count(*) AS replies FROM outbox GROUP BY status ORDER BY status"


async def read_history(
    conn: "asyncpg.Connection[Any]", meta: Sandbox, logs: Sequence[Path], *, igsid: str, mid: str, rules: Path
) -> dict[str, Any]:
    """Everything about the message `mid` of a customer, as JSON values: what `igbot why` says, and what it says not."""
    known: dict[str, Any] = {"igsid": igsid, "mid": mid, "explained": await _why(conn, mid, own=meta, rules=rules)}
    for name, statement in STATEMENTS.items():
        known[name] = [json.loads(row["row"]) for row in await conn.fetch(statement, igsid, mid)]
    replies = {reply["body"].get("text") for reply in known["replies"]}
    received = meta.accepted.select(igsid=igsid)
    known["received"] = [each.as_json() for each in received if each.sending.text in replies]
    calls = {each["mid"] for each in known["received"]}
    known["calls"] = [each.as_json() for each in meta.calls.select() if each.igsid == igsid and each.mid in calls]
    marks = {f'"{mid}"', *(f'"outbox_id": {reply["outbox_id"]},' for reply in known["replies"])}
    known["log"] = sorted(line for path in logs for line in _lines(path) if any(mark in line for mark in marks))
    return known


async def _why(conn: "asyncpg.Connection[Any]", mid: str, *, own: Sandbox, rules: Path) -> Any:
    accounts = own.settings.account_ids
    try:
        found = await explain(conn, mid, own=accounts, account=None, ground=Ground(rules), now=datetime.now(UTC))
    except IgbotError as error:
        return error.message
    return json.loads(json.dumps(asdict(found), default=str))


@dataclass(frozen=True, slots=True)
class Logged:
    """What processes logged: `send_repeated` and `reply_dead` by the mid of the message, `known`: when, in seconds, a
    reply was logged as sent, by its own mid; errors and warnings by event, and the first lines of each error.
    `unseen`: `send_repeated` because the look-up did not reach back to the call."""

    repeated: Counter[str] = field(default_factory=Counter)
    given_up: set[str] = field(default_factory=set)
    known: dict[str, float] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)


def read_logs(logs: Iterable[Path]) -> Logged:
    """What the logs say; lines that a SIGKILL has cut off are passed over."""
    found = Logged()
    for path in logs:
        for line in _lines(path):
            if '"level": "INFO"' in line and '"reply_sent"' not in line:
                continue
            try:
                said = json.loads(line)
            except ValueError:
                continue
            event, level = str(said.get("event")), str(said.get("level")).lower()
            if event == "send_repeated":
                found.repeated[str(said.get("for_mid"))] += 1
                if said.get("reason") == NOT_FAR_BACK:
                    found.unseen.add(str(said.get("for_mid")))
            if event == "reply_sent":
                found.known[str(said.get("mid"))] = datetime.fromisoformat(said["timestamp"]).timestamp()
            if event == "reply_dead":
                found.given_up.add(str(said.get("for_mid")))
            if level in ("error", "critical"):
                found.errors[event] += 1
                if found.errors[event] <= MOST_SAMPLES:
                    found.samples.append(line.rstrip())
            elif level == "warning":
                found.warnings[event] += 1
    return found


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            yield line.rstrip("\n")
