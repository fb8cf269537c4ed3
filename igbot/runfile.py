"""The file by which commands find the running server: its pid and its ports, in the data directory."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "serve.json"


@dataclass(frozen=True, slots=True)
class RunFile:
    """Where a running `igbot serve` can be reached, as seen from its own machine."""

    pid: int
    env: str
    public_url: str
    management_url: str
    sandbox_url: str | None


def write(data_dir: Path, run: RunFile) -> RunFile | None:
    """Write the file, readable by its owner only, in one piece: the newest server is found.

    Returns what another server had written, for `remove` to put back.
    """
    path = data_dir / NAME
    before = read(data_dir)
    part = path.with_suffix(f".{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(run), file)
    part.replace(path)
    return before


def read(data_dir: Path) -> RunFile | None:
    """What the last server wrote; it may be gone. None if there is nothing readable."""
    try:
        return RunFile(**json.loads((data_dir / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _lives(pid: int) -> bool:
    if os.name == "nt":
        return False  # looking would end it there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def remove(data_dir: Path, *, before: RunFile | None = None) -> None:
    """Remove our own file, and put back that of a server which was there `before` us and still lives."""
    run = read(data_dir)
    if run is None or run.pid != os.getpid():
        return
    with contextlib.suppress(OSError):
        if before is not None and before.pid != run.pid and _lives(before.pid):
            write(data_dir, before)
        else:
            (data_dir / NAME).unlink()
