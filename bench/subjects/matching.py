"""How long it takes to see which keywords or patterns of a rule set are in a message, by igbot and by simpler ways."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from random import Random

from bench.subject import Contender, Figure, Goal, Ground, Opening, Sample, Subject
from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Keyword, Matcher, Pattern, Text

SIZES = (10, 1_000, 10_000)
PATTERNS = 1_000
MESSAGES, QUICK_MESSAGES = 400, 20
SECONDS = 0.2
"""What a round measures at least, messages over and over."""

KEYWORDS = "{count:,} keywords, {way}"
IGBOT, LOOP, ONE_RE = "igbot", "loop of `in`", "one re"
FEW, MANY = (KEYWORDS.format(count=count, way=IGBOT) for count in (SIZES[0], SIZES[-1]))
BY_RE2, BY_RE = f"{PATTERNS:,} patterns, {IGBOT}", f"{PATTERNS:,} patterns, loop of re"

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


def ways() -> list[Way]:
    """All contenders; the keywords and patterns are the same in every run."""
    chance = Random(4)
    made: list[Way] = []
    for count in SIZES:
        keywords = _distinct(partial(_phrase, chance), count)
        for way, build in ((IGBOT, _index), (LOOP, _loop), (ONE_RE, _alternation)):
            made.append(Way(KEYWORDS.format(count=count, way=way), partial(build, keywords), keywords))
    written = _distinct(partial(_phrase, chance), PATTERNS)
    patterns = [rf"\b{each}\b.{{0,20}}\s*#?(?:[0-9]{{5,8}})" for each in written]
    plants = [f"{each} no. 12345" for each in written]
    made.append(Way(BY_RE2, partial(_patterns, patterns), plants))
    made.append(Way(BY_RE, partial(_re_loop, patterns), plants))
    return made


def messages(plants: Sequence[str], count: int) -> list[str]:
    """Messages with something to find in each."""
    chosen = Random(5).choices(plants, k=count)
    return [text.format(plant) for text, plant in zip(islice(cycle(CHATTER), count), chosen, strict=True)]


def _phrase(chance: Random) -> str:
    words = chance.choice((1, 1, 1, 1, 2, 3))
    return " ".join("".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(words))


def _distinct(make: Callable[[], str], count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[make()] = None
    return list(found)


def _index(keywords: Sequence[str]) -> Look:
    return _looking_by([Keyword.of("word", each) for each in keywords])


def _patterns(patterns: Sequence[str]) -> Look:
    return _looking_by([Pattern(each) for each in patterns])


def _looking_by(matchers: Sequence[Matcher]) -> Look:
    index = build_index(matchers)
    return lambda message: index.hits(Text.of(message))


def _loop(keywords: Sequence[str]) -> Look:
    def look(message: str) -> list[str]:
        lowered = message.lower()
        return [each for each in keywords if each in lowered]

    return look


def _alternation(keywords: Sequence[str]) -> Look:
    # Longest first: an alternation takes the first that fits.
    escaped = [re.escape(each) for each in sorted(keywords, key=len, reverse=True)]
    found = re.compile(rf"\b(?:{'|'.join(escaped)})\b", re.IGNORECASE)
    return found.findall


def _re_loop(patterns: Sequence[str]) -> Look:
    compiled = [re.compile(each, re.IGNORECASE) for each in patterns]
    return lambda message: [number for number, each in enumerate(compiled) if each.search(message)]


async def _round(way: Way, count: int) -> Sample:
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


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    count = QUICK_MESSAGES if ground.quick else MESSAGES
    yield [Contender(way.name, partial(_round, way, count)) for way in ways()]


SUBJECT = Subject(
    name="matching",
    title="Keywords and patterns in a message",
    notes=(
        "One core, no database. Messages of 1 to 16 words in English and Spanish, one thing to find in each; igbot's "
        "time includes the normal form of the message. A loop of `in` and one alternation of `re` (with \\b, ignoring "
        "case) stand for what bots usually do: neither knows other scripts' words; the alternation names one keyword "
        "where several overlap. Each way has seen as many other messages before."
    ),
    figures=(
        Figure("us", "µs a message", 1, more_is_better=False),
        Figure("p99_us", "p99 µs", 1, more_is_better=False),
        Figure("build_ms", "ms to build", 1, more_is_better=False),
    ),
    open=_open,
    goals=(
        Goal("us", MANY, at_most=25),
        Goal("us", MANY, against=FEW, at_most=5),
        Goal("us", BY_RE2, at_most=50),
    ),
)
