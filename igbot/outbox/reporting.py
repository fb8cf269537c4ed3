"""What is said of a reply when a verdict on it was written: one line in the log."""

from typing import Any

from igbot.outbox.claim import ClaimedReply
from igbot.outbox.verdict import Verdict
from igbot.telemetry.log import EventLog


def fields_of(reply: ClaimedReply) -> dict[str, Any]:
    """What every line about a reply names."""
    fields: dict[str, Any] = {"outbox_id": reply.outbox_id, "igsid": reply.igsid, "rule": reply.rule}
    fields["for_mid"] = reply.for_mid
    return fields | ({"test": True} if reply.test else {})


def report(log: EventLog, reply: ClaimedReply, verdict: Verdict) -> None:
    """Say in the log what became of a reply, in one line."""
    fields = fields_of(reply)
    error = verdict.error
    if verdict.state == "sent":
        log.info("reply_sent", **fields, mid=verdict.mid)
        return
    if verdict.state == "cancelled":
        log.info("reply_cancelled", **fields, reason=verdict.reason)
        return
    if error is not None:
        fields |= {"code": error.code, "subcode": error.subcode, "fbtrace_id": error.fbtrace_id}
        fields |= {"detail": error.message, "outcome": verdict.outcome}
        if verdict.counted:
            fields["attempt"] = reply.attempts + 1
    fields["reason"] = verdict.reason
    if verdict.due_at is not None and verdict.halt is None:
        fields["until"] = verdict.due_at
    if verdict.state == "expired":
        log.warning("reply_expired", **fields)
    elif verdict.state == "dead":
        log.error("reply_dead", **fields)
    elif verdict.halt is not None:
        log.error("sends_halted", **fields)
    elif error is not None and verdict.counted:
        log.warning("send_failed", **fields)
    else:
        log.warning("send_postponed", **fields)
