"""Findings about what rules say: doubtful links, what nobody should ask for, and words that call the bot again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex

from igbot.rules.answers import Reply, Words
from igbot.rules.expressions import expression
from igbot.rules.lint.implication import phrases_in
from igbot.rules.lint.subjects import Subject, seek_after
from igbot.rules.lint.unwanted import unwanted
from igbot.rules.matching.matchers import Keyword
from igbot.rules.matching.normalise import fold_accents, normalise
from igbot.rules.matching.words import tokens
from igbot.rules.places import Place
from igbot.rules.reading.source import FileReport
from igbot.rules.templates.model import Template

_SHORTENERS = r"bit\.ly|tinyurl\.com|t\.co|goo\.gl|ow\.ly|is\.gd|buff\.ly|rebrand\.ly|cutt\.ly|rb\.gy|shorturl\.at"
_SHORTENED = expression(rf"(?:https?://)?(?<![\w.-])(?:{_SHORTENERS})/\S*", regex.IGNORECASE)
_PLAIN = expression(r"http://\S*", regex.IGNORECASE)

LONGEST_ECHO = 6
"""Words of an answer that may say little more than the one that brings it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text that a rule says, without what is filled in, and where it is written."""

    text: str
    place: Place
    report: FileReport


def check_speech(rules: Sequence[Subject], reports: Mapping[str, FileReport]) -> None:
    """Findings R048, R063 and R065."""
    endless = _endless(rules)
    told: set[int] = set()
    for each in rules:
        if each.report.full:
            continue
        for said in texts_of(each, reports, told):
            if "/" in said.text:
                _check_links(said)
            for part, message, hint in unwanted(said.text):
                said.report.warning("R063", seek_after(said.report, said.place, part), message, hint=hint)
            if said.text.count(" ") < LONGEST_ECHO:
                _check_echo(said, endless)
        for reply in each.rule.replies:
            if report := reports.get(reply.file):
                for url in _urls(reply):
                    _check_links(Said(url, reply.at, report))


def texts_of(each: Subject, reports: Mapping[str, FileReport], told: set[int]) -> Iterator[Said]:
    """Every text that a rule says to customers, in every language, but for those that other rules say with it.

    `told` keeps the ids of what has been given, for as long as the rules are there.
    """
    for reply in each.rule.replies:
        report = reports.get(reply.file, each.report)
        for words in (reply.text, *(variant.says for variant in reply.variants)):
            if words and id(words) not in told:
                told.add(id(words))
                yield from _said(words, report)
    plan = each.rule.handoff
    for words in (plan.say, plan.say_open, plan.say_closed) if plan else ():
        if words:
            yield from _said(words, each.report)


def _said(words: Words, report: FileReport) -> Iterator[Said]:
    for text in dict.fromkeys(map(bare_text, words.by_language.values())):
        yield Said(text, words.at, report)


def bare_text(template: Template) -> str:
    """A text without what is filled in for each message."""
    return "".join(part if isinstance(part, str) else part.constant or "" for part in template)


def _urls(reply: Reply) -> Iterator[str]:
    yield from (button.url for button in reply.buttons if button.url)
    if reply.attachment:
        yield reply.attachment.url


def _check_links(said: Said) -> None:
    for found in _SHORTENED.finditer(said.text):
        place = seek_after(said.report, said.place, found[0])
        message = "a shortened link: customers and Meta distrust it"
        said.report.warning("R065", place, message, hint="write the full link")
    for found in _PLAIN.finditer(said.text):
        if not _SHORTENED.match(found[0]):
            place = seek_after(said.report, said.place, found[0])
            said.report.warning("R065", place, "a link without encryption", hint=f"write https{found[0][4:44]}")


def _endless(rules: Sequence[Subject]) -> dict[str, Subject]:
    """The phrases to which rules answer each time they are said, however often."""
    found: dict[str, Subject] = {}
    for each in rules:
        if each.competes and each.flat and not each.rule.limits and "text" in each.rule.kinds:
            for word in each.wanted:
                if type(word) is Keyword and word.kind in ("word", "is"):
                    found.setdefault(word.folded, each)
    return found


def _check_echo(said: Said, endless: Mapping[str, Subject]) -> None:
    text = fold_accents(normalise(said.text))
    words = len(tokens(text))
    for phrase in phrases_in(text) if words else ():
        brought = endless.get(phrase)
        if brought is not None and 2 * len(tokens(phrase)) >= words:
            name = brought.rule.name
            message = f'whoever repeats this answer brings "{name}" again by the word "{phrase}"; two bots never end'
            said.report.warning("R048", said.place, message, hint=f'say more, or give "{name}" a cooldown: 1m')
            return
