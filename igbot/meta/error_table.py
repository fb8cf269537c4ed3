"""Meta's send errors as data: which code means what, and what is done about it (meta-platform reference §5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from igbot.meta.graph_error import GraphError

Reaction = Literal[
    "retry",
    "unknown",
    "wait account",
    "wait app",
    "refuse message",
    "refuse window",
    "refuse thread",
    "refuse recipient",
    "halt",
]
"""`retry`: surely not sent. `unknown`: perhaps sent. `wait`: nothing is sent for a while. `refuse`: never sent, and
`window`: the customer's last message is too long ago, `thread`: the conversation is another app's now. `halt`: a person
must act."""

Scope = Literal["message", "recipient", "account", "app"]
"""Whom an outcome concerns."""

WaitCause = Literal["rate limit", "restricted", "outage"]

SCOPES: Mapping[Reaction, Scope] = MappingProxyType(
    {
        "retry": "message",
        "unknown": "message",
        "wait account": "account",
        "wait app": "app",
        "refuse message": "message",
        "refuse window": "message",
        "refuse thread": "message",
        "refuse recipient": "recipient",
        "halt": "account",
    }
)

MOST_CALLS = 4
"""One call and at most three more for a part, whatever goes wrong."""
FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0
"""Seconds that a limit without a hint lasts: the first time, and at most, doubled each time in between."""
SEVERAL = 3
"""So many customers must meet a refusal before it is no longer taken for theirs alone."""

_ANY = range(2**31)
_MESSENGER = range(2_018_000, 2_019_000)
_PRIVATE_REPLY = "private reply refused"
_PROOF_WANTED = "API calls from the server require an appsecret_proof"
_PROOF_WRONG = "Invalid appsecret_proof"


@dataclass(frozen=True, slots=True)
class Row:
    """One reaction. `subcode` None: the answer has none; `says`: how Meta's message begins, where no code tells.

    `calls` bounds the calls of one part: all of them ("unknown"), or those that meet this one after the other
    ("retry"). `alert`: a person should know, once it has happened to so many `customers`. `seconds` and `longest`, of a
    wait: how long it is where no header says so, doubled each time in a row; `seconds` of a halt: after how long sends
    may be tried again though nobody did anything.
    `outage`: Meta itself seems to be in trouble.
    """

    code: int | range
    subcode: int | range | None
    reaction: Reaction
    meaning: str
    alert: bool = False
    customers: int = 1
    calls: int = MOST_CALLS
    seconds: float | None = None
    longest: float = LONGEST_WAIT
    cause: WaitCause = "rate limit"
    outage: bool = False
    says: str = ""

    @property
    def scope(self) -> Scope:
        """Whom it concerns."""
        return SCOPES[self.reaction]

    def fits(self, error: GraphError) -> bool:
        """Whether this row speaks of the error."""
        if not (_is(self.code, error.code) and _is(self.subcode, error.subcode)):
            return False
        return error.message.removeprefix(f"(#{error.code})").lstrip().startswith(self.says)


def _is(wanted: int | range | None, given: int | None) -> bool:
    if wanted is _ANY:
        return True
    return given in wanted if isinstance(wanted, range) else given == wanted


UNKNOWN_MEANING = Row(_ANY, _ANY, "retry", "an error of unknown meaning", alert=True, calls=2)

TABLE: tuple[Row, ...] = (
    Row(1, 1357046, "unknown", "invalid JSON reply, after the messages were sent", calls=1),
    Row(1, _ANY, "unknown", "unknown error; a missing permission can cause it", calls=3),
    Row(2, 1545133, "retry", "temporarily unavailable", outage=True),
    Row(2, _ANY, "unknown", "temporary service error, or the customer blocked the business"),
    Row(3, _ANY, "halt", "the app lacks a capability"),
    Row(4, _ANY, "wait app", "the app's request limit"),
    Row(10, None, "halt", "permission missing or revoked"),
    Row(10, 2534022, "refuse window", "outside the allowed window"),
    Row(10, 2018278, "refuse window", "outside the allowed window"),
    Row(10, 2018065, "refuse window", "outside the allowed window"),
    Row(10, 2018108, "refuse recipient", "this person cannot receive messages"),
    Row(10, 2018300, "refuse thread", "another app controls this conversation", alert=True),
    Row(
        10,
        1893063,
        "wait account",
        "the account is restricted from sending for a while",
        alert=True,
        seconds=1800.0,
        longest=14_400.0,
        cause="restricted",
    ),
    Row(10, _MESSENGER, "refuse recipient", "a refusal that concerns the recipient"),
    Row(17, _ANY, "wait account", "the user's request limit"),
    Row(27, _ANY, "refuse message", "take_thread_control without Conversation Routing", alert=True),
    Row(32, _ANY, "wait account", "the page's request limit"),
    Row(
        100,
        _ANY,
        "wait account",
        "an outage of the platform, or a token for another host",
        alert=True,
        seconds=300.0,
        longest=300.0,
        cause="outage",
        outage=True,
        says="Unsupported request - method type",
    ),
    Row(100, None, "halt", "the app demands a proof of its secret: set IGBOT_APPSECRET_PROOF", says=_PROOF_WANTED),
    Row(100, None, "halt", "the proof is wrong: the first IGBOT_APP_SECRET must be this app's", says=_PROOF_WRONG),
    Row(100, 33, "refuse message", "the object does not exist, or this token cannot see it", alert=True),
    Row(100, 2018001, "refuse recipient", "no matching user"),
    Row(
        100,
        2534014,
        "refuse recipient",
        "the customer cannot be found: gone, blocked us, or another app's thread",
        alert=True,
        customers=SEVERAL,
    ),
    Row(100, 2534037, "refuse message", "we do not own this conversation", alert=True),
    Row(100, 2534001, "refuse recipient", "the conversation was archived or deleted by its owner"),
    Row(100, 2534025, "refuse message", "no private reply to this comment, often since it has one"),
    Row(_ANY, 2534013, "refuse message", _PRIVATE_REPLY, alert=True, customers=SEVERAL),
    Row(
        _ANY,
        2534029,
        "refuse message",
        f"{_PRIVATE_REPLY}, or the account is restricted",
        alert=True,
        customers=SEVERAL,
    ),
    Row(_ANY, 2534122, "refuse message", "the account is restricted", alert=True),
    Row(_ANY, 2534041, "refuse message", _PRIVATE_REPLY, alert=True, customers=SEVERAL),
    Row(_ANY, 2534039, "refuse message", _PRIVATE_REPLY, alert=True, customers=SEVERAL),
    Row(_ANY, 2534040, "refuse message", _PRIVATE_REPLY, alert=True, customers=SEVERAL),
    Row(10900, _ANY, "refuse message", _PRIVATE_REPLY, alert=True, customers=SEVERAL),
    Row(10903, _ANY, "refuse message", _PRIVATE_REPLY, alert=True, customers=SEVERAL),
    Row(100, 2018109, "refuse message", "the attachment is too large"),
    Row(100, 2018032, "refuse message", "invalid data: a bug of ours", alert=True),
    Row(100, 2018034, "refuse message", "an empty message: a bug of ours", alert=True),
    Row(100, 2018008, "retry", "the media could not be fetched", calls=2),
    Row(100, 2018047, "retry", "the media could not be uploaded", calls=2),
    Row(100, _ANY, "refuse message", "a bad parameter: a bug of ours, or the text is too long", alert=True),
    Row(102, _ANY, "halt", "the session or token is no longer valid"),
    Row(190, 458, "halt", "the owner removed the app: log in again"),
    Row(190, 459, "halt", "the owner must pass a checkpoint at facebook.com"),
    Row(190, 460, "halt", "the owner's password was changed: log in again"),
    Row(190, 463, "halt", "the token has expired: log in again"),
    Row(190, 464, "halt", "the owner's account is not confirmed"),
    Row(190, 467, "halt", "the token is invalid or logged out: log in again"),
    Row(190, 492, "halt", "the session is invalid: its owner may have lost the role on the page"),
    Row(190, _ANY, "halt", "the token is not valid"),
    Row(200, 2018028, "halt", "only testers may be messaged: the app is not live or has Standard Access"),
    Row(230, _ANY, "refuse message", "the customer has not consented to show a profile"),
    Row(range(200, 300), _MESSENGER, "refuse recipient", "a refusal that concerns the recipient"),
    Row(range(200, 300), _ANY, "halt", "permission missing"),
    Row(341, _ANY, "wait app", "the application's limit is reached"),
    Row(368, _ANY, "halt", "temporarily blocked for policy violations", seconds=14_400.0),
    Row(551, _ANY, "refuse recipient", "the customer is not available: blocked, deactivated, or messages off"),
    Row(613, _ANY, "wait account", "a custom rate limit"),
    Row(1200, _ANY, "retry", "a temporary send failure", outage=True),
    Row(2200, _ANY, "refuse message", "the webhook's verification failed", alert=True),
    Row(9010, _ANY, "refuse message", "no matching Instagram user"),
    Row(80001, _ANY, "wait account", "the rate limit of Pages"),
    Row(80002, _ANY, "wait account", "the rate limit of Instagram"),
    Row(80006, _ANY, "wait account", "the rate limit of Messenger"),
    Row(1609005, _ANY, "retry", "the preview of a link could not be made", calls=2),
    UNKNOWN_MEANING,
)
"""Searched from the top; the last row fits everything."""


def row_for(error: GraphError) -> Row:
    """The first row that fits."""
    return next(row for row in TABLE if row.fits(error))
