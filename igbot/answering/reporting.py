"""What the log tells of turns that were written: fixed event names, never a customer's words above DEBUG."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from igbot.answering.claimed import Claim, PendingEvent
from igbot.answering.outcome import NewMessage, Notice, Turn
from igbot.answering.preparing import Prepared
from igbot.rules.deciding.choice import Choice
from igbot.telemetry.clock import Clock
from igbot.telemetry.counters import Counters
from igbot.telemetry.log import EventLog

SLOW = timedelta(seconds=15)

Fields = dict[str, Any]


class Reporter:
    """Writes the lines of one worker, and counts what it decides."""

    def __init__(self, log: EventLog, counters: Counters, clock: Clock) -> None:
        self._log = log
        self._counters = counters
        self._clock = clock

    def lease_lost(self, claim: Claim) -> None:
        """Another process has the conversation; nothing of the turn was written."""
        mark = _mark(any(event.test for event in claim.events))
        self._log.of(claim.account_id).warning("lease_lost", account=claim.account_id, igsid=claim.igsid, **mark)

    def failed(self, claim: Claim, event: PendingEvent, error: Exception, *, status: str | None) -> None:
        """One event failed once more."""
        fields: Fields = {"account": claim.account_id, "igsid": claim.igsid, "mid": event.mid}
        fields |= {"kind": event.kind, "attempt": event.attempts + 1, "status": status} | _mark(event.test)
        self._log.of(claim.account_id).error("event_failed", exc=error, **fields)

    def prepared(self, prepared: Prepared) -> None:
        """What was met before turns were taken."""
        for each in prepared.taken_back:
            fields: Fields = {"account": each.claim.account_id, "igsid": each.claim.igsid, "mid": each.mid}
            self._log.of(each.claim.account_id).info("message_deleted", **fields, cancelled=each.cancelled)
        for tool in prepared.tools:
            fields = {"account": tool.account_id, "customers": tool.customers, "pauses_lifted": tool.lifted}
            self._log.of(tool.account_id).warning("other_tool_answered", **fields | _mark(tool.test))

    def told(self, notice: Notice) -> None:
        """People are told of something that is no customer's doing."""
        fields: Fields = {"account": notice.account, "igsid": notice.igsid or None} | _mark(notice.test)
        self._log.of(notice.account).warning(notice.what, **fields)

    def written(self, turn: Turn) -> None:
        """All of a turn."""
        log = self._log.of(turn.claim.account_id)
        igsid = turn.claim.igsid
        for event in turn.settled:
            _tell_event(log, turn.claim, event)
        received = {event.key: event.received_at for event in turn.settled}
        for message in turn.messages:
            self._message(log, turn, message, received)
        for reply in turn.replies:
            fields: Fields = {"igsid": igsid, "rule": reply.choice.rule, "for_mid": reply.for_mid}
            log.info("reply_queued", **fields | {"part": reply.part} | _mark(reply.test))
        for call in turn.calls:
            fields = {"igsid": igsid, "rule": call.rule or None, "service": call.name, "for_mid": call.for_mid}
            log.info("call_queued", **fields | {"waits": call.waits} | _mark(call.test))
        for remark in turn.remarks:
            log.info(remark.event, igsid=igsid, **dict(remark.fields) | _mark(remark.test))
        for fact in turn.facts:
            if fact.what == "echoed":
                by = "text" if fact.outbox_id else "mid"
                log.info("echo_matched", igsid=igsid, mid=fact.mid, by=by, **_mark(fact.test))

    def _message(self, log: EventLog, turn: Turn, message: NewMessage, received: Mapping[str, datetime]) -> None:
        fields: Fields = {"igsid": turn.claim.igsid, "mid": message.content.mid} | _mark(message.test)
        if message.author == "person":
            return
        log.debug("message_text", **fields, text=message.content.text)
        if message.answered_with is not None:
            return  # the last of the lines that were answered as one tells of them all
        choice = message.choice
        if choice is not None:
            fields |= _observed(choice) | ({"resumed": True} if choice.resumed else {})
            rule = None if choice.withheld else choice.rule
            self._counters.decided(choice.reason, rule=rule, observers=choice.observers)
        if choice is not None and choice.withheld is not None and not (choice.replies or choice.handoff):
            fields |= _ruled(choice) | {"withheld": choice.withheld}
            log.info("no_reply", **fields | {"reason": "limit"})
        elif choice is not None and choice.reason in ("rule", "fallback"):
            fields |= _ruled(choice) | {"new_conversation": not turn.claim.known}
            if message.lines > 1:
                fields["lines"] = message.lines
            log.info("rule_matched", **fields)
        elif choice is not None and choice.opt is not None:
            log.info("opted_out" if choice.opt == "out" else "opted_in", **fields)
        elif message.content.kind != "standby":
            if choice is not None and choice.guarded is not None:
                fields |= {"matched": choice.matched, "silent_for": choice.guarded.total_seconds()}
            log.info("no_reply", reason=message.reason, **fields)
        waited = self._clock() - received.get(message.key, message.at)
        if waited - (choice.settle if choice else timedelta(0)) > SLOW:
            seconds = round(waited.total_seconds(), 1)
            log.warning("slow_processing", **fields, seconds=seconds, stage="decision")


def _tell_event(log: EventLog, claim: Claim, event: PendingEvent) -> None:
    fields: Fields = {"igsid": claim.igsid, "mid": event.mid, "kind": event.kind, "sent_at": event.at}
    fields |= _mark(event.test)
    if not event.known_account:
        fields["unknown_account"] = claim.account_id
    if event.kind in ("unknown", "raw"):
        log.warning("message_unsupported", **fields)
        return
    log.info("message_received", **fields)
    if event.kind in ("dashboard_test", "standby", "echo"):
        log.info("no_reply", reason=event.kind, **fields)


def _ruled(choice: Choice) -> Fields:
    fields: Fields = {"reason": choice.reason, "rule": choice.rule, "digest": choice.digest}
    fields["matched"] = choice.matched or None
    return fields | ({"variant": choice.variant} if choice.variant else {})


def _observed(choice: Choice) -> Fields:
    return {"observers": list(choice.observers)} if choice.observers else {}


def _mark(test: bool) -> Fields:
    return {"test": True} if test else {}
