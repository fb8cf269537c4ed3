"""Regular expressions by RE2, whose time grows with the text and never explodes; what it refuses, in plain words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from igbot.rules.matching.refusals import in_words

_LARGEST = 1 << 20
"""Bytes one compiled pattern may take, its cache of states included: about 16,000 instructions."""
_SET_MEMORY = 32 << 20
_INSTRUCTIONS_A_SET = 50_000
"""A set keeps at least twenty states of all its instructions; more of them than this fit badly into its memory."""
_PATTERNS_A_FILTER = 250
"""To compile a filter holds up the whole process, some 5 ms for as many; several filters cost a message little."""
_FEW = 16
"""Patterns without a fixed part that are as well tried one by one."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_GROUP_NAME = re.compile(r"(?<!\\)\(\?P?<([^>=!]*)>")
_TAKEN_NAME = "keyword"
"""`match.keyword` is what hit, in the owner's words."""


def pattern_problem(written: str) -> str | None:
    """Why a pattern cannot be used, as the end of a sentence about it that an owner understands; None where it can."""
    if not written:
        return "is empty"
    if _SURROGATE.search(written):
        return "has half a character in it (a lone surrogate); write the character itself"
    try:
        names = [name for name, _ in _named(_compiled(written, capture=True))]
    except re2.error as error:
        return in_words(error, written)
    for name in names:
        if not name.isidentifier():
            return f"names a group {name!r}; a name begins with a letter and has letters, digits and _ only"
        if name == _TAKEN_NAME:
            return f"names a group {name!r}, which is the keyword that hit; give the group another name"
        if _GROUP_NAME.findall(written).count(name) > 1:
            return f"names two groups {name!r}; give each group a name of its own"
    return None


def fits_empty(written: str) -> bool:
    """Whether a pattern finds nothing at all in every text (`a*`, `(x|)`), and so hits every message."""
    compiled = _compiled(written, capture=False)
    return bool(compiled.search(b"")) and bool(compiled.search("\ue000".encode()))


def group_names(written: str) -> tuple[str, ...]:
    """How the groups of a valid pattern may be called in a template: "1", "2", …, then those with a name by it."""
    compiled = _compiled(written, capture=True)
    named = sorted(_named(compiled), key=lambda each: each[1])
    return (*(str(number) for number in range(1, compiled.groups + 1)), *(name for name, _ in named))


def found_groups(written: str, text: str) -> dict[str, str]:
    """What the groups of a pattern's first hit in a text hold, by number and by name; those without a part in it are
    left out."""
    compiled = _compiled(written, capture=True)
    found = compiled.search(utf8(text))
    if not found:
        return {}
    held = {str(number): each for number, each in enumerate(found.groups(), 1) if each is not None}
    held |= {name: held[str(number)] for name, number in _named(compiled) if str(number) in held}
    return {name: each.decode(errors="replace") for name, each in held.items()}


def utf8(text: str) -> bytes:
    """The bytes that RE2 reads; halves of characters, which UTF-8 has no bytes for, are replaced."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


@dataclass(frozen=True, slots=True)
class PatternTable:
    """Many patterns as one matcher; the numbers it gives are places in the sequence it was built from.

    A filter asks first whether the fixed parts of a pattern (`order` in `order\\s+[0-9]+`) are in the text at all. The
    patterns that have none are in sets, each of which is one automaton.
    """

    filters: tuple[tuple[Any, Sequence[int]], ...]
    sets: tuple[tuple[Any, Sequence[int]], ...]

    def hits(self, text: str) -> Iterator[int]:
        """The numbers of all patterns that are found in a text."""
        encoded = utf8(text)
        for matcher, numbers in (*self.filters, *self.sets):
            for place in matcher.Match(encoded) or ():
                yield numbers[place]


def build_patterns(written: Sequence[str]) -> PatternTable:
    """The table over patterns that have no problem; ValueError for one that has."""
    filters: list[tuple[Any, Sequence[int]]] = []
    loose: list[int] = []
    for start in range(0, len(written), _PATTERNS_A_FILTER):
        some = range(start, min(start + _PATTERNS_A_FILTER, len(written)))
        loose.extend(_add_filters(filters, written, some))
    sizes = {number: _compiled(written[number], capture=False).programsize for number in loose}
    sets: list[tuple[Any, Sequence[int]]] = []
    for numbers in _chunks(loose, sizes):
        sets.extend(_sets(written, numbers))
    return PatternTable(tuple(filters), tuple(sets))


def _add_filters(filters: list[tuple[Any, Sequence[int]]], written: Sequence[str], numbers: Sequence[int]) -> list[int]:
    """Adds filters for those of the patterns that have a fixed part, and gives the others."""
    made = _filter(written, numbers)
    if made is None:
        if len(numbers) == 1:
            return list(numbers)
        half = len(numbers) // 2
        return [
            *_add_filters(filters, written, numbers[:half]),
            *_add_filters(filters, written, numbers[half:]),
        ]
    loose = {numbers[place] for place in made.Match(b"", potential=True) or ()}
    if len(loose) <= _FEW:
        filters.append((made, numbers))
        return []
    rest = [number for number in numbers if number not in loose]
    if rest:
        return [*sorted(loose), *_add_filters(filters, written, rest)]
    return sorted(loose)


def _filter(written: Sequence[str], numbers: Sequence[int]) -> Any | None:
    """One filter, or None where the fixed parts are too many for it."""
    made = re2.Filter()
    options = _options(_LARGEST, capture=False)
    for number in numbers:
        try:
            made.Add(written[number], options)
        except (re2.error, UnicodeEncodeError) as error:
            raise ValueError(f"not a pattern of RE2: {written[number]!r}") from error
    try:
        made.Compile()
    except re2.error:
        return None
    return made


def _chunks(numbers: Sequence[int], sizes: Mapping[int, int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    size = 0
    for number in numbers:
        if chunk and size + sizes[number] > _INSTRUCTIONS_A_SET:
            yield chunk
            chunk, size = [], 0
        chunk.append(number)
        size += sizes[number]
    if chunk:
        yield chunk


def _sets(written: Sequence[str], numbers: Sequence[int], memory: int = _SET_MEMORY) -> list[tuple[Any, Sequence[int]]]:
    """One set, or several where one has not memory enough; a single pattern gets what it needs."""
    made = re2.Set.SearchSet(_options(memory, capture=False))
    for number in numbers:
        made.Add(written[number])
    try:
        made.Compile()
    except re2.error:
        if len(numbers) == 1:
            return _sets(written, numbers, memory * 2)
        half = len(numbers) // 2
        return [*_sets(written, numbers[:half]), *_sets(written, numbers[half:])]
    return [(made, tuple(numbers))]


def _options(memory: int, *, capture: bool) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    options.never_capture = not capture
    return options


def _compiled(written: str, *, capture: bool) -> Any:
    """Bytes are compiled, so that what is found is bytes too: counting characters costs more than the search."""
    return re2.compile(written.encode(), _options(_LARGEST, capture=capture))


def _named(compiled: Any) -> list[tuple[str, int]]:
    return [(name.decode(), number) for name, number in compiled.groupindex.items()]
