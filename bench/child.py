"""Runs one of the bench's own modules in a process of its own, for a figure that nothing else may disturb."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.subject import NotMeasurable

ROOT = Path(__file__).resolve().parents[1]


def environment(**more: str) -> dict[str, str]:
    """Ours, in which a child finds this checkout's modules, without settings of igbot's that happen to be there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IGBOT_")}
    paths = [str(ROOT), *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **more}


async def answer_of(module: str, *arguments: str, told: bytes = b"", seconds: float, what: str) -> Any:
    """What the module prints as JSON, given `told` on its standard input.

    Raises NotMeasurable (`what` names it) where it fails, or has not ended after so many seconds.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
    )
    try:
        async with asyncio.timeout(seconds):
            answer, said = await process.communicate(told)
    except TimeoutError:
        raise NotMeasurable(f"{what} did not come to its end") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines() or ["it left no word"]
        raise NotMeasurable(f"{what} failed: {lines[-1]}")
    return json.loads(answer)
