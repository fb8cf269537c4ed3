"""Findings about the words of one rule or one shared list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from igbot.rules.conditions import TextCondition, TextNode, When, WordList
from igbot.rules.expressions import expression
from igbot.rules.languages import ENGLISH, nearest
from igbot.rules.lint.implication import MOST_PAIRS, alone, implies
from igbot.rules.lint.subjects import Key, Subject, key_of, text_conditions
from igbot.rules.matching.matchers import Keyword, Matcher
from igbot.rules.matching.words import UNSPACED
from igbot.rules.opting import OptingWords, whole
from igbot.rules.reading.source import FileReport
from igbot.rules.surroundings import Surroundings

# One or two characters of the other scripts are often a whole word.
_SHORT_LETTERS = expression(rf"(?V1)[\p{{L}}--[{UNSPACED}]]{{1,2}}")
_COMMON_WORDS = (
    "shipping this which what order price please hello thanks there where when have with your from could would return"
    " refund store open today color small large envío precio gracias hola donde cuando tienda pedido quiero"
)
_HANGUL = expression(r"\p{Hangul}$")
# Letters and pairs that hardly any other language has than those that hang endings onto every noun.
_GLUED = {
    "Turkish": expression(r"[ğş]"),
    "Finnish": expression(r"ää|öö|yy"),
    "Hungarian": expression(r"[őű]"),
}
_MAY_BE_GLUED = expression(r"\p{Hangul}|[ğşőű]|ää|öö|yy")


@dataclass(frozen=True, slots=True)
class _Stops:
    """The words that igbot obeys, and the language in which the rules speak."""

    words: OptingWords
    language: str

    def check(self, word: Matcher, report: FileReport) -> None:
        """R064 for a word that no rule would ever see."""
        if not isinstance(word, Keyword) or word.kind not in ("word", "is"):
            return
        said_in = self.words.stop.get(word.folded if word.folded.isalnum() else whole(word.folded))
        if said_in:
            named = nearest(self.language, said_in) or nearest(ENGLISH, said_in) or said_in[0]
            message = f'"{word.written}" is how customers say in "{named}" that they want no more messages'
            report.error("R064", word.at, message, hint="delete it: igbot obeys this word itself")


def check_words(
    rules: Sequence[Subject],
    lists: Iterable[WordList],
    reports: Mapping[str, FileReport],
    surroundings: Surroundings,
) -> None:
    """Findings R021, R025, R026, R035 and R064."""
    stops = _Stops(surroundings.opting, surroundings.language)
    for each in rules:
        if each.flat and each.rule.when.text:
            _check_same(each.rule.when.text, each.report)
            if each.excluded:
                _check_excluded(each.rule.when.text, each.report)
        elif each.wanted or each.excluded:
            for text in text_conditions(each.rule.when):
                _check_same(text, each.report)
                _check_excluded(text, each.report)
                _check_wholes(text, each.report)
        _check_each(each.wanted, each.report)
        _check_short(each.excluded, each.report)
        _check_stops(each, stops)
    for given in lists:
        if report := reports.get(given.file):
            _check_same(TextCondition(any=given.any), report)
            words = [node for node in given.any if not isinstance(node, WordList | TextCondition)]
            _check_each(words, report)
            for word in words:
                stops.check(word, report)


def _check_same(text: TextCondition, report: FileReport) -> None:
    for nodes in (text.any, text.every, text.none):
        if len(nodes) < 2 or len({_identity(node) for node in nodes}) == len(nodes):
            continue
        seen: dict[object, Matcher] = {}
        for node in nodes:
            if isinstance(node, WordList | TextCondition):
                continue
            first = seen.setdefault(key_of(node), node)
            if first is not node:
                message = f"{node} is the same keyword as {first} in line {first.at.line}"
                report.warning("R021", node.at, message, hint="delete it")


def _identity(node: TextNode) -> Key | int:
    return id(node) if isinstance(node, WordList | TextCondition) else key_of(node)


def _check_excluded(text: TextCondition, report: FileReport) -> None:
    wanted = [node for node in (*text.every, *text.any) if not isinstance(node, WordList | TextCondition)]
    for without in text.none:
        if isinstance(without, WordList | TextCondition):
            continue
        for word in wanted[: MOST_PAIRS // len(text.none)]:
            if implies(word, without):
                never = word in text.every or len(text.any) == 1
                outcome = "this rule can never answer" if never else f"{_quoted(word)} can never hit"
                same = key_of(word) == key_of(without)
                fault = "is wanted and excluded" if same else f"is excluded, and part of {_quoted(word)}"
                hint = "delete it in one of the two lists"
                report.warning("R025", without.at, f"{without} {fault}: {outcome}", hint=hint)
                break


def _quoted(word: Matcher) -> str:
    return f'"{word.written}"' if isinstance(word, Keyword) else str(word)


def _check_wholes(text: TextCondition, report: FileReport) -> None:
    wholes = [node for node in text.every if isinstance(node, Keyword) and node.kind == "is"]
    for node in wholes[1:]:
        if not alone(node, wholes[0]):
            message = f'a message cannot be "{wholes[0].written}" and "{node.written}" at once'
            report.warning("R025", node.at, message, hint="match: any")


def _check_each(words: Sequence[Matcher], report: FileReport) -> None:
    _check_short(words, report)
    together = " ".join([word.text for word in words if isinstance(word, Keyword)])
    if together.isascii() or not _MAY_BE_GLUED.search(together):
        return
    glued = [(word, why) for word in words if isinstance(word, Keyword) and (why := _why_glued(word))]
    if glued:
        word, why = glued[0]
        others = f", and {len(glued) - 1} more here" if len(glued) > 1 else ""
        message = f'{why}, so that the word "{word.written}" is often missed{others}'
        hint = f"write {{starts: {word.written}}}, or {{contains: {word.written}}} to find it anywhere"
        report.warning("R035", word.at, message, hint=hint)


def _why_glued(word: Keyword) -> str:
    if word.kind != "word" or word.text.isascii():
        return ""
    if _HANGUL.search(word.text):
        return "Korean hangs particles onto a word"
    language = next((name for name, letters in _GLUED.items() if letters.search(word.text)), "")
    return f"{language} hangs endings onto a word" if language and " " not in word.text else ""


def _check_short(words: Iterable[Matcher], report: FileReport) -> None:
    for word in words:
        if isinstance(word, Keyword) and word.kind == "contains" and _SHORT_LETTERS.fullmatch(word.text):
            inside = [f'"{each}"' for each in _COMMON_WORDS.split() if word.text in each and word.text != each][:3]
            message = f"{{contains: {word.written}}} also fires {_in(inside)}"
            report.warning("R026", word.at, message, hint=f"use the plain word {word.written}")


def _in(words: Sequence[str]) -> str:
    return f"in {', '.join(words)}" if words else "inside other words"


def _check_stops(each: Subject, stops: _Stops) -> None:
    for text in _deciding(each.rule.when):
        for word in _alone_in(text):
            stops.check(word, each.report)


def _deciding(when: When) -> Iterator[TextCondition]:
    """The text conditions each of which is all that a rule asks of a text."""
    if when.text is not None:
        yield when.text
        return
    branches = when.any if not when.every else when.every if len(when.every) == 1 and not when.any else ()
    for nested in branches:
        yield from _deciding(nested)


def _alone_in(text: TextCondition) -> Iterator[Matcher]:
    """The words that may be the whole message."""
    # Where more must be said than the word, it is not the whole message that igbot obeys.
    parts = (*text.any, *text.every)
    if text.min_words and text.min_words > 1:
        return
    for node in text.any if not text.every else text.every if len(parts) == 1 else ():
        if isinstance(node, TextCondition):
            yield from _alone_in(node)
        elif not isinstance(node, WordList):
            yield node
