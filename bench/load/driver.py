"""Runs the load generator in its own process."""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from bench.load.plan import Outcome, Plan
from bench.subject import NotMeasurable

ROOT = Path(__file__).resolve().parents[2]
_GRACE_SECONDS = 90.0


def environment(**more: str) -> dict[str, str]:
    """Ours, in which a child finds this checkout's modules, without settings of igbot's that happen to be there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IGBOT_")}
    paths = [str(ROOT), *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **more}


async def run_load(plan: Plan) -> Outcome:
    """What came of the plan. Raises NotMeasurable where the load could not be run or was not answered with 200s."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
    )
    try:
        async with asyncio.timeout(plan.seconds + _GRACE_SECONDS):
            answer, said = await process.communicate(json.dumps(asdict(plan)).encode())
    except TimeoutError:
        raise NotMeasurable("the load generator did not come to its end") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines() or ["it left no word"]
        raise NotMeasurable(f"the load generator failed: {lines[-1]}")
    outcome = Outcome(**json.loads(answer))
    if set(outcome.statuses) != {"200"} or outcome.acked != outcome.sent or outcome.broken:
        raise NotMeasurable(
            f"{outcome.sent} requests were answered with {outcome.statuses or 'nothing'}"
            f" (status: count), {outcome.broken} connections broke"
        )
    return outcome
