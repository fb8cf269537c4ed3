"""Forms of a word that a rule forgets: the plural, the other spelling, the word as written without its accent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

import regex

from igbot.rules.conditions import TextCondition, WordList
from igbot.rules.expressions import expression
from igbot.rules.lint.nouns import FORMS
from igbot.rules.lint.subjects import Subject, list_words
from igbot.rules.matching.matchers import Keyword, Matcher
from igbot.rules.matching.normalise import FOLDED_FROM, fold_accents
from igbot.rules.reading.source import FileReport

_LATIN_WORD = expression(r"\p{Latin}+")
MOST_COMPARED = 500_000
"""Pairs of a form and a part of words that one run compares; after that many a form counts as known."""
_STRESS = "\u0301"
"""The acute accent, which customers leave out; the tilde of ñ makes another letter."""


def check_partners(rules: Sequence[Subject], lists: Iterable[WordList], reports: Mapping[str, FileReport]) -> None:
    """Finding R028, for words that stand in a plain list and whose other forms no rule knows."""
    known = _Known()
    shared = list(lists)
    for each in rules:
        known.add(each.wanted)
    for given in shared:
        known.add(list_words(given))
    for each in rules:
        text = each.rule.when.text
        # Where other words are asked for as well, the forms may be in their place on purpose.
        if each.flat and text and not each.report.full and not each.lists and each.competes:
            _check(each.wanted, each.report, known)
    for given in shared:
        if report := reports.get(given.file):
            words = [node for node in given.any if not isinstance(node, WordList | TextCondition)]
            _check(words, report, known)


class _Known:
    """The words that some rule has, and how many pairs may still be compared."""

    def __init__(self) -> None:
        """With none yet."""
        self.words: set[str] = set()
        self.left = MOST_COMPARED

    def add(self, words: Iterable[Matcher]) -> None:
        """Takes note of words."""
        self.words.update(word.folded for word in words if type(word) is Keyword and word.kind in ("word", "is"))


def _check(words: Sequence[Matcher], report: FileReport, known: _Known) -> None:
    tolerant = [word for word in words if not isinstance(word, Keyword) or word.kind not in ("word", "is")]
    for word in words:
        if report.full:
            return
        if type(word) is not Keyword or word.kind != "word":
            continue
        forms = FORMS.get(word.folded)
        if forms is None and word.text.isascii():
            continue
        missing = [form for form in _partners(word.text, forms or ()) if not _is_met(form, tolerant, known)]
        if missing:
            listed = " and ".join(f'"{form}"' for form in missing)
            message = f'customers also write {listed} for "{word.written}"'
            report.hint("R028", word.at, message, hint=f"add {', '.join(missing)}")


def _partners(text: str, forms: Sequence[str]) -> Iterator[str]:
    yield from forms
    bare = _LATIN_WORD.sub(_without_stress, text)
    if bare != text and fold_accents(bare) != fold_accents(text):
        yield bare


def _without_stress(found: regex.Match[str]) -> str:
    word = found[0]
    if len(word) >= FOLDED_FROM:
        return word
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).replace(_STRESS, ""))


def _is_met(form: str, tolerant: Sequence[Matcher], known: _Known) -> bool:
    folded = fold_accents(form)
    if folded in known.words:
        return True
    known.left -= len(tolerant)
    return known.left < 0 or any(_may_hit(word, folded) for word in tolerant)


def _may_hit(word: Matcher, form: str) -> bool:
    if not isinstance(word, Keyword):
        return True
    if word.kind == "contains":
        return word.folded in form
    return word.kind in ("starts", "ends") and (form.startswith(word.folded) or form.endswith(word.folded))
