"""What a simulated customer does: read from the command line, and written as Meta would post it."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from igbot.cli.accounts import accounts_called
from igbot.errors import UsageError

if TYPE_CHECKING:
    from igbot.settings.model import Settings

KINDS = "text image video audio file share story_reply story_mention quick_reply postback reaction unsupported"
BUTTONS = ("quick_reply", "postback")


@dataclass(frozen=True, slots=True)
class Said:
    """What the customer does, to the account with the id `to`. `payload` is a whole webhook body that stands for
    everything else."""

    igsid: str
    to: str
    text: str = ""
    kind: str = "text"
    at: datetime | None = None
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command line, as they were given."""

    text: str | None
    igsid: str | None
    kind: str | None
    at: str | None
    payload: Path | None
    account: str | None

    def read(self, settings: "Settings") -> Said | None:
        """What is to be said; None where a chat is meant. Raises UsageError."""
        if self.payload is not None:
            if (self.text, self.igsid, self.kind, self.at, self.account) != (None, None, None, None, None):
                raise UsageError("--payload is a whole webhook body: leave out TEXT, --as, --kind, --at and --account")
            return Said(new_igsid(), "", payload=_body(self.payload))
        kind, igsid = _kind(self.kind or "text"), new_igsid() if self.igsid is None else _igsid(self.igsid)
        at = None if self.at is None else _time(self.at, settings)
        if self.text is None and kind in BUTTONS:
            raise UsageError(f"--kind {kind}: TEXT is missing", hint="it is the payload of the button")
        if self.text is None and self.kind is None:
            if at is not None:
                raise UsageError("--at needs TEXT: in a chat /clock moves the time")
            return None
        return Said(igsid, self.account_id(settings), self.text or "", kind, at)

    def account_id(self, settings: "Settings") -> str:
        """The id that the customer writes to: as it was given, the first of the account that was named, or of all.

        Raises UsageError.
        """
        if not settings.accounts:
            raise UsageError("there is no account to write to", hint="set IGBOT_ACCOUNT_ID as it is for that server")
        account = accounts_called(settings, self.account)[0]
        return self.account if self.account is not None and self.account in account.ids else account.ids[0]


def webhook_body(settings: "Settings", said: Said) -> tuple[bytes, list[str]]:
    """The delivery Meta would post, and the mids of the customers' messages to us in it."""
    from igbot.meta.events import CUSTOMER_KINDS, AccountId
    from igbot.meta.webhook import read_webhook
    from igbot.sandbox.customer import OWN_MID_KINDS, customer_message, delivery_body

    now = datetime.now(UTC)
    body = said.payload
    if body is None:
        at, mid = said.at or now, f"m_simulated_{secrets.token_hex(8)}"
        own = said.kind in OWN_MID_KINDS
        item = customer_message(
            said.igsid, said.to, at=at, kind=said.kind, mid=mid if own else None, text=said.text,
            payload=said.text if said.kind in BUTTONS else None, about=None if own else mid,
        )  # fmt: skip
        body = delivery_body([item], said.to, at=at)
    accounts = {raw: AccountId(account.ids[0]) for account in settings.accounts for raw in account.ids}
    events = read_webhook(body, accounts=accounts, received_at=now)
    return body, [e.mid for e in events if e.kind in CUSTOMER_KINDS and e.mid and e.known_account]


def new_igsid() -> str:
    """The id of a customer nobody has met."""
    return f"9{secrets.randbelow(10**15):015d}"


def _igsid(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", text):
        raise UsageError("--as is no IGSID", hint="digits, as in 9000000000000001; letters, _ . and - will do as well")
    return text


def _kind(kind: str) -> str:
    if kind not in KINDS.split():
        raise UsageError(f"--kind: {kind} is no kind of message", hint=f"one of: {', '.join(KINDS.split())}")
    return kind


def _time(text: str, settings: "Settings") -> datetime:
    from igbot.cli.moments import names_its_zone, read_at, zone_of_folder

    zone = settings.timezone if names_its_zone(text) else zone_of_folder(settings)
    return read_at(text, zone, now=datetime.now(UTC)).astimezone(UTC)


def _body(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--payload: {path} cannot be read: {error.strerror}") from None
    if not data.strip():
        raise UsageError(f"--payload: {path} is empty")
    return data
