"""As whom PostgreSQL runs, which refuses to run as root. No directory's mode is changed to make it fit."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from igbot.store.embedded.failure import OWN_SERVER, EmbeddedServerError

UNPRIVILEGED = ("igbot", "nobody")
_OVERFLOW_ID = "65534"


@dataclass(frozen=True, slots=True)
class RunAs:
    """`prefix` goes before a program's arguments; `uid` and `gid` are its user and group, None for our own."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None
    warning: str = ""

    def give(self, path: Path) -> None:
        """Hands a file or directory that we have just made to the user of the programs. Raises OSError."""
        if sys.platform != "win32" and self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def run(self, arguments: Sequence[str], *, timeout: float) -> "subprocess.CompletedProcess[str]":
        """Runs a program to its end. Raises OSError and subprocess.TimeoutExpired."""
        return subprocess.run(
            [*self.prefix, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
            cwd="/" if os.name == "posix" else None,
            user=self.uid,
            group=self.gid,
            extra_groups=[] if self.uid is not None else None,
        )


def choose_user(home: Path, cluster: Path, postgres: str, *, users: Sequence[str] = UNPRIVILEGED) -> RunAs:
    """Who can run `postgres` on `cluster` (which may not be there yet) below `home`.

    Raises EmbeddedServerError where nobody can.
    """
    if sys.platform == "win32":
        return RunAs()
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedServerError(
                f"the embedded database in {cluster} belongs to user id {owner}, not to the user who runs igbot",
                hint=f"run igbot as that user, name another directory in IGBOT_DATA_DIR, {OWN_SERVER}",
            )
        return RunAs()
    for candidate in _accounts(owner, users):
        if _works(candidate, home, postgres):
            return candidate
    in_namespace = _namespace()
    if owner in (None, 0) and in_namespace and _works(in_namespace, home, postgres):
        return in_namespace
    raise EmbeddedServerError(
        "PostgreSQL refuses to run as root, and no unprivileged user can reach its programs and data here",
        hint=f"run igbot as an ordinary user, {OWN_SERVER}",
    )


def _accounts(owner: int | None, users: Sequence[str]) -> list[RunAs]:
    import pwd

    if owner == 0:
        return []
    if owner is not None:
        try:
            group = pwd.getpwuid(owner).pw_gid
        except KeyError:
            group = owner
        return [RunAs(uid=owner, gid=group)]
    known = [entry for entry in pwd.getpwall() if entry.pw_name in users and entry.pw_uid != 0]
    known.sort(key=lambda entry: users.index(entry.pw_name))
    return [RunAs(uid=entry.pw_uid, gid=entry.pw_gid) for entry in known]


def _namespace() -> RunAs | None:
    unshare = shutil.which("unshare")
    if not unshare:
        return None
    return RunAs(
        prefix=(unshare, "--user", f"--map-user={_OVERFLOW_ID}", f"--map-group={_OVERFLOW_ID}"),
        warning="PostgreSQL runs as root inside a user namespace, because no unprivileged user can reach its files;"
        " good enough to try igbot out, not for production",
    )


def _works(candidate: RunAs, home: Path, postgres: str) -> bool:
    try:
        probe = ["/bin/sh", "-c", 'cd "$1" && exec "$2" --version', "sh", str(home), postgres]
        return candidate.run(probe, timeout=30).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False
