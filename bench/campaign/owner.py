"""The account's owner: acts when igbot has stopped its sends, lets hours pass, and has a dead token renewed."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from bench.campaign.evidence import Pause
from bench.campaign.standin import PlannedMeta
from bench.subject import NotMeasurable
from igbot.accounts.stopping import resume_sends
from igbot.meta.events import AccountId
from igbot.store.listening import wake

LOOK_SECONDS = 0.1
WAITED_OUT, OUTAGE_WAITED_OUT = 4.0, 100.0
"""A wait of so many seconds is waited for, also where it is Meta that is away; one that is longer is cut short, as an
hour has more messages than a campaign."""
_IMPATIENT, _PATIENT, _OFTEN_IMPATIENT = (0.1, 0.3), (2.0, 2.4), 0.9
_ALLOWED_SECONDS = 60.0
TAKEN_WITHIN = 12.0
"""Seconds after which a running bot has taken a new token, and lets its account go on by itself."""

STATE = """
SELECT account_id, halted_at, halted_reason, send_after, send_after_reason FROM account
WHERE halted_at IS NOT NULL OR send_after > $1
"""
HOURS_PASS = "UPDATE account SET send_after = $2 WHERE account_id = $1 AND send_after > $2"
# The reply that met the limit waits as long, also where the account may send again before.
REPLIES_TOO = """
WITH due AS (
    UPDATE outbox o SET due_at = $1 FROM account a
    WHERE a.account_id = o.account_id AND o.status = 'queued' AND o.reason = ANY ('{rate limit,restricted,outage}')
        AND o.due_at > $1::timestamptz + make_interval(secs => $2) AND coalesce(a.send_after, $1) <= $1
    RETURNING o.account_id, o.igsid
)
UPDATE outbox_lane l SET due_at = $1 FROM due WHERE (l.account_id, l.igsid) = (due.account_id, due.igsid)
"""
OUTAGE = "outage"


@dataclass
class Owner:
    """Looks at the accounts again and again; `environ` is that of the bots, `next_token` what the stand-in would
    believe once `token_dies`."""

    conn: "asyncpg.Connection[Any]"
    meta: PlannedMeta
    environ: Mapping[str, str]
    directory: Path
    tokens: tuple[str, str]
    seed: int
    did: Counter[str] = field(default_factory=Counter)
    pauses: list[Pause] = field(default_factory=list)
    """When an account's sends were stopped, as igbot had it, until they were let go on."""
    _dead: bool = False
    _renewed_at: float = 0.0

    def token_dies(self) -> None:
        """From now on the token in use is worth nothing."""
        old, new = self.tokens
        self.meta.tokens.revoke(old)
        self.meta.tokens.issue(new)
        self._dead = True

    async def watch(self) -> None:
        """Acts as long as it is let."""
        chance = random.Random(f"owner {self.seed}")
        while True:
            if (await self.conn.execute(REPLIES_TOO, datetime.now(UTC), WAITED_OUT)) != "UPDATE 0":
                await wake(self.conn, "outbox")
            for account in await self.conn.fetch(STATE, datetime.now(UTC)):
                await self._act(account, chance)
            await asyncio.sleep(LOOK_SECONDS)

    async def _act(self, account: asyncpg.Record, chance: random.Random) -> None:
        seen, now = time.time(), datetime.now(UTC)
        if seen < self._renewed_at + TAKEN_WITHIN and self.tokens[1] not in self.meta.sent_with:
            return
        halted, reason = account["halted_at"] is not None, account["send_after_reason"]
        most = OUTAGE_WAITED_OUT if reason == OUTAGE else WAITED_OUT
        if not halted and (account["send_after"] - now).total_seconds() < most:
            return
        await asyncio.sleep(chance.uniform(*(_IMPATIENT if chance.random() < _OFTEN_IMPATIENT else _PATIENT)))
        self.pauses.append(Pause(seen, time.time(), account["halted_reason"] if halted else reason))
        account_id = AccountId(account["account_id"])
        if halted and self._dead:
            self._dead = False
            await self._renew()
            self._renewed_at = time.time()
            self.did["tokens renewed"] += 1
        elif halted:
            await resume_sends(self.conn, [account_id], now=datetime.now(UTC))
            self.did["stops ended"] += 1
        else:
            await self.conn.execute(HOURS_PASS, account_id, datetime.now(UTC))
            self.did["waits cut short"] += 1
        await wake(self.conn, "outbox")

    async def _renew(self) -> None:
        """What the owner would type."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "igbot", "token", "set"),
            cwd=self.directory,
            env=dict(self.environ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(_ALLOWED_SECONDS):
            said, _ = await process.communicate(self.tokens[1].encode())
        if process.returncode != 0:
            raise NotMeasurable(f"igbot token set ended with {process.returncode}: {said.decode(errors='replace')}")
