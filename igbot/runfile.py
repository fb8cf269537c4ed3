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


def write(data_dir: Path, run: RunFile) -> None:
    """Write the file, readable by its owner only, in one piece."""
    path = data_dir / NAME
    part = path.with_suffix(f".{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(run), file)
    part.replace(path)


def read(data_dir: Path) -> RunFile | None:
    """What the last server wrote; it may be gone. None if there is nothing readable."""
    try:
        return RunFile(**json.loads((data_dir / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remove(data_dir: Path) -> None:
    """Remove our own file; another server's stays."""
    run = read(data_dir)
    if run is not None and run.pid == os.getpid():
        with contextlib.suppress(OSError):
            (data_dir / NAME).unlink()
