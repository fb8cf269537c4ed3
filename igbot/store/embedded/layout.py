"""Where the embedded server keeps its files, and what its keeper tells the others."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Report:
    """What the keeper, process `keeper`, publishes: an address once the server takes connections, or why not."""

    keeper: int
    host: str = ""
    port: int = 0
    warning: str = ""
    error: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files below `home`, the embedded server's own directory."""

    home: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Layout":
        """The layout in a data directory; the path is made absolute."""
        return cls(Path(os.path.abspath(data_dir)) / "postgres")

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "cluster"

    @property
    def sockets(self) -> Path:
        """Where the server's socket lies, unless its path is too long for the system."""
        return self.home / "run"

    @property
    def password(self) -> Path:
        """The file (0600) with the password of the server's only role."""
        return self.home / "password"

    @property
    def keeper_lock(self) -> Path:
        """Held alone by the keeper for its life."""
        return self.home / "keeper.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by all that use the server; free means nobody does."""
        return self.home / "users.lock"

    @property
    def keeper_log(self) -> Path:
        """What the keeper has to say."""
        return self.home / "keeper.log"

    @property
    def server_log(self) -> Path:
        """What PostgreSQL has to say."""
        return self.home / "server.log"

    @property
    def report(self) -> Path:
        """The keeper's `Report` as JSON; absent while there is nothing to tell."""
        return self.home / "server.json"

    def create(self) -> None:
        """Makes the missing directories. An existing one's mode is never touched. Raises OSError."""
        # The server may run as another user than root, who has to get through to its own files.
        mode = 0o711 if hasattr(os, "geteuid") and os.geteuid() == 0 else 0o700
        self.home.parent.parent.mkdir(parents=True, exist_ok=True)
        for directory in (self.home.parent, self.home):
            try:
                directory.mkdir()
            except FileExistsError:
                continue
            directory.chmod(mode)

    def read_report(self) -> Report | None:
        """The published report, None where there is none or it is not one."""
        try:
            fields = json.loads(self.report.read_text(encoding="utf-8"))
            return Report(**fields)
        except (OSError, ValueError, TypeError):
            return None

    def publish(self, report: Report) -> None:
        """Replaces the report as a whole. Raises OSError."""
        unfinished = self.report.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(report)), encoding="utf-8")
        unfinished.replace(self.report)

    def withdraw(self) -> None:
        """Takes the report away. Raises OSError."""
        self.report.unlink(missing_ok=True)
