"""What there is to know of one message: what the database, the logs and Meta's stand-in hold about it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg

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
CONVERSATION = """
SELECT to_jsonb(c) AS row FROM conversation c WHERE c.igsid = $1 AND $2 <> ''
"""
STATEMENTS = {
    "arrived": ARRIVED,
    "conversation": CONVERSATION,
    "decided": DECIDED,
    "replies": REPLIED,
    "attempts": ATTEMPTED,
}

OPEN = """
SELECT (SELECT count(*) FROM inbox WHERE status = 'pending')
    + (SELECT count(*) FROM outbox WHERE status IN ('queued', 'sending', 'unknown'))
"""
STATES = "SELECT status, count(*) AS replies FROM outbox GROUP BY status ORDER BY status"


async def read_history(
    conn: "asyncpg.Connection[Any]", meta: Sandbox, logs: Sequence[Path], *, igsid: str, mid: str
) -> dict[str, Any]:
    """Everything about the message `mid` of a customer, as JSON values."""
    known: dict[str, Any] = {"igsid": igsid, "mid": mid}
    for name, statement in STATEMENTS.items():
        known[name] = [json.loads(row["row"]) for row in await conn.fetch(statement, igsid, mid)]
    replies = {reply["body"]["text"] for reply in known["replies"]}
    received = meta.accepted.select(igsid=igsid)
    known["received"] = [each.as_json() for each in received if each.sending.text in replies]
    calls = {each["mid"] for each in known["received"]}
    known["calls"] = [each.as_json() for each in meta.calls.select() if each.igsid == igsid and each.mid in calls]
    marks = {mid, *(f'"outbox_id": {reply["outbox_id"]},' for reply in known["replies"])}
    known["log"] = [line for path in logs for line in _lines(path) if any(mark in line for mark in marks)]
    return known


def read_logs(logs: Iterable[Path]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """What processes logged: `send_repeated` by the mid of the message, errors by event, and all of what they warn of.

    Lines that a SIGKILL has cut off are passed over.
    """
    repeated: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    for path in logs:
        for line in _lines(path):
            if '"level": "INFO"' in line:
                continue
            try:
                said = json.loads(line)
            except ValueError:
                continue
            event, level = str(said.get("event")), str(said.get("level")).lower()
            if event == "send_repeated":
                repeated[str(said.get("for_mid"))] += 1
            if level in ("error", "critical"):
                errors[event] += 1
            elif level == "warning":
                warnings[event] += 1
    return repeated, errors, warnings


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            yield line.rstrip("\n")
