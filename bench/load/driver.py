"""Runs the load generator in its own process."""

import json
from dataclasses import asdict

from bench.child import answer_of
from bench.load.plan import Outcome, Plan
from bench.subject import NotMeasurable

_GRACE_SECONDS = 90.0


async def run_load(plan: Plan) -> Outcome:
    """What came of the plan. Raises NotMeasurable where the load could not be run or was not answered with 200s."""
    told = json.dumps(asdict(plan)).encode()
    seconds = plan.seconds + _GRACE_SECONDS
    answer = await answer_of("bench.load", told=told, seconds=seconds, what="the load generator")
    outcome = Outcome(**answer)
    if set(outcome.statuses) != {"200"} or outcome.acked != outcome.sent or outcome.broken:
        raise NotMeasurable(
            f"{outcome.sent} requests were answered with {outcome.statuses or 'nothing'}"
            f" (status: count), {outcome.broken} connections broke"
        )
    return outcome
