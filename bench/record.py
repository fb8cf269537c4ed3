"""A run as JSON: everything, every round, so that a figure can be looked into and drawn again later."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.machine import Machine
from bench.outcome import Entry, Run, Table
from bench.subject import Figure, Goal

FORMAT = 1


class NoRecord(Exception):
    """The file is no record of a run; the text says why."""


def write_record(run: Run, path: Path) -> None:
    """Keep a run. Raises OSError."""
    text = json.dumps({"format": FORMAT, **asdict(run)}, indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def read_record(path: Path) -> Run:
    """A kept run. Raises NoRecord."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["format"] != FORMAT:
            raise NoRecord(f"{path} has format {kept['format']}, and this bench reads {FORMAT}")
        return Run(Machine(**kept["machine"]), [_table(each) for each in kept["tables"]])
    except OSError as error:
        raise NoRecord(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NoRecord(f"{path} is no record of a run") from error


def _table(kept: Mapping[str, Any]) -> Table:
    return Table(
        **{
            **kept,
            "figures": [Figure(**each) for each in kept["figures"]],
            "goals": [Goal(**each) for each in kept["goals"]],
            "entries": [Entry(**each) for each in kept["entries"]],
        }
    )
