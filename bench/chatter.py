"""Keywords, messages with them, and how long it takes to look at such a message; the same in every run."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random

from bench.subject import Figure, Sample

MESSAGES, QUICK_MESSAGES = 400, 20
SECONDS = 0.2
"""What a round measures at least, messages over and over."""
FIGURES = (
    Figure("us", "µs a message", 1, more_is_better=False),
    Figure("p99_us", "p99 µs", 1, more_is_better=False),
    Figure("build_ms", "ms to build", 1, more_is_better=False),
)
SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ter",
    "sun",
    "pra",
    "dek",
    "vo",
    "ni",
    "rus",
    "bel",
    "tan",
    "gor",
    "shi",
    "pe",
    "qua",
    "zo",
    "fen",
)
CHATTER = (
    "hi do you have the {} in blue? My sister wants one too, thanks",
    "How much is {}",
    "hello!! i wrote yesterday, is {} still there or is it gone? please tell me",
    "¿Cuánto cuesta {}? Quiero saber también el envío ❤️",
    "{}?",
)

Look = Callable[[str], object]
"""Gives what is found in a message."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to look at messages. `build` is timed as well; `plants` are texts that it finds in a message."""

    name: str
    build: Callable[[], Look]
    plants: Sequence[str]


def phrases(chance: Random, count: int) -> list[str]:
    """Different keywords of one to three words."""
    found: dict[str, None] = {}
    while len(found) < count:
        words = chance.choice((1, 1, 1, 1, 2, 3))
        found[" ".join("".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(words))] = None
    return list(found)


def messages(plants: Sequence[str], count: int) -> list[str]:
    """Messages with something to find in each."""
    chosen = Random(5).choices(plants, k=count)
    return [text.format(plant) for text, plant in zip(islice(cycle(CHATTER), count), chosen, strict=True)]


async def measure(way: Way, count: int) -> Sample:
    """The figures of `FIGURES` for `count` messages, after as many others."""
    texts = messages(way.plants, 2 * count)
    re.purge()
    start = time.perf_counter()
    look = way.build()
    built = time.perf_counter() - start
    for text in texts[count:]:
        look(text)
    spent: list[float] = []
    end = time.perf_counter() + SECONDS
    while not spent or time.perf_counter() < end:
        for text in texts[:count]:
            start = time.perf_counter()
            look(text)
            spent.append(time.perf_counter() - start)
    spent.sort()
    return {
        "us": sum(spent) / len(spent) * 1e6,
        "p99_us": spent[len(spent) * 99 // 100] * 1e6,
        "build_ms": built * 1e3,
    }
