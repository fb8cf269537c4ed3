"""One conversation out of the history, as it is written down for a test."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from igbot.answering.profiles import kept
from igbot.errors import ExitCode, IgbotError, UsageError
from igbot.insight.standing import NobodyKnown
from igbot.meta.text import storable
from igbot.rules.deciding.choice import Answered, Profile
from igbot.rules.testing.masking import Mask
from igbot.rules.testing.recording import Said, write_case

REMEMBERED = 5
"""Messages before the first step that are written down as the case's history."""

FIND = """
SELECT c.account_id, c.profile, c.profile_at,
    coalesce(c.account_id = ANY ($2) OR a.ids && $2::text[], false) AS meant
FROM conversation c LEFT JOIN account a ON a.account_id = c.account_id
WHERE c.igsid = $1
ORDER BY meant DESC, c.account_id
"""

LAST = """
SELECT at, author, kind, text, payload, mid, reason, rule, answered_with FROM message
WHERE (igsid, account_id) = ($1, $2) AND reason IS DISTINCT FROM 'standby'
ORDER BY at DESC, message_id DESC LIMIT $3
"""

CALLS = """
SELECT for_mid, name, ok, answer, why FROM service_call
WHERE (igsid, account_id) = ($1, $2) AND kind = 'service' AND waits AND for_mid IS NOT NULL AND ok IS NOT NULL
"""


class NothingSaid(IgbotError):
    """There is no message to write down."""

    exit_code = ExitCode.BAD


@dataclass(frozen=True, slots=True)
class Recorded:
    """The last messages of a conversation, oldest first; `before` are a few that came before these."""

    igsid: str
    profile: Profile
    before: Sequence[Said]
    said: Sequence[Said]

    def written(self, zone: ZoneInfo) -> str:
        """The case, with what tells who somebody is masked; times in `zone`. Raises NothingSaid."""
        names = (self.profile.name or "", self.profile.username or "")
        name = f"a conversation of {_local(self.said[0], zone):%Y-%m-%d}" if self.said else ""
        try:
            return write_case(
                [_moved(each, zone) for each in self.said],
                name=name,
                before=[_moved(each, zone) for each in self.before],
                profile=self.profile,
                mask=Mask(names),
            )
        except ValueError:
            raise NothingSaid(f"customer {self.igsid} has written nothing that is kept") from None


async def conversation(
    conn: "asyncpg.Connection[Any]", igsid: str, *, own: Collection[str], account: str | None, last: int
) -> Recorded:
    """The `last` messages with a customer, archived or not, in an account that has one of the ids `own`.

    `account` (any of its ids) names the account. Raises NobodyKnown, and UsageError where several accounts know the
    customer and none or several of them are meant.
    """
    igsid = storable(igsid)
    rows = await conn.fetch(FIND, igsid, list(own) if account is None else [account])
    rows = [row for row in rows if row["meant"] or account is None]
    if not rows:
        raise NobodyKnown(
            f"no conversation with customer {igsid!r} is kept" + (f" in account {account}" if account else ""),
            hint="`igbot conversations list` shows them",
        )
    if len(rows) > 1 and (not rows[0]["meant"] or rows[1]["meant"]):
        accounts = [row["account_id"] for row in rows]
        raise UsageError(
            f"several accounts know customer {igsid!r}: {', '.join(accounts)}",
            hint=f"say which one is meant: --account {accounts[0]}",
        )
    talk = rows[0]
    messages = await conn.fetch(LAST, igsid, talk["account_id"], last + REMEMBERED)
    stubs: dict[str, dict[str, Answered]] = defaultdict(dict)
    for call in await conn.fetch(CALLS, igsid, talk["account_id"]):
        answer = json.loads(call["answer"]) if call["answer"] else None
        stubs[call["for_mid"]][call["name"]] = Answered(call["ok"], answer, call["why"] or "")
    said = [_said(row, stubs.get(row["mid"] or "", {})) for row in reversed(messages)]
    profile = kept(json.loads(talk["profile"]) if talk["profile"] else None, talk["profile_at"])
    cut = max(len(said) - last, 0)
    return Recorded(igsid, profile.read() if profile else Profile(), said[:cut], said[cut:])


def _said(row: asyncpg.Record, stubs: dict[str, Answered]) -> Said:
    return Said(
        at=row["at"],
        author=row["author"],
        kind=row["kind"],
        text=row["text"],
        payload=row["payload"],
        reason=row["reason"],
        rule=row["rule"],
        answered_later=row["answered_with"] is not None,
        stubs=stubs,
    )


def _local(said: Said, zone: ZoneInfo) -> datetime:
    return said.at.astimezone(zone)


def _moved(said: Said, zone: ZoneInfo) -> Said:
    return replace(said, at=_local(said, zone))
