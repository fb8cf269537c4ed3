"""The bot's processes: real ones, in production, each started again as soon as it has gone, until they are to end."""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bench.subject import NotMeasurable

STARTS_WITHIN = 60.0
ENDS_WITHIN = 30.0
_LOOK_SECONDS = 0.02
_TAIL_BYTES = 600


class Place:
    """A place in the fleet: one process at a time, one log for all that were in it."""

    def __init__(self, number: int, directory: Path) -> None:
        self.number = number
        self.data = directory / f"data{number}"
        self.log = directory / f"log{number}.jsonl"
        self.process: asyncio.subprocess.Process | None = None
        self.url: str | None = None
        self.struck = False
        self.changed = asyncio.Condition()

    async def running(self, *, answering: bool) -> None:
        """Returns once there is a process, and, if `answering`, one that takes webhooks."""
        async with self.changed:
            await self.changed.wait_for(lambda: self._lives() and (self.url is not None or not answering))

    def _lives(self) -> bool:
        return self.process is not None and not self.struck


class Fleet:
    """As many processes as there are places. `killed` and `ended` are times, seconds since 1970."""

    def __init__(self, directory: Path, environ: Mapping[str, str], *, places: int) -> None:
        self.places = tuple(Place(number, directory) for number in range(places))
        self._directory = directory
        self._environ = environ
        self._stopping = False
        self.killed: list[float] = []
        self.starts = 0
        self.deaths: list[str] = []
        """Processes that ended although nobody killed them: what they last said."""

    @property
    def urls(self) -> list[str]:
        """Where webhooks are taken now."""
        return [place.url for place in self.places if place.url is not None]

    def kill(self, place: Place) -> bool:
        """SIGKILL; false where there was nobody, or only one that is dying of another."""
        if place.process is None or place.process.returncode is not None or place.struck:
            return False
        self.killed.append(time.time())
        place.struck = True
        place.process.kill()
        return True

    async def keep(self, place: Place) -> None:
        """One place's life: starts a process, and another one when it has gone."""
        while not self._stopping:
            process = await self._start(place)
            code = await process.wait()
            async with place.changed:
                place.process = place.url = None
            if self._unasked(place):
                self.deaths.append(f"exit code {code}: {_tail(place.log)}")
                await asyncio.sleep(1)

    def _unasked(self, place: Place) -> bool:
        return not (self._stopping or place.struck)

    async def _start(self, place: Place) -> asyncio.subprocess.Process:
        self.starts += 1
        environ = {**self._environ, "IGBOT_DATA_DIR": str(place.data)}
        with place.log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "igbot", "serve", cwd=self._directory, stderr=errors, env=environ
            )
        async with place.changed:
            place.process, place.struck = process, False
            place.changed.notify_all()
        url = await _public_url(place.data / "serve.json", process)
        async with place.changed:
            place.url = url
            place.changed.notify_all()
        return process

    async def end(self) -> list[int | None]:
        """SIGTERM for all, and their exit codes; None for one that had to be killed."""
        for place in self.places:
            # One that has only just begun has no answer to a signal yet, and dies of it.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(place.running(answering=True), ENDS_WITHIN)
        self._stopping = True
        codes: list[int | None] = []
        running = [place.process for place in self.places if place.process is not None]
        for process in running:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                codes.append(await asyncio.wait_for(process.wait(), ENDS_WITHIN))
            except TimeoutError:
                codes.append(None)
        return codes

    def stop(self) -> None:
        """No more starts, and nobody is left."""
        self._stopping = True
        for place in self.places:
            if place.process is not None and place.process.returncode is None:
                place.process.kill()


async def _public_url(run_file: Path, process: asyncio.subprocess.Process) -> str | None:
    """What the process has written about itself; None if it goes before it says anything."""
    while process.returncode is None:
        try:
            run = json.loads(run_file.read_text(encoding="utf-8"))  # noqa: ASYNC240 - some bytes
        except (OSError, ValueError):
            run = {}
        # The file of one that was killed in this place is still there.
        if run.get("pid") == process.pid:
            return str(run["public_url"])
        await asyncio.sleep(_LOOK_SECONDS)
    return None


def _tail(log: Path) -> str:
    """The end of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - _TAIL_BYTES, 0))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


@asynccontextmanager
async def open_fleet(directory: Path, environ: Mapping[str, str], *, places: int) -> AsyncIterator[Fleet]:
    """The fleet, all of its first processes taking webhooks. Raises NotMeasurable where they do not start."""
    fleet = Fleet(directory, environ, places=places)
    keepers = [asyncio.create_task(fleet.keep(place)) for place in fleet.places]
    try:
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                for place in fleet.places:
                    await place.running(answering=True)
        except TimeoutError:
            said = fleet.deaths[-1] if fleet.deaths else _tail(fleet.places[0].log)
            raise NotMeasurable(f"igbot serve does not start within {STARTS_WITHIN:.0f} s: {said}") from None
        yield fleet
    finally:
        fleet.stop()
        done, still = await asyncio.wait(keepers, timeout=ENDS_WITHIN)
        for keeper in still:
            keeper.cancel()
        for keeper in done:
            keeper.result()
