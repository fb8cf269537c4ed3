"""What is decided, and what the decision says: the shapes of `decide`. All immutable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from igbot.meta.events import CustomerKind
from igbot.meta.outgoing import Outgoing
from igbot.rules.answers import AlertLevel
from igbot.rules.deciding.memory import Memory
from igbot.rules.opting import BUILT_IN, NO_WORDS, Opt, OptingWords


@dataclass(frozen=True, slots=True)
class Incoming:
    """The customer message that is decided: original text (`""` for kinds without one).

    `key` names the event (its dedup key), `post` is the id of a shared post. Lines that were joined are one message.
    """

    kind: CustomerKind
    text: str = ""
    payload: str | None = None
    emoji: str | None = None
    story: str | None = None
    post: str | None = None
    ad: str | None = None
    test: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What Meta tells of a customer, where it tells it."""

    username: str | None = None
    name: str | None = None
    follows: bool | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Who writes. `account` is the name of the account that is written to. `profile` None: not asked for yet."""

    igsid: str
    account: str = ""
    memory: Memory = field(default_factory=Memory)
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """How a named call ended: the JSON it answered (`ok`), or why it did not (a sentence without a secret)."""

    ok: bool
    answer: Any = None
    why: str = ""


Answers = Mapping[str, Answered]
"""How the calls for one message ended, by the rule that asked."""

Detect = Callable[[str, Sequence[str]], str | None]
"""Which of some languages a text is written in; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Options:
    """The owner's settings that decisions depend on.

    `default_reply` is said where no rule fits and none is a fallback (`""`: nothing). `language` is spoken where a
    customer's is not known. `loop_guard`: answers to typed text within ten minutes, 0 for any. `disclosure` is what the
    first answer of a conversation begins with (`""`: nothing). `opting` are the words by which customers opt out and
    in.
    """

    default_reply: str = ""
    language: str = "en"
    ask_on_tie: bool = False
    detect: Detect | None = None
    loop_guard: int = 0
    disclosure: str = ""
    opting: OptingWords = BUILT_IN

    def without_policy(self) -> "Options":
        """These for the rules alone: nothing above them silences the bot, and nothing is added to what they say."""
        return replace(self, loop_guard=0, disclosure="", opting=NO_WORDS)


@dataclass(frozen=True, slots=True)
class Handoff:
    """The bot goes silent for this customer. `note` is for those who are told (`notify`)."""

    pause: timedelta
    notify: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A word to the owner's staff; `channel` None is every channel."""

    rule: str
    level: AlertLevel
    text: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A named call to be made. `waits`: the decision waits for its answer, and is then made anew with it."""

    rule: str
    name: str
    body: Mapping[str, str]
    timeout: timedelta
    retry: int
    waits: bool


Order = tuple[int, int, int, int, int]
"""(priority, exactness, words, characters, conditions), each better when higher (`rules.md` §3.4)."""


@dataclass(frozen=True, slots=True)
class Considered:
    """Why one rule did or did not fit. `order` is None where it did not."""

    rule: str
    fits: bool
    because: str
    order: Order | None
    file: str
    line: int


Reason = Literal[
    "unknown_account", "opted_out", "paused", "window_closed", "loop_guard", "rule", "fallback", "unmatched"
]
"""What applied first (contract §5), as far as the rule room has a say."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided on one message.

    `replies` are rendered, unsplit, in order; a hand-off's words come last. `matched` is what hit, in the owner's
    words, `order` the winner's. `withheld` tells why a rule that won does not say its reply (its limit, a failed call).
    `asked` are the rules named in a question which one is meant. `settle`: wait for more lines that long (after the
    last), then decide on all of them. Where `wanted` is not None nothing but `settle` counts: once all lines are there,
    the decision waits for that call's answer, or (`"profile"`) for the customer's profile, and is made anew. `memory`
    is what is known of the customer afterwards; `calls` are those of observers, for which nobody waits. `tagged`,
    `untagged` and `facts` are all that rules said to do, whether it was so before or not. `opt`: the customer opted out
    or in with this message, and `replies` confirm it. `guarded`: the loop guard silences the bot for that long, and
    `matched` says what it counted. `resumed`: an observer has ended the pause.
    """

    reason: Reason
    rule: str | None
    digest: str
    memory: Memory
    replies: tuple[Outgoing, ...] = ()
    handoff: Handoff | None = None
    matched: str = ""
    order: Order | None = None
    variant: str | None = None
    withheld: str | None = None
    asked: tuple[str, ...] = ()
    considered: tuple[Considered, ...] = ()
    observers: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    calls: tuple[CallRequest, ...] = ()
    tagged: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    settle: timedelta = timedelta(0)
    delay: timedelta = timedelta(0)
    typing: bool = False
    wanted: CallRequest | Literal["profile"] | None = None
    opt: Opt | None = None
    guarded: timedelta | None = None
    resumed: bool = False

    @property
    def despite_pause(self) -> bool:
        """Whether its words go out although the bot is to be silent: a hand-off's own, and what confirms a STOP."""
        return self.handoff is not None or self.opt is not None
