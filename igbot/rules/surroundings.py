"""What rule files may name but do not hold: the configuration around them, as plain values."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from igbot.rules.opting import BUILT_IN, OptingWords


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`zone` holds where a file names no time zone, `language` is the one every language map must have.

    `accounts`, `channels` and `services` are the names that `accounts:`, `notify:` and `call:` may use; None: not
    known here, so that any name passes. `now` tells lint what is over (None: nothing is). `disclosed`:
    the configuration tells customers that a bot answers. `opting` are the words that igbot obeys itself.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    language: str = "en"
    accounts: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    services: frozenset[str] | None = None
    now: datetime | None = None
    disclosed: bool = False
    opting: OptingWords = BUILT_IN
