"""The sandbox's own record: every message it accepted and every call that was made, in order."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from igbot.sandbox.sending import Sending


def iso(at: datetime) -> str:
    """ISO 8601 UTC with milliseconds, as the control routes write times."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """A message a customer received from an account; `number` counts from 1 in the order of acceptance."""

    number: int
    mid: str
    sending: Sending
    at: datetime
    account: str = ""

    def as_json(self) -> dict[str, Any]:
        """One element of `GET /sandbox/messages`."""
        return {
            "number": self.number,
            "mid": self.mid,
            "account": self.account,
            "igsid": self.sending.igsid,
            "text": self.sending.words,
            "quick_replies": list(self.sending.quick_replies),
            "buttons": self.sending.buttons,
            "attachments": list(self.sending.attachments),
            "at": iso(self.at),
        }


class AcceptedMessages:
    """Accepted messages in order, also by customer; only the newest `keep` stay when that is given."""

    def __init__(self, *, keep: int | None) -> None:
        self._keep = keep
        self._all: deque[AcceptedMessage] = deque()
        self._of: dict[str, deque[AcceptedMessage]] = {}
        self.total = 0

    def add(self, sending: Sending, *, mid: str, at: datetime, account: str = "") -> AcceptedMessage:
        """Records one more message and returns it with its number."""
        self.total += 1
        message = AcceptedMessage(self.total, mid, sending, at, account)
        self._all.append(message)
        self._of.setdefault(sending.igsid, deque()).append(message)
        if self._keep is not None and len(self._all) > self._keep:
            self._forget(self._all.popleft())
        return message

    def _forget(self, oldest: AcceptedMessage) -> None:
        igsid = oldest.sending.igsid
        of_customer = self._of[igsid]
        of_customer.popleft()
        if not of_customer:
            del self._of[igsid]

    def select(self, *, igsid: str | None = None, after: int = 0, account: str | None = None) -> list[AcceptedMessage]:
        """The messages (to one customer, from one account) numbered above `after`, oldest first."""
        if igsid is not None:
            found = [message for message in self._of.get(igsid, ()) if message.number > after]
        else:
            found = _newer(self._all, after)
        return found if account is None else [message for message in found if message.account == account]


@dataclass(slots=True)
class Call:
    """One call of the Graph API. `account` is whose token it came with, None for one that nobody has.

    `status` stays None while it runs and where the connection was cut or left hanging.
    """

    number: int
    at: datetime
    method: str
    path: str
    route: str
    igsid: str | None
    account: str | None = None
    status: int | None = None
    code: int | None = None
    fault: str | None = None
    mid: str | None = None

    def as_json(self) -> dict[str, Any]:
        """One element of `GET /sandbox/calls`."""
        return {
            "number": self.number,
            "at": iso(self.at),
            "method": self.method,
            "path": self.path,
            "route": self.route,
            "account": self.account,
            "igsid": self.igsid,
            "status": self.status,
            "code": self.code,
            "fault": self.fault,
            "mid": self.mid,
        }


Numbered = TypeVar("Numbered", AcceptedMessage, Call)


class Calls:
    """All calls in order; only the newest `keep` stay when that is given."""

    def __init__(self, *, keep: int | None) -> None:
        self._all: deque[Call] = deque(maxlen=keep)
        self.total = 0

    def begin(
        self, *, at: datetime, method: str, path: str, route: str, igsid: str | None, account: str | None = None
    ) -> Call:
        """Records a call that has come in; the caller fills in how it ended. `path` must have no query (tokens)."""
        self.total += 1
        call = Call(self.total, at, method, path, route, igsid, account)
        self._all.append(call)
        return call

    def select(self, *, after: int = 0) -> list[Call]:
        """The calls numbered above `after`, oldest first."""
        return _newer(self._all, after)


def _newer(items: deque[Numbered], after: int) -> list[Numbered]:
    """The part of gaplessly numbered `items` that lies above `after`."""
    if not items:
        return []
    return list(islice(items, max(0, after - items[0].number + 1), None))
