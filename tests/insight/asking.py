"""How the tests ask why."""

from collections.abc import Collection
from pathlib import Path

from igbot.insight.considered import Ground
from igbot.insight.explanation import Attempt, Decision, Explanation
from igbot.insight.why import explain
from tests.answering.talking import ACCOUNT, Desk

NOWHERE = Path("no-such-folder")


async def why(
    desk: Desk,
    mid: str,
    *,
    own: Collection[str] = (ACCOUNT,),
    account: str | None = None,
    rules_dir: Path = NOWHERE,
) -> Explanation:
    """All that is known of a message."""
    async with desk.database.connection() as conn:
        return await explain(conn, mid, own=own, account=account, ground=Ground(rules_dir), now=desk.time())


async def decision(desk: Desk, mid: str, *, rules_dir: Path = NOWHERE) -> Decision:
    """The decision that there must be."""
    found = (await why(desk, mid, rules_dir=rules_dir)).decision
    assert found is not None
    return found


async def attempts(desk: Desk, mid: str) -> list[Attempt]:
    """The calls for all replies to a message."""
    return [attempt for reply in (await why(desk, mid)).replies for attempt in reply.attempts]
