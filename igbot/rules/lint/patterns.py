"""Findings about regular expressions that RE2 takes, and that hardly do what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import regex

from igbot.rules.characters import is_blank
from igbot.rules.conditions import WordList
from igbot.rules.expressions import expression
from igbot.rules.lint.literals import literal_count, never_found
from igbot.rules.lint.subjects import Subject
from igbot.rules.matching.matchers import Pattern
from igbot.rules.matching.patterns import fits_empty
from igbot.rules.reading.source import FileReport

# What a class of RE2 means by a capital, a name, and what stands for itself.
_PIECE = expression(
    r"\\Q(?P<literal>.*?)(?:\\E|$)|\\(?:[pP]\{\^?\w+\}|[pP]\w|x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|.)"
    r"|\(\?P?<[^>]*>|\(\?(?P<flags>[a-zA-Z-]+)[:)]|\[(?P<set>\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*)\]"
    r"|(?P<plain>[^\\(\[]++|.)",
    regex.DOTALL,
)
_NO_LETTERS = expression(r"\[:\^?\w+:\]|\\[pP](?:\{\^?\w+\}|\w)|\\.")
_NESTED = expression(r"\((?:[^()\\*+]|\\.)*+[*+](?:[^()\\]|\\.)*+\)(?:[*+]|\{[0-9]+,\})")
_BESIDE_FOREIGN = expression(r"(?V1)\\[bBwW][+*?()]*[\p{L}--\p{ASCII}]|[\p{L}--\p{ASCII}][+*?()]*\\[bBwW]")
_UPPER = expression(r"\p{Lu}")


def check_patterns(rules: Sequence[Subject], lists: Iterable[WordList], reports: Mapping[str, FileReport]) -> None:
    """Findings R031, R032, R033 and R034."""
    for each in rules:
        for word in (*each.wanted, *each.excluded):
            if isinstance(word, Pattern):
                _check(word, each.report)
    for given in lists:
        for node in given.any if given.file in reports else ():
            if isinstance(node, Pattern):
                _check(node, reports[given.file])


def _check(pattern: Pattern, report: FileReport) -> None:
    if report.full:
        return
    if fits_empty(pattern.written):
        message = "this pattern can match the empty text, so it fits every message"
        report.warning("R031", pattern.at, message, hint="write + in place of *, or take away the ?")
    if found := _NESTED.search(pattern.written):
        message = f"a repetition within a repetition: {found[0][:60]}"
        report.warning("R032", pattern.at, message, hint="one of the two is mostly enough")
    if found := _BESIDE_FOREIGN.search(pattern.written):
        letter = found[0].strip("\\bBwW+*?()")
        message = rf'\b and \w know the letters a to z only, not "{letter}"'
        report.warning("R033", pattern.at, message, hint=r"use {word: …}, or [\p{L}\p{M}\p{N}_] in place of \w")
    if found_count := literal_count(pattern.written):
        message = f'"{found_count}" is not a number of times: it matches these very characters'
        report.warning("R034", pattern.at, message, hint=f"write {{0{found_count[1:]}")
    if not pattern.raw and (upper := next(_never_matched(pattern.written), "")):
        message = f'"{upper}" never matches: patterns see the message in small letters'
        report.warning("R034", pattern.at, message, hint=f'write "{upper.lower()}", or add raw: true')
    elif not pattern.raw and (fault := never_found(pattern.written)):
        named = _shown(fault.written)
        message = f"{named} never matches: patterns see the message in its normal form"
        instead = f"write {_shown(fault.normal)}" if fault.normal else "delete it"
        report.warning("R034", pattern.at, message, hint=f"{instead}, or add raw: true")


def _shown(letters: str) -> str:
    """Letters in quotes; those that nobody sees, or that look like others, by their numbers too."""
    named = (
        ""
        if regex.fullmatch(r"[\p{L}\p{N}\p{P}\p{S} ]+", letters)
        else " ".join(f"U+{ord(each):04X}" for each in letters)
    )
    visible = f'"{letters}"' if not is_blank(letters) or not named else ""
    return f"{visible} ({named})" if visible and named else visible or named


def _never_matched(written: str) -> Iterator[str]:
    """Capitals that stand for themselves, in a pattern that does not ignore case."""
    if not _UPPER.search(_NO_LETTERS.sub("", written)):
        return
    for piece in _PIECE.finditer(written):
        flags = piece["flags"]
        if flags and "i" in flags.partition("-")[0]:
            return
        text = piece["literal"] or piece["plain"] or ""
        inside = _NO_LETTERS.sub("", piece["set"] or "")
        if inside and not inside.startswith("^"):
            # [A-Za-z] and [Pp] match in small letters as well.
            text = "".join(letter for letter in _UPPER.findall(inside) if letter.lower() not in inside)
        if upper := _UPPER.search(text):
            yield upper[0]
