"""What is said of a reply when a verdict on it was written: one line in the log, however wild Meta's answer was."""

from typing import Any

from igbot.outbox.claimed import ClaimedReply
from igbot.outbox.verdict import Verdict
from igbot.telemetry.log import EventLog

# Together with the names and the rest these keep a line below two kilobytes.
_MID_BYTES = 400
_DETAIL_BYTES = 400
_NAME_BYTES = 120


def fields_of(reply: ClaimedReply) -> dict[str, Any]:
    """What every line about a reply names."""
    fields: dict[str, Any] = {
        "outbox_id": reply.outbox_id,
        "igsid": _brief(reply.igsid, _NAME_BYTES),
        "rule": _brief(reply.rule, _NAME_BYTES),
        "for_mid": _brief(reply.for_mid, _MID_BYTES),
    }
    return fields | ({"test": True} if reply.test else {})


def report(log: EventLog, reply: ClaimedReply, verdict: Verdict) -> None:
    """Say in the log what became of a reply, in one line."""
    log = log.of(reply.account_id)
    fields = fields_of(reply)
    if verdict.state == "sent":
        log.info("reply_sent", **fields, mid=_brief(verdict.mid, _MID_BYTES))
        return
    fields["reason"] = _brief(verdict.reason, _NAME_BYTES)
    if verdict.state == "cancelled":
        log.info("reply_cancelled", **fields)
        if verdict.halt is None:  # its last call may have met what stops the account
            return
    fields |= _call_of(reply, verdict)
    if verdict.due_at is not None and verdict.halt is None:
        fields["until"] = verdict.due_at
    if verdict.state == "expired":
        log.warning("reply_expired", **fields)
    elif verdict.state == "dead":
        log.error("reply_dead", **fields)
    elif verdict.halt is not None:
        log.error("sends_halted", **fields)
    elif verdict.state == "failed" or (verdict.error is not None and verdict.counted):
        log.warning("send_failed", **fields)
    else:
        log.warning("send_postponed", **fields)


def _call_of(reply: ClaimedReply, verdict: Verdict) -> dict[str, Any]:
    """What Meta said to the call that the verdict is on, if there was one."""
    error = verdict.error
    if error is None:
        return {}
    called: dict[str, Any] = {
        "code": error.code,
        "subcode": error.subcode,
        "fbtrace_id": _brief(error.fbtrace_id, _NAME_BYTES),
        "outcome": verdict.outcome,
        "detail": _brief(error.message, _DETAIL_BYTES),
    }
    if verdict.meaning and verdict.meaning != verdict.reason:
        called["meaning"] = verdict.meaning
    return called | ({"attempt": reply.attempts + 1} if verdict.counted else {})


def _brief(text: str | None, most_bytes: int) -> str | None:
    """As much of the text as is written in so many bytes of JSON."""
    if text is None or 6 * len(text) <= most_bytes:
        return text
    left = most_bytes
    for at, char in enumerate(text):
        left -= _bytes_of(char)
        if left < 0:
            return text[:at] + "…"
    return text


def _bytes_of(char: str) -> int:
    if not char.isprintable():
        return 6
    return 2 if char in '"\\' else len(char.encode("utf-8", "replace"))
