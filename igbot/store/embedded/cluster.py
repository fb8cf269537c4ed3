"""Makes PostgreSQL's data directory, whole or not at all, and knows which version made one."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from igbot.store.embedded.binaries import Binaries
from igbot.store.embedded.failure import OWN_SERVER, EmbeddedServerError
from igbot.store.embedded.layout import Layout
from igbot.store.embedded.privileges import RunAs

ROLE = "igbot"
# Every cluster has it, and the server is all ours: no need for another.
DATABASE = "postgres"
_INITDB_SECONDS = 300.0
_BUILTIN_LOCALES_SINCE = 17


def made_by(cluster: Path) -> int | None:
    """The major version that made the data directory, None where there is none. Raises EmbeddedServerError."""
    try:
        return int((cluster / "PG_VERSION").read_text(encoding="ascii").strip())
    except FileNotFoundError:
        if not cluster.exists():
            return None
    except (OSError, ValueError):
        pass
    raise EmbeddedServerError(
        f"{cluster} is not a PostgreSQL data directory that can be read",
        hint=f"restore it from a backup, name another directory in IGBOT_DATA_DIR, {OWN_SERVER}",
    )


def create_cluster(layout: Layout, binaries: Binaries, run_as: RunAs) -> None:
    """Makes the cluster and its password. Raises EmbeddedServerError, OSError."""
    password = secrets.token_urlsafe(32)
    _write_private(layout.password, password)
    # A kill in the middle must not leave half a cluster behind under the name of a whole one.
    unfinished = layout.home / "cluster.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    run_as.give(unfinished)
    password_file = layout.home / "initdb.password"
    _write_private(password_file, password)
    run_as.give(password_file)
    try:
        _initdb(binaries, run_as, f"--pwfile={password_file}", *_options(binaries.major), "--no-sync", str(unfinished))
        # Syncing once at the end is several times faster than on the way.
        _initdb(binaries, run_as, "--sync-only", str(unfinished))
    finally:
        password_file.unlink()
    unfinished.rename(layout.cluster)


def _options(major: int) -> list[str]:
    options = [f"--username={ROLE}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums"]
    if major >= _BUILTIN_LOCALES_SINCE:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return options


def _initdb(binaries: Binaries, run_as: RunAs, *arguments: str) -> None:
    try:
        done = run_as.run([binaries.program("initdb"), *arguments], timeout=_INITDB_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise EmbeddedServerError("initdb did not come to an end", hint=f"try again, {OWN_SERVER}") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in said if "error:" in line or "FATAL" in line), said[-1] if said else "no reason")
        raise EmbeddedServerError(
            f"the embedded database could not be made: {reason}",
            hint=f"mend what it names (the disk, its space, IGBOT_DATA_DIR), {OWN_SERVER}",
        )


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
