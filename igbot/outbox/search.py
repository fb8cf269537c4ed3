"""Whether a reply is among the messages that Meta has, and whether its absence proves anything."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.meta.conversations_api import SentMessage
from igbot.meta.echoes import is_plain, is_same
from igbot.meta.events import Igsid
from igbot.meta.outgoing import Outgoing
from igbot.outbox.claimed import ClaimedReply
from igbot.outbox.graph import PAGE

CLOCK_SLACK = timedelta(seconds=30)
"""Meta's created_time is in whole seconds and by its own clock; what was sent before is known by its mid."""
NOT_TO_BE_HAD = "no look-up to be had"
NOT_FAR_BACK = "the look-up shows newer messages only"
NOT_TOLD = "the look-up does not tell messages without plain text"

TAKEN = "SELECT mid FROM outbox WHERE account_id = $1 AND mid = ANY ($2)"


async def find_reply(
    conn: "asyncpg.Connection[Any]", reply: ClaimedReply, messages: Sequence[SentMessage]
) -> SentMessage | None:
    """The message of a look-up that is this reply, if any: none that is known to be another's."""
    rows = await conn.fetch(TAKEN, reply.account_id, [m.mid for m in messages])
    since = reply.decided_at - CLOCK_SLACK
    taken = frozenset(str(row["mid"]) for row in rows)
    return found_among(messages, reply.message, igsid=reply.igsid, since=since, taken=taken)


def found_among(
    messages: Sequence[SentMessage], message: Outgoing, *, igsid: Igsid, since: datetime, taken: frozenset[str]
) -> SentMessage | None:
    """The oldest message like ours at or after `since` that the customer did not write and that is no other
    reply's (`taken` mids). Meta gives either of our two ids as its sender, so only the customer's is compared."""
    ours = [
        (m.at, m)
        for m in messages
        if m.mid not in taken and m.from_id != igsid and m.at and m.at >= since and is_same(m, message)
    ]
    return min(ours, key=lambda found: found[0])[1] if ours else None


def unproved(messages: Sequence[SentMessage] | None, message: Outgoing, *, since: datetime) -> str | None:
    """Why the absence of a message that may have been sent at `since` proves nothing; None where it does prove that
    Meta has nothing of it. `messages` None: there was no look-up.

    A full page may begin after the message. And what Meta tells of attachments and templates differs too much for
    their absence to mean anything.
    """
    if messages is None:
        return NOT_TO_BE_HAD
    if not is_plain(message):
        return NOT_TOLD
    reaches_back = len(messages) < PAGE or any(m.at is not None and m.at < since for m in messages)
    return None if reaches_back else NOT_FAR_BACK
