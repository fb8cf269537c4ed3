"""How a campaign is run, where it stands, and what came of it: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.campaign.judge import Judgement
from igbot.settings.model import Rates

RULES = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a campaign is run: `seconds` bounds the writing (None: until all is written), `drain` what comes after it;
    a reply is listed as late after `late` seconds. `rates` None: they are set out of the way."""

    seconds: float | None
    drain: float
    late: float
    database_url: str | None
    places: int
    rates: Rates | None = None


@dataclass(slots=True)
class Now:
    """Where a campaign stands."""

    phase: str = "starting"
    written: int = 0
    received: int = 0
    kills: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that came of a campaign."""

    judgement: Judgement
    histories: list[dict[str, Any]]
    figures: Mapping[str, int]
    acks: tuple[float, ...]
    """Seconds from a delivery to its 200, sorted."""
    faults: Mapping[str, int]
    refused: Mapping[str, int]
    """What deliveries got instead of a 200."""
    errors: Mapping[str, int]
    warnings: Mapping[str, int]
    samples: list[str]
    """Log lines of errors."""
    states: Mapping[str, int]
    deaths: list[str]
    exit_codes: list[int | None]
    settled: bool
    """Whether in the end nothing waited to be decided or sent."""
    seconds: Mapping[str, float]
    timeline: list[tuple[float, str]]
    """What befell the bot, in order: seconds since the first message, and what."""
    server: str

    @property
    def passed(self) -> bool:
        """Whether the promises were kept, and no process ended by itself."""
        ended = all(code == 0 for code in self.exit_codes)
        return self.judgement.kept and self.settled and ended and not self.deaths
