"""Messages that their authors took back or edited: what is stored of them goes, or is changed, before a turn is taken.

Each step can be done again and again, and whoever has the conversation: that Meta has told of it is reason enough.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg

from igbot.answering.claimed import REVISIONS, Claim, PendingEvent
from igbot.answering.rows import MOST_EDITS
from igbot.answering.wiping import wipe
from igbot.meta.events import CUSTOMER_KINDS, Mid

# What a call of theirs asked may be what was just taken back: they are asked anew.
ASK_ANEW = """
DELETE FROM service_call WHERE account_id = $1 AND for_key = ANY ($2) AND kind = 'service' AND waits
"""

# Archiving has the conversation's row while it moves its messages.
HOLD = "SELECT FROM conversation WHERE account_id = $1 AND igsid = $2 FOR UPDATE"

EDIT = """
UPDATE message SET text = $4, edits = $5
WHERE (account_id, mid) = ($1, $3) AND igsid = $2 AND kind <> 'reaction' AND deleted_at IS NULL AND edits <= $5
"""


@dataclass(frozen=True, slots=True)
class Revised:
    """A claim as it is to be seen now, and how many replies were cancelled by each deletion, by the mid it is of."""

    claim: Claim
    cancelled: Mapping[Mid, int]


def is_revised(claim: Claim) -> bool:
    """Whether anything is to be done."""
    return any(event.kind in REVISIONS for event in claim.events)


async def revise(conn: "asyncpg.Connection[Any]", claim: Claim, *, now: datetime) -> Revised:
    """Do what the deletions and edits of a claim ask for.

    Of a deleted message nothing remains but that it was there, nor of replies to it that have not left. An edit changes
    the stored text, unless a newer one has; a message that is still to come, or to be decided on, finds it by itself.
    """
    told = [event for event in claim.events if event.kind in REVISIONS and event.mid]
    concerned = {event.mid for event in told}
    if any(event.kind in CUSTOMER_KINDS and event.mid in concerned for event in claim.events):
        claim = await _ask_anew(conn, claim)
    for event in told:
        if event.kind == "edit" and claim.igsid:
            await _edit(conn, claim, event)
    cancelled: dict[Mid, int] = {}
    forgotten: set[str] = set()
    for event in told:
        if event.kind == "deleted" and event.mid:
            wiped = await wipe(conn, claim.account_id, event.mid, at=event.at, facts=claim.memory.facts, now=now)
            cancelled[event.mid] = wiped.cancelled
            forgotten |= wiped.facts
    history = tuple(past for past in claim.history if past.mid not in cancelled)
    facts = {name: fact for name, fact in claim.memory.facts.items() if name not in forgotten}
    return Revised(replace(claim, history=history, memory=replace(claim.memory, facts=facts)), cancelled)


async def _ask_anew(conn: "asyncpg.Connection[Any]", claim: Claim) -> Claim:
    keys = [uuid.UUID(event.key) for event in claim.events if event.kind in CUSTOMER_KINDS]
    await conn.execute(ASK_ANEW, claim.account_id, keys)
    return replace(claim, events=tuple(_unasked(event) for event in claim.events))


def _unasked(event: PendingEvent) -> PendingEvent:
    return replace(event, calls=tuple(call for call in event.calls if call.kind != "service" or not call.waits))


async def _edit(conn: "asyncpg.Connection[Any]", claim: Claim, event: PendingEvent) -> None:
    edit = event.as_sent()
    if not edit.text:
        return
    async with conn.transaction():
        await conn.execute(HOLD, claim.account_id, claim.igsid)
        number = min(edit.num_edit or 0, MOST_EDITS)
        await conn.execute(EDIT, claim.account_id, claim.igsid, event.mid, edit.text, number)
