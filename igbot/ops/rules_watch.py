"""The rule set in force: loaded, watched, kept for a bad day, and said aloud when an edit is rejected."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg

from igbot.errors import IgbotError
from igbot.ops.alerts import Alerts
from igbot.rulebook import last_good
from igbot.rulebook.book import Rulebook
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.model import Finding, RuleFile
from igbot.rules.surroundings import Surroundings
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog


class RulesWatch:
    """Ties the rule folder to the database's last good set, the log and the alerts.

    `trouble` says what is wrong with the folder as it is, for `health`; None when the set in force is the folder's.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        alerts: Alerts,
        *,
        surroundings: Surroundings,
        clock: Clock,
        log: EventLog,
    ) -> None:
        self._database = database
        self._alerts = alerts
        self._clock = clock
        self._log = log
        self.trouble: str | None = None
        self.rulebook = Rulebook(
            folder,
            surroundings=lambda: replace(surroundings, now=clock()),
            on_loaded=self._loaded,
            on_rejected=self._rejected,
            log=log,
        )
        self._unsaved: tuple[RuleSet, tuple[RuleFile, ...]] | None = None

    async def joined(self, conn: "asyncpg.Connection[Any]") -> None:
        """The database is there: keep the set in force in it, or take the last good one out of it."""
        if self.rulebook.current is not None:
            if self._unsaved is not None:
                await self._save(conn)
            return
        files = await last_good.load(conn)
        if files is not None and await self.rulebook.use(files):
            self._log.warning("degraded_start", reason=f"{self.trouble}; the last good rule set is in force")

    async def reload(self) -> tuple[bool, dict[str, Any]]:
        """Load now; what `POST /rules/reload` answers."""
        loaded = await self.rulebook.load()
        if loaded.ruleset is None:
            return False, {"loaded": False, "findings": [finding.shape() for finding in loaded.findings]}
        return True, {"loaded": True, "rules": loaded.ruleset.count, "digest": loaded.ruleset.digest}

    async def _loaded(self, rules: RuleSet, files: Sequence[RuleFile]) -> None:
        self.trouble = None
        self._alerts.clear("rules")
        self._log.info("rules_reloaded", rules=rules.count, digest=rules.digest)
        self._unsaved = (rules, tuple(files))
        try:
            async with self._database.connection() as conn:
                await self._save(conn)
        except (IgbotError, asyncpg.PostgresError, TimeoutError):
            return  # kept for when the database is back

    async def _save(self, conn: "asyncpg.Connection[Any]") -> None:
        if self._unsaved is not None:
            rules, files = self._unsaved
            await last_good.save(conn, files, rules.digest, self._clock())
            self._unsaved = None

    async def _rejected(self, findings: Sequence[Finding]) -> None:
        self.trouble = f"rules rejected: {summarise(findings)}"
        self._log.error("rules_rejected", reason=summarise(findings))
        self._alerts.raise_alert("rules", "igbot: an edit of the rules was rejected", self.trouble, "critical")


def summarise(findings: Sequence[Finding]) -> str:
    """The first error with its place, and how many more there are, in one line."""
    errors = [finding for finding in findings if finding.severity == "error"] or list(findings)
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    place = f"{first.file}:{first.line}:{first.column}: " if first.file else ""
    return f"{place}{first.code} {first.message}{more}"
