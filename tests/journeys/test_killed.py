"""SIGKILL wherever it hurts: between the 200 and the end of a reply nothing is lost, and nothing is said twice."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from igbot.answering.claim import CLAIM as CLAIM_MESSAGES
from igbot.answering.settle import SETTLE
from igbot.inbox.receiver import KEEP
from igbot.outbox.claim import CLAIM as CLAIM_REPLIES
from igbot.outbox.finish import FINISH
from igbot.sandbox.faults import FaultRule, HangFault, Match
from tests.journeys.town import Process, Town, open_town
from tests.journeys.wire import Moment, Passing
from tests.waiting import eventually


@dataclass(frozen=True, slots=True)
class Step:
    """A statement going by: `about_them` if it has to name the customer (a claim asks for anybody)."""

    sql: str
    moment: Moment
    about_them: bool = True


def before(sql: str, *, after: str) -> tuple[Step, ...]:
    """The next `sql` once an `after` about the customer was answered."""
    return Step(after, "after"), Step(sql, "before", about_them=False)


SETTLED = (Step(KEEP, "after"), Step(SETTLE, "after"))
FIRST_REPLY = (Step(FINISH, "after"),)
AT_META: dict[str, tuple[str, bool]] = {
    "calling Meta, who has not taken it": ("first", False),
    "calling Meta, who has taken it": ("first", True),
    "calling Meta for the second, not taken": ("second", False),
    "calling Meta for the second, taken": ("second", True),
}
RECEIVING: dict[str, tuple[Step, ...]] = {
    "keeping the message": (Step(KEEP, "before"),),
    "keeping the message, it is kept": (Step(KEEP, "after"),),
    "claiming the message": before(CLAIM_MESSAGES, after=KEEP),
    "claiming the message, it is leased": (Step(CLAIM_MESSAGES, "after"),),
    "settling the message": (Step(SETTLE, "before"),),
    "settling the message, it is settled": (Step(SETTLE, "after"),),
}
IN_DOUBT: dict[str, tuple[Step, ...]] = {
    "claiming the reply, it is marked": (Step(CLAIM_REPLIES, "after"),),
    "claiming the second reply, it is marked": (*FIRST_REPLY, Step(CLAIM_REPLIES, "after")),
    "writing that it is sent": (Step(FINISH, "before"),),
    "writing that the second is sent": (*FIRST_REPLY, Step(FINISH, "before")),
}
SENDING: dict[str, tuple[Step, ...]] = {
    "claiming the reply": before(CLAIM_REPLIES, after=SETTLE),
    "writing that it is sent, it is written": (Step(FINISH, "after"),),
    "claiming the second reply": before(CLAIM_REPLIES, after=FINISH),
    "writing that the second is sent, it is written": (*FIRST_REPLY, Step(FINISH, "after")),
}
ECHOING: dict[str, tuple[Step, ...]] = {
    "keeping an echo": (*SETTLED, Step(KEEP, "before")),
    "keeping an echo, it is kept": (*SETTLED, Step(KEEP, "after")),
    "settling an echo": (*SETTLED, Step(KEEP, "after"), Step(SETTLE, "before")),
    "settling an echo, it is settled": (*SETTLED, Step(KEEP, "after"), Step(SETTLE, "after")),
}


POINTS = [
    *((echo, point) for echo in ("never", "after") for point in (*AT_META, *IN_DOUBT)),
    *((echo, point) for echo in ("never", "after") for point in SENDING),
    *(("after", point) for point in (*RECEIVING, *ECHOING)),
]
"""Whether Meta sends echoes, and where the process is killed. What takes twenty seconds to find out comes first."""


@pytest.mark.timeout(900)
async def test_a_process_killed_at_any_point_loses_nothing_and_repeats_nothing(
    database_url: str, tmp_path: Path
) -> None:
    """Two messages of a customer for each of 34 points; the process is killed there and started again at once. In the
    end Meta has taken exactly one reply to each, in order.

    No kill strikes an earlier customer's second call: a reply whose call was cut off twice is for a person to look at.
    """
    async with open_town(database_url, tmp_path) as town:
        posting: list[asyncio.Task[None]] = []
        customers: dict[str, tuple[str, str]] = {}
        for number, (echo, point) in enumerate(POINTS):
            igsid = f"91{number:014d}"
            customers[igsid] = echo, point
            town.sandbox.configure(echo=echo)
            process = await town.start(ready=False)
            await asyncio.gather(*posting)
            await eventually(town.rests)
            did = [town.sandbox.customer_does(igsid, text=text) for text in ("first", "second")]
            posting = [asyncio.create_task(town.delivered(*did))]
            if point in AT_META:
                await _killed_at_meta(town, process, igsid, *AT_META[point])
            else:
                await _killed_on_the_wire(town, process, igsid, (IN_DOUBT | SENDING | RECEIVING | ECHOING)[point])
            await process.popen.wait()
            town.gone(process)
        last = await town.start()
        await asyncio.gather(*posting)
        await eventually(town.settled)
        for igsid, case in customers.items():
            assert town.received(igsid) == ["You wrote: first", "You wrote: second"], case
        assert await last.end() == 0
        await _all_is_written(town, 2 * len(customers))


async def _all_is_written(town: Town, count: int) -> None:
    """Each message stands once in the history, each reply is sent under a mid of its own, and no process complained."""
    [history] = await town.rows("SELECT count(*), count(DISTINCT mid) AS mids FROM message WHERE direction = 'in'")
    assert tuple(history.values()) == (count, count)
    states = await town.rows("SELECT status, count(*), count(DISTINCT mid) AS mids FROM outbox GROUP BY status")
    assert [tuple(row.values()) for row in states] == [("sent", count, count)]
    assert town.errors() == []


async def _killed_at_meta(town: Town, process: Process, igsid: str, text: str, taken: bool) -> None:
    """Kills the process while a call of the Send API hangs."""
    match = Match(route="send", igsid=igsid, text=text)
    town.sandbox.faults.add([FaultRule(match=match, times=1, fault=HangFault(accepted=taken))])
    await eventually(lambda: any(c.igsid == igsid and c.fault == "hang" for c in town.sandbox.calls.select()))
    process.kill()


async def _killed_on_the_wire(town: Town, process: Process, igsid: str, steps: Sequence[Step]) -> None:
    """Kills the process when the last of the steps goes by; it does not pass."""
    killed = asyncio.Event()
    ahead = list(steps)

    def strikes(passing: Passing) -> bool:
        step = ahead[0]
        if (passing.sql, passing.moment) != (step.sql, step.moment):
            return False
        if step.about_them and igsid.encode() not in passing.said:
            return False
        if len(ahead) > 1:
            del ahead[0]
            return False
        town.wire.watch = None
        process.kill()
        killed.set()
        return True

    town.wire.watch = strikes
    await eventually(killed.is_set)
