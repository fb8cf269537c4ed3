"""Whose words came back: an echo is a fact of a reply of ours, a person who has taken over, or another tool. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from igbot.answering.claimed import Claim, OpenReply, PendingEvent
from igbot.answering.outcome import Fact, NewMessage, Pause, Remark, Turn
from igbot.answering.policy import ECHO_GRACE, Policy
from igbot.meta.echoes import heard_words, is_echo_of
from igbot.meta.events import Content

ECHO_RECHECK = timedelta(milliseconds=500)

AT_ONCE = timedelta(seconds=5)
"""No person answers a customer's message so quickly, three times with the same words."""

OTHER_TOOL = "other_tool"
"""The reason of a pause that was none: a tool's first answers were taken for a person's."""


def fold_echo(turn: Turn, event: PendingEvent, policy: Policy, *, open_replies: list[OpenReply], now: datetime) -> bool:
    """Take in one echo. False: whose it is is not known yet, ask again at `turn.again_at`.

    A reply of `open_replies` that the echo proves sent is taken out of them.
    """
    if event.mid is None or not event.known_account:
        return True
    if event.our_echo:
        turn.facts.append(Fact("echoed", event.mid, event.at, event.test))
        return True
    heard = event.as_sent()
    reply = _reply_in(heard, open_replies)
    if reply is not None:
        # The echo overtook the answer to our call, or the answer is lost: it is the proof that Meta took it.
        open_replies.remove(reply)
        turn.facts.append(Fact("echoed", event.mid, event.at, event.test, reply.outbox_id))
        return True
    words = heard_words(heard)
    if words and words in turn.claim.said:
        # The second copy of a reply that had to be sent again, whose row has the first one's mid; or one that was given
        # up and reached the customer after all, long ago and many messages back as that may be.
        return True
    written = NewMessage(event.key, event.at, "out", "person", event.content(), event.test, deleted_at=event.deleted_at)
    if words in turn.claim.tools and answers_at_once(turn.claim, event):
        turn.messages.append(written)
        return True
    if not is_grace_over(event, now):
        turn.again_at = min(now + ECHO_RECHECK, event.received_at + ECHO_GRACE)
        return False
    turn.messages.append(written)
    _taken_over(turn, event, policy, now)
    return True


def is_grace_over(event: PendingEvent, now: datetime) -> bool:
    """Whether an echo has been unknown for so long that a person has written it."""
    return now >= event.received_at + ECHO_GRACE


def answers_at_once(claim: Claim, event: PendingEvent) -> bool:
    """Whether an echo came so quickly after a message of the customer's that a tool may have written it."""
    return claim.wrote_within(AT_ONCE, event.at)


def unknown_echoes(claim: Claim) -> Iterator[tuple[PendingEvent, Content]]:
    """The echoes of a claim that are none of our sends, as far as is known, with what they say."""
    open_replies = list(claim.open_replies)
    for event in claim.events:
        if event.kind != "echo" or event.mid is None or event.our_echo or not event.known_account:
            continue
        heard = event.as_sent()
        reply = _reply_in(heard, open_replies)
        if reply is not None:
            open_replies.remove(reply)
        elif heard_words(heard) not in claim.said - {""}:
            yield event, heard


def _reply_in(heard: Content, open_replies: Sequence[OpenReply]) -> OpenReply | None:
    return next((reply for reply in open_replies if is_echo_of(heard, reply.message)), None)


def _taken_over(turn: Turn, event: PendingEvent, policy: Policy, now: datetime) -> None:
    """A person has written: the bot is silent for a while, unless the operator has let it speak again since."""
    until = None
    if policy.takeover_pause is not None and not _resumed_since(turn.claim, event, policy, now):
        turn.leave_to_others(Pause(now, now + policy.takeover_pause, "person"))
        until = turn.paused_until
    turn.remarks.append(Remark("human_takeover", {"mid": event.mid, "paused_until": until}, event.test))


def _resumed_since(claim: Claim, event: PendingEvent, policy: Policy, now: datetime) -> bool:
    """Whether a pause was ended by somebody after the echo was written, so that it tells of nothing new."""
    begun, ended = claim.paused_at, claim.paused_until
    if begun is None or ended is None or not event.at < ended <= now or claim.paused_reason == OTHER_TOOL:
        return False
    if claim.paused_reason == "person" and policy.takeover_pause is not None:
        return ended < begun + policy.takeover_pause
    # How long it was meant to be is not known. One that ends by itself in the few seconds of doubt is the rarer case.
    return event.received_at < ended
