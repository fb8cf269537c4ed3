"""Whose words came back: an echo is a fact of a reply of ours, or a person who has taken over. Pure."""

from datetime import datetime, timedelta

from igbot.answering.claimed import OpenReply, PendingEvent
from igbot.answering.outcome import Fact, NewMessage, Pause, Turn
from igbot.answering.policy import ECHO_GRACE, Policy
from igbot.meta.echoes import heard_words, is_echo_of

ECHO_RECHECK = timedelta(milliseconds=500)


def fold_echo(turn: Turn, event: PendingEvent, policy: Policy, *, open_replies: list[OpenReply], now: datetime) -> bool:
    """Take in one echo. False: whose it is is not known yet, ask again at `turn.again_at`.

    A reply of `open_replies` that the echo proves sent is taken out of them.
    """
    if event.mid is None:
        return True
    if event.our_echo:
        turn.facts.append(Fact("echoed", event.mid, event.at, event.test))
        return True
    content = event.content()
    for reply in open_replies:
        if is_echo_of(content, reply.message):
            # The echo overtook the answer to our call, or the answer is lost: it is the proof that Meta took it.
            open_replies.remove(reply)
            turn.facts.append(Fact("echoed", event.mid, event.at, event.test, reply.outbox_id))
            return True
    words = heard_words(content)
    if words and words in turn.claim.said:
        # The second copy of a reply that had to be sent again, whose row has the first one's mid; or one that was given
        # up and reached the customer after all, long ago and many messages back as that may be.
        return True
    if now < event.received_at + ECHO_GRACE:
        turn.again_at = min(now + ECHO_RECHECK, event.received_at + ECHO_GRACE)
        return False
    turn.messages.append(NewMessage(event.key, event.at, "out", "person", content, event.test))
    if policy.takeover_pause is not None:
        turn.pause = Pause(now, now + policy.takeover_pause, "person")
    return True
