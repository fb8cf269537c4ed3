"""One conversation out of the history, as it is written down for a test."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from igbot.answering.profiles import profile_of
from igbot.errors import ExitCode, IgbotError
from igbot.insight.accounts import conversation_meant
from igbot.rules.deciding.choice import Answered, Profile
from igbot.rules.testing.masking import Mask
from igbot.rules.testing.recording import Said, write_case

REMEMBERED = 5
"""Messages before the first step that are written down as the case's history."""

LAST = """
SELECT at, author, kind, text, payload, mid, reason, rule, answered_with FROM message
WHERE (igsid, account_id) = ($1, $2) AND reason IS DISTINCT FROM 'standby' AND deleted_at IS NULL
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

    `account` (its name or any of its ids) says which. Raises NobodyKnown, and UsageError where several accounts know
    the customer and none or several of them are meant.
    """
    talk = await conversation_meant(conn, igsid, own=own, account=account)
    igsid = talk["igsid"]
    messages = await conn.fetch(LAST, igsid, talk["account_id"], last + REMEMBERED)
    stubs: dict[str, dict[str, Answered]] = defaultdict(dict)
    for call in await conn.fetch(CALLS, igsid, talk["account_id"]):
        answer = json.loads(call["answer"]) if call["answer"] else None
        stubs[call["for_mid"]][call["name"]] = Answered(call["ok"], answer, call["why"] or "")
    said = [_said(row, stubs.get(row["mid"] or "", {})) for row in reversed(messages)]
    cut = max(len(said) - last, 0)
    return Recorded(igsid, profile_of(talk["profile"], talk["profile_at"]) or Profile(), said[:cut], said[cut:])


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
