"""Which app has a conversation: while another one has it, the bot is silent. Pure."""

from datetime import datetime, timedelta
from typing import Any

from igbot.answering.claimed import PendingEvent
from igbot.answering.outcome import Notice, Pause, Remark, Turn

INBOXES = frozenset({"1217981644879628", "263902037430900"})
"""Instagram's inbox and the Page's (reference §7.2): people answer there."""

TAKEN_FOR = timedelta(hours=24)
"""A conversation in which the customer says nothing for so long is nobody's any more."""


def fold_handover(turn: Turn, event: PendingEvent, *, account: str, now: datetime) -> bool:
    """Take in what Meta tells of who has the conversation. False: it is to be taken in by a turn of its own.

    A conversation that comes back in the turn in which it was lost waits, as this turn cancels what it decides.
    """
    control = event.content().control
    if control is None or not event.known_account:
        return True
    fields: dict[str, Any] = {"app": control.owner}
    if control.action == "request":
        text = f"The app {control.owner or '(Meta does not say which)'} asks Meta for the conversation."
        turn.notices.append(Notice("thread_request", account, turn.claim.igsid, "", "info", text, (), event.test))
        turn.remarks.append(Remark("thread_control_requested", fields, event.test))
    elif control.action == "take" or control.owner in INBOXES:
        turn.leave_to_others(Pause(now, now + TAKEN_FOR, "thread_control"))
        fields |= {"paused_until": turn.paused_until}
        turn.remarks.append(Remark("thread_control_lost", fields, event.test))
    else:
        if turn.pause is not None and turn.pause.cancels:
            turn.again_at = now
            return False
        if turn.paused_reason == "thread_control" and turn.paused_until is not None and turn.paused_until > now:
            turn.resumed = True
        turn.remarks.append(Remark("thread_control_back", fields, event.test))
    return True
