"""What a regular expression wants to the letter, and whether a message in normal form can have it at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from igbot.rules.expressions import expression
from igbot.rules.matching.normalise import normalise

_PIECE = expression(
    r"\\Q(?P<quoted>.*?)(?:\\E|$)|\\(?:[pP]\{\^?\w+\}|[pP]\w|x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2})"
    r"|\\(?P<space>[nrtfv])|\\(?P<escaped>[^\w\s])|\\."
    r"|\(\?P?<[^>]*>|\(\?(?P<flags>[a-zA-Z-]+)[:)]|\(\?:"
    r"|\[(?P<set>\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*)\]"
    r"|(?P<repeated>[*+?]|\{[0-9]+(?:,[0-9]*)?\})|[()|.^$]|(?P<plain>.)",
    regex.DOTALL,
)
_SPACES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
# A pattern without any of these is in normal form, but for its capitals.
_DOUBTFUL = expression(r"(?V1)[^\x00-\x7f]|  |\\[nrtfvQ]|[\n\t]")
_LIKE_A_COUNT = expression(r"\{,[0-9]+\}")
_OPTIONAL = expression(r"[*?]|\{0")
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Fault:
    """Letters that no message in normal form has, and how they stand there; `""` where they are left out."""

    written: str
    normal: str


def literal_count(written: str) -> str:
    """A `{,3}` in a pattern, which RE2 takes letter by letter; `""` without one."""
    for piece in _PIECE.finditer(written) if "{," in written else ():
        if piece["plain"] == "{" and (found := _LIKE_A_COUNT.match(written, piece.start())):
            return str(found[0])
    return ""


def never_found(written: str) -> Fault | None:
    """The first letters that a pattern on the normal form wants and that no normal form has; capitals are not asked
    about. None where there are none."""
    if not _DOUBTFUL.search(written):
        return None
    for run, ignores_case in _runs(written):
        if fault := _fault_in(run, ignores_case=ignores_case):
            return fault
    return None


def _runs(written: str) -> Iterator[tuple[str, bool]]:
    """Letters that follow each other in what a pattern finds, and whether their case is ignored.

    Those of a class that has no other are given one by one.
    """
    run, ignores_case = "", False
    for piece in _PIECE.finditer(written):
        letters = piece["quoted"] or piece["escaped"] or piece["plain"] or _SPACES.get(piece["space"] or "", "")
        if letters:
            run += letters
            continue
        if (repeated := piece["repeated"]) and run:
            last, run = run[-1], run[:-1]
            if _OPTIONAL.match(repeated):
                yield run, ignores_case
                # What is seen by nobody may well be written as what may be missing.
                run = last if normalise(last) else ""
            else:
                run += last
        yield run, ignores_case
        run = ""
        ignores_case = ignores_case or "i" in (piece["flags"] or "").partition("-")[0]
        if (members := _members(piece["set"] or "")) and all(_fault_in(each, ignores_case=True) for each in members):
            yield members[0], ignores_case
    yield run, ignores_case


def _members(inside: str) -> str:
    """The letters of a class; `""` of one that has others too, or is about all others."""
    return "" if "\\" in inside or "[:" in inside or inside.startswith("^") else inside.replace("-", "")


def _fault_in(run: str, *, ignores_case: bool) -> Fault | None:
    run = run.strip(_JOINERS)
    if not run or _is_found(run, ignores_case=ignores_case):
        return None
    for length in (1, 2):
        for start in range(len(run) - length + 1):
            part = run[start : start + length]
            if not _is_found(part, ignores_case=ignores_case):
                return Fault(part, normalise(f"x{part}x")[1:-1])
    return Fault(run, normalise(run))


def _is_found(run: str, *, ignores_case: bool) -> bool:
    # Between letters, so that spaces at its ends stay. Capitals have a finding of their own.
    normal = normalise(f"x{run}x")
    if run in normal or run.lower() in normal:
        return True
    return ignores_case and "".join(map(_other_case, run)) in normal


def _other_case(letter: str) -> str:
    """The normal form of a letter where that is only the same in another case (`ſ`, `ς`)."""
    normal = normalise(letter)
    same = len(normal) == 1 and regex.fullmatch(regex.escape(letter), normal, regex.IGNORECASE)
    return normal if same else letter
