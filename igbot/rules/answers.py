"""What a rule does when it wins: the reply, hand-off, call and effects as written (`rules.md` §2.2, §2.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from igbot.meta.outgoing import Attachment, Button, QuickReply
from igbot.rules.places import NOWHERE, Place
from igbot.rules.templates.model import Template

AlertLevel = Literal["info", "warning", "critical"]
DEFAULT_PAUSE = timedelta(hours=12)
"""How long a hand-off lasts where the rule does not say."""
OWNER = "owner"
"""The channel that is told of a hand-off where the rule names none: nobody may fall silent unheard."""
MAX_FACT_CHARACTERS = 500
"""Of what `set` keeps on a customer under one name."""
OPEN_HOURS = "open"
"""The schedule by which `say_open` and `say_closed` go."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text to be said, by language tag in lower case; under `""` what is said in every other language.

    A text written once stands under `""` alone. A language map has its default language's text under `""` too.
    `default` is the language of what stands under `""`.
    """

    by_language: Mapping[str, Template]
    default: str = "en"
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several texts for the same answer; who gets which depends on the customer and the rule alone."""

    name: str
    weight: int
    says: Words


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `text` is None where `variants` are given, or where there is only an attachment.

    `split` False: one message or none (lint proves that it fits). `at` is where it is written, in `file`.
    """

    text: Words | None = None
    variants: tuple[Variant, ...] = ()
    quick_replies: tuple[QuickReply, ...] = ()
    buttons: tuple[Button, ...] = ()
    attachment: Attachment | None = None
    split: bool = True
    file: str = field(default="", compare=False)
    at: Place = field(default=NOWHERE, compare=False)
    button_places: tuple[Place, ...] = field(default=(), compare=False)
    """Where what each quick reply, then each button, sends back (its payload, else its url) is written."""


@dataclass(frozen=True, slots=True)
class HandoffPlan:
    """The bot falls silent for `pause`. `say_open`, `say_closed` go by the schedule `open`; `say` is for the rest."""

    pause: timedelta = DEFAULT_PAUSE
    notify: tuple[str, ...] = (OWNER,)
    note: Template | None = None
    say: Words | None = None
    say_open: Words | None = None
    say_closed: Words | None = None


@dataclass(frozen=True, slots=True)
class CallPlan:
    """A call of one of the owner's own web services, by the name it has in the configuration.

    `send` is the JSON object that is posted; `save` the name under which the answer is `slots.<save>` in the reply.
    """

    name: str
    send: Mapping[str, Template]
    save: str | None = None
    timeout: timedelta = timedelta(seconds=5)
    retry: int = 2
    on_error: Literal["next", "handoff", "ignore"] = "next"


@dataclass(frozen=True, slots=True)
class AlertPlan:
    """An alert to the owner's staff; `channel` None is every channel."""

    level: AlertLevel = "warning"
    channel: str | None = None
    text: Template | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How often a rule may answer. `within` None: for ever. `cooldown` and `once` are limits too."""

    times: int
    within: timedelta | None
    per: Literal["customer", "all"] = "customer"
    then: Literal["next", "silent", "handoff"] = "next"
