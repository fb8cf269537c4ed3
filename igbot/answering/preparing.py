"""What is done with claims before turns are taken: what was taken back or edited, and whether another tool answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.answering.claimed import REVISIONS, Claim, PendingEvent
from igbot.answering.other_tools import Tool, look_for_tools
from igbot.answering.revisions import is_revised, revise
from igbot.meta.events import Mid
from igbot.store.reachability import connection_lost


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A message that its author deleted. So many replies to it were waiting, and do not go out."""

    claim: Claim
    mid: Mid
    cancelled: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A claim of which no turn can be taken, with the event at fault."""

    claim: Claim
    event: PendingEvent
    error: Exception


@dataclass(slots=True)
class Prepared:
    """The claims as turns are to see them, and what was met on the way."""

    claims: list[Claim] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)


async def prepare(
    conn: "asyncpg.Connection[Any]", claims: Sequence[Claim], *, pause: timedelta | None, now: datetime
) -> Prepared:
    """Asks the database for nothing where the claims hold neither deletions nor edits nor unknown echoes.

    `pause` is for how long a person's message silences the bot. Raises what a broken connection raises.
    """
    prepared = Prepared()
    for claim in claims:
        if not is_revised(claim):
            prepared.claims.append(claim)
            continue
        try:
            revised = await revise(conn, claim, now=now)
        except (asyncpg.PostgresError, ValueError) as error:
            if connection_lost(error, conn):
                raise
            first = next(event for event in claim.events if event.kind in REVISIONS)
            prepared.failed.append(Failed(claim, first, error))
        else:
            prepared.claims.append(revised.claim)
            prepared.taken_back += [TakenBack(claim, mid, count) for mid, count in revised.cancelled.items()]
    prepared.claims, prepared.tools = await look_for_tools(conn, prepared.claims, pause=pause, now=now)
    return prepared
