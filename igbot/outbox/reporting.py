"""What is said of a reply when a verdict on it was written: one or two lines in the log, and whom it troubles."""

from collections.abc import Callable
from typing import Any, Literal

from igbot.outbox.claim import ClaimedReply
from igbot.outbox.verdict import Verdict
from igbot.telemetry.log import EventLog

Trouble = Literal["halted", "dead", "refused"]
"""Why a person should know: the account's sends are stopped, a reply is given up, Meta refused one for a bad cause."""


def fields_of(reply: ClaimedReply) -> dict[str, Any]:
    """What every line about a reply names."""
    fields: dict[str, Any] = {"outbox_id": reply.outbox_id, "igsid": reply.igsid, "rule": reply.rule}
    fields["for_mid"] = reply.for_mid
    return fields | ({"test": True} if reply.test else {})


def report(
    log: EventLog, reply: ClaimedReply, verdict: Verdict, *, on_trouble: Callable[[str, Trouble, str], None]
) -> None:
    """Say in the log what became of a reply; tell `on_trouble` (account, kind, sentence) what a person must know."""
    fields = fields_of(reply)
    error = verdict.error
    if verdict.state == "sent":
        log.info("reply_sent", **fields, mid=verdict.mid)
    elif verdict.state == "expired":
        log.warning("reply_expired", **fields, reason=verdict.reason)
    elif verdict.state == "cancelled":
        log.info("reply_cancelled", **fields, reason=verdict.reason)
    else:
        if error is not None:
            fields |= {"code": error.code, "subcode": error.subcode, "fbtrace_id": error.fbtrace_id}
            fields |= {"detail": error.message}
        if error is not None and verdict.counted:
            log.warning("send_failed", **fields, attempt=reply.attempts + 1, outcome=verdict.outcome)
        if verdict.halt is not None:
            log.error("sends_halted", **fields, reason=verdict.halt)
        elif verdict.due_at is not None:
            log.warning("send_postponed", **fields, until=verdict.due_at, reason=verdict.reason)
        if verdict.state == "dead":
            log.error("reply_dead", **fields, reason=verdict.reason)
    if verdict.alert:
        kind: Trouble = "halted" if verdict.halt else "dead" if verdict.state == "dead" else "refused"
        on_trouble(reply.account_id, kind, error.message if error else verdict.reason or "")
