"""The owner's settings that a turn depends on beside the rules."""

from dataclasses import dataclass, field
from datetime import timedelta

from igbot.rules.deciding.choice import Options

ECHO_GRACE = timedelta(seconds=10)
"""An echo that matches no send of ours after this long was written by a person in the Instagram app."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`options` are those of decisions. `takeover_pause` None: a person's answer pauses nothing."""

    options: Options = field(default_factory=Options)
    takeover_pause: timedelta | None = timedelta(hours=12)
