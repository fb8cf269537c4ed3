"""Findings about keywords written as other programs have them: with stars, bars and slashes, which here are letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from igbot.rules.conditions import WordList
from igbot.rules.expressions import expression
from igbot.rules.lint.subjects import Subject
from igbot.rules.matching.matchers import Keyword, Matcher
from igbot.rules.reading.source import FileReport

_SIGNS = expression(r"[*|/]")
_PATTERN = expression(r"/(?P<inside>.*[^/\s].*)/[a-z]{0,4}")
_STARRED = expression(r"(?P<front>\*?)(?P<word>[\p{L}\p{N}\s'-]*\p{L}[\p{L}\p{N}\s'-]*)(?P<back>\*?)")
_LETTER = expression(r"\p{L}")
MOST_NAMED = 4


def check_wildcards(rules: Sequence[Subject], lists: Iterable[WordList], reports: Mapping[str, FileReport]) -> None:
    """Finding R034 for `ship*`, `ship|deliver` and `/ship.*/i` as keywords."""
    for each in rules:
        _check_each((*each.wanted, *each.excluded), each.report)
    for given in lists:
        if report := reports.get(given.file):
            _check_each([node for node in given.any if isinstance(node, Keyword)], report)


def _check_each(words: Iterable[Matcher], report: FileReport) -> None:
    for word in words:
        if type(word) is Keyword and _SIGNS.search(word.written) and (instead := _instead_of(word.written.strip())):
            message = f'"{word.written[:40]}" is looked for with these very characters, which hardly anybody writes'
            report.warning("R034", word.at, message, hint=f"write {instead}")


def _instead_of(written: str) -> str:
    """What stands for the same here; empty where the signs may well be meant."""
    if found := _PATTERN.fullmatch(written):
        inside = found["inside"].replace("'", "''")
        return f"{{regex: '{inside[:60]}'}}"
    parts = [part.strip() for part in written.split("|")]
    if len(parts) > 1 and all(_LETTER.search(part) for part in parts):
        named = ", ".join(parts[:MOST_NAMED]) + (", …" if len(parts) > MOST_NAMED else "")
        return f"{len(parts)} keywords: [{named[:80]}]"
    if (starred := _STARRED.fullmatch(written)) and (starred["front"] or starred["back"]):
        word = starred["word"].strip()[:60]
        anywhere = f"{{contains: {word}}}"
        if starred["front"] and starred["back"]:
            return anywhere
        edge = "ends" if starred["front"] else "starts"
        return f"{{{edge}: {word}}}, or {anywhere} to find it anywhere in the message"
    return ""
