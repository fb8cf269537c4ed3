"""Rules as lint looks at them: each with the report of its file and its words taken out of their tree, once for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from igbot.rules.conditions import TextCondition, TextNode, When, WordList
from igbot.rules.matching.matchers import Fuzzy, Keyword, Matcher, Near, Pattern, Similar
from igbot.rules.places import Place
from igbot.rules.reading.source import FileReport
from igbot.rules.rule import Rule

Key: TypeAlias = tuple[str, str] | Matcher
"""What makes two words the same word: kind and text of a keyword, else the matcher itself."""

LONGEST_WRITTEN = 5000
"""Characters of a file after the beginning of a text in which a part of it is looked for."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One rule. `number` is its place among the rules, in the order of the files; in its file it ends before `end`.

    `wanted` are the words it is written with, those of nested conditions too, `excluded` those of `not` and `none`;
    those of shared lists are in `lists` and `excluded_lists`. `flat` where the text condition is a plain `any`, `none`.
    """

    number: int
    end: int
    rule: Rule
    report: FileReport
    wanted: tuple[Matcher, ...]
    excluded: tuple[Matcher, ...]
    lists: tuple[WordList, ...]
    excluded_lists: tuple[WordList, ...]
    flat: bool

    @property
    def competes(self) -> bool:
        """Whether it can answer in place of another rule."""
        return self.rule.enabled and not self.rule.observe and not self.rule.fallback

    @property
    def where(self) -> str:
        """File and line, for findings about another rule."""
        return f"{self.rule.file}:{self.rule.line}"


def subjects(rules: Sequence[Rule], reports: Mapping[str, FileReport]) -> list[Subject]:
    """The rules of files that there is a report about."""
    found = []
    begins: dict[str, int] = {}
    for number in range(len(rules) - 1, -1, -1):
        rule = rules[number]
        if report := reports.get(rule.file):
            end = begins.get(rule.file, len(report.source.starts) + 1)
            found.append(_subject(rule, report, number=number, end=end))
            begins[rule.file] = rule.line
    found.reverse()
    return found


def _subject(rule: Rule, report: FileReport, *, number: int, end: int) -> Subject:
    text = rule.when.text
    flat = is_plain(rule.when) and text is not None and not text.every and _only_leaves(text)
    wanted: Sequence[TextNode] = text.any if flat and text else []
    excluded: Sequence[TextNode] = text.none if flat and text else []
    if not flat:
        nodes: dict[bool, list[TextNode]] = {True: [], False: []}
        for node, is_wanted in _walk(rule.when, wanted=True):
            nodes[is_wanted].append(node)
        wanted, excluded = nodes[True], nodes[False]
    words, lists = _apart(wanted)
    without, without_lists = _apart(excluded) if excluded else ((), ())
    return Subject(number, end, rule, report, words, without, lists, without_lists, flat)


def _apart(nodes: Sequence[TextNode]) -> tuple[tuple[Matcher, ...], tuple[WordList, ...]]:
    """Words, and lists of them."""
    lists = tuple([node for node in nodes if type(node) is WordList])
    words = tuple([node for node in nodes if type(node) is not WordList]) if lists else tuple(nodes)
    return words, lists  # type: ignore[return-value]


def is_plain(when: When) -> bool:
    """Whether no conditions are nested in it."""
    return not (when.any or when.every or when.none)


def _only_leaves(text: TextCondition) -> bool:
    return TextCondition not in map(type, (*text.any, *text.none))


def _walk(when: When, *, wanted: bool) -> Iterator[tuple[Matcher | WordList, bool]]:
    if when.text:
        yield from _walk_text(when.text, wanted=wanted)
    for nested in (*when.any, *when.every):
        yield from _walk(nested, wanted=wanted)
    for nested in when.none:
        yield from _walk(nested, wanted=not wanted)


def _walk_text(node: TextNode, *, wanted: bool) -> Iterator[tuple[Matcher | WordList, bool]]:
    if not isinstance(node, TextCondition):
        yield node, wanted
        return
    for nested in (*node.any, *node.every):
        yield from _walk_text(nested, wanted=wanted)
    for nested in node.none:
        yield from _walk_text(nested, wanted=not wanted)


def all_conditions(when: When) -> Iterator[When]:
    """The condition and everything nested in it."""
    yield when
    for nested in (*when.any, *when.every, *when.none):
        yield from all_conditions(nested)


def text_conditions(when: When) -> Iterator[TextCondition]:
    """Every text condition of a rule, nested ones too."""
    for each in all_conditions(when):
        if each.text:
            yield from _nested_texts(each.text)


def _nested_texts(text: TextCondition) -> Iterator[TextCondition]:
    yield text
    for node in (*text.any, *text.every, *text.none):
        if isinstance(node, TextCondition):
            yield from _nested_texts(node)


def list_words(given: WordList) -> Iterator[Matcher]:
    """The words of a list and of those in it that are lists themselves, whatever else its conditions say."""
    for node in given.any:
        if isinstance(node, WordList):
            yield from list_words(node)
        elif isinstance(node, TextCondition):
            for each, _ in _walk_text(node, wanted=True):
                if isinstance(each, WordList):
                    yield from list_words(each)
                else:
                    yield each
        else:
            yield node


def shared_lists(rules: Sequence[Subject]) -> list[WordList]:
    """Every list that some rule uses, each once, those within lists too."""
    found: dict[str, WordList] = {}
    waiting = [each for subject in rules for each in (*subject.lists, *subject.excluded_lists)]
    while waiting:
        given = waiting.pop()
        if given.name not in found:
            found[given.name] = given
            waiting += [node for node in given.any if isinstance(node, WordList)]
    return sorted(found.values(), key=lambda each: (each.file, each.at.line, each.name))


def key_of(matcher: Matcher) -> Key:
    """What two words have in common where they hit the same messages."""
    return (matcher.kind, matcher.text) if type(matcher) is Keyword else matcher


def written(matcher: Matcher) -> str:
    """The word as its owner wrote it."""
    match matcher:
        case Near():
            return matcher.word.written
        case Keyword() | Fuzzy() | Similar() | Pattern():
            return matcher.written


def seek(subject: Subject, text: str, otherwise: str) -> Place:
    """Where a text is written within a rule; else the place of the key `otherwise`."""
    source = subject.report.source
    lines = (subject.rule.line, subject.end)
    begin, end = (source.starts[line - 1] if line <= len(source.starts) else len(source.text) for line in lines)
    at = source.text.find(text, begin, end) if text else -1
    return source.place_at(at, len(text)) if at >= 0 else subject.rule.place(otherwise)


def seek_after(report: FileReport, place: Place, text: str) -> Place:
    """Where a text is written at a place or soon after it; else the place."""
    source = report.source
    if not text or place.line > len(source.starts):
        return place
    begin = source.starts[place.line - 1] + place.column - 1
    at = source.text.find(text, begin, begin + LONGEST_WRITTEN)
    return source.place_at(at, len(text)) if at >= 0 else place
