"""Reads the templates of a rule's texts, with the names that this rule has, and tells what is wrong with them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import regex

from igbot.meta.events import CustomerKind
from igbot.meta.sendapi import MAX_BUTTON_TEXT_CHARACTERS, MAX_TEXT_BYTES
from igbot.rules.answers import Words
from igbot.rules.expressions import expression
from igbot.rules.languages import nearest
from igbot.rules.reading.answers_draft import DraftWords
from igbot.rules.reading.source import FileReport, Scalar, place_inside, place_of
from igbot.rules.reading.source import Mapping as MapNode
from igbot.rules.templates.model import Insert, Template
from igbot.rules.templates.reading import read_template
from igbot.rules.templates.rendering import longest_text

_TEXT_KINDS: frozenset[CustomerKind] = frozenset({"text", "quick_reply", "story_reply"})
_OFTEN_EMPTY = ("customer.username", "customer.name", "customer.first_name", "customer.tags", "customer.follows")
_INSERT = r"\{\{(?:'[^']*'|\"[^\"]*\"|[^'\"}]|\}(?!\}))*+\}\}"
_STRAY = expression(rf"(?:{_INSERT}|(?!\}}\}}).)*+(?P<end>\}}\}})", regex.DOTALL)
_SINGLE = expression(r"(?<!\{)\{ {0,3}(?P<name>[A-Za-z_][A-Za-z0-9_.]{0,99}) {0,3}\}(?!\})")
_WITHOUT_DEFAULT = r"\{{\{{[-\s(]*+(?P<name>{})(?![\w.])(?!(?:[^}}]|\}}(?!\}}))*default)"
_NOT_IN_URL = expression(r"[\s\p{Cc}\p{Cf}\p{Cs}\p{Z}]")
_HTTPS = expression(r"https://[^\s/?#@:\\]+\.[^\s/?#@:\\.]+(?::[0-9]{1,5})?(?:[/?#]\S*)?", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the texts of one rule may use. `language` is the one that texts are in where they do not say.

    `empty` are names that may have no value in this rule, `.*` at the end for all below; None: that is not known yet.
    """

    constants: Mapping[str, str]
    names: frozenset[str]
    schedules: Collection[str]
    language: str
    empty: frozenset[str] | None

    def knows(self, name: str) -> bool:
        """Whether a text may be filled in with it."""
        return name in self.constants or name in self.names

    def may_be_empty(self, name: str) -> bool:
        """Whether a name may have no value when a customer writes."""
        roots = {f"{name[:end]}.*" for end, letter in enumerate(name) if letter == "."}
        return self.empty is not None and not self.empty.isdisjoint(roots | {name})


def empty_names(
    kinds: frozenset[CustomerKind],
    *,
    groups: Collection[str],
    has_text_condition: bool,
    sure_groups: Collection[str],
    slots: bool,
) -> frozenset[str]:
    """The names that may have no value in a rule with these conditions.

    `groups` are those of its patterns, `sure_groups` those that every message fills; `slots`: the call may fail.
    """
    found = {*_OFTEN_EMPTY, "customer.set.*"}
    # A group has no value where another of the rule's matchers hit, or where it is in a part that may be missing.
    found |= {f"match.{name}" for name in groups if name not in sure_groups}
    if not has_text_condition or groups:
        found.add("match.keyword")
    if not (has_text_condition or kinds <= _TEXT_KINDS):
        found.add("message.text")
    return frozenset({*found, "slots.*"} if slots else found)


def compile_text(node: Scalar, vocabulary: Vocabulary, report: FileReport) -> Template:
    """The template of one text; R045, R046 and R050 for what is wrong with it, and then it is empty."""
    template, problems = read_template(
        node.value, constants=vocabulary.constants, names=vocabulary.names, schedules=vocabulary.schedules
    )
    for problem in problems:
        if report.hopeless:
            break
        place = place_inside(report.source, node, problem.part, at=problem.at)
        report.error(problem.code, place, problem.message, hint=problem.hint)
    if problems:
        return ()
    if "}}" in node.value and (stray := _STRAY.match(node.value)):
        place = place_inside(report.source, node, "}}", at=stray.start("end"))
        report.warning("R045", place, 'this "}}" closes nothing and is sent as it is', hint="write {{ in front of it")
    if "{" in node.value:
        _check_single_braces(node, vocabulary, report)
    for part in template:
        if isinstance(part, Insert) and part.constant is None and part.may_print_nothing:
            _check_empty(part.name, node, vocabulary, report)
    return template


def _check_single_braces(node: Scalar, vocabulary: Vocabulary, report: FileReport) -> None:
    for found in _SINGLE.finditer(node.value):
        name = found["name"]
        meant = next((each for each in (name, f"customer.{name}") if vocabulary.knows(each)), None)
        if meant:
            place = place_inside(report.source, node, found[0], at=found.start())
            report.warning("R045", place, f"{found[0]} is sent as it is", hint=f"write {{{{ {meant} }}}}")


def _check_empty(name: str, node: Scalar, vocabulary: Vocabulary, report: FileReport) -> None:
    if vocabulary.may_be_empty(name):
        bare = regex.search(_WITHOUT_DEFAULT.format(regex.escape(name)), node.value)
        place = place_inside(report.source, node, name, at=bare.start("name") if bare else None)
        hint = f"write {{{{ {name} | default('…') }}}}"
        report.warning("R046", place, f'"{name}" may be empty in this rule', hint=hint)


def compile_words(draft: DraftWords, vocabulary: Vocabulary, report: FileReport) -> Words:
    """A text in all its languages; R047 where the default one is missing. Then the first one stands in for it."""
    texts = {tag: compile_text(node, vocabulary, report) for tag, node in draft.by_language}
    if "" in texts:
        return Words(texts, vocabulary.language, place_of(draft.node))
    default = nearest(vocabulary.language, texts)
    if default is None:
        default = next(iter(texts))
        message = (
            f'no text in "{vocabulary.language}", the language of customers of whom none is known; they get "{default}"'
        )
        at = draft.node.entries[next(iter(draft.node.entries))][0] if isinstance(draft.node, MapNode) else draft.node
        report.warning("R047", at, message, hint=f"add {vocabulary.language}:")
    return Words({**texts, "": texts[default]}, default, place_of(draft.node))


def check_size(draft: DraftWords, words: Words, what: str, report: FileReport, *, split: bool = True) -> None:
    """R040 for a text over one message's size, an error where it cannot be split."""
    for tag, node in draft.by_language:
        size = len(longest_text(words.by_language[tag], tag or words.default).encode("utf-8", "replace"))
        if size <= MAX_TEXT_BYTES:
            continue
        if split:
            message = f"{what} can reach {size} bytes; over {MAX_TEXT_BYTES} it is sent as several messages"
            report.warning("R040", node, message, hint="say it in fewer words")
        else:
            message = f"{what} can reach {size} bytes, a message that is not split has {MAX_TEXT_BYTES}"
            report.error("R040", node, message, hint="say it in fewer words, or cut what is filled in: | truncate(40)")


def check_button_text(draft: DraftWords, words: Words, report: FileReport) -> None:
    """R042 for a text that is too long to stand over buttons, a warning where only long values make it so."""
    for tag, node in draft.by_language:
        template = words.by_language[tag]
        most = len(longest_text(template, tag or words.default))
        if most <= MAX_BUTTON_TEXT_CHARACTERS:
            continue
        message = f"a text with buttons can reach {most} characters, Meta allows {MAX_BUTTON_TEXT_CHARACTERS}"
        hint = "say it in fewer words, or cut what is filled in: | truncate(40)"
        certain = sum(len(part) for part in template if isinstance(part, str)) > MAX_BUTTON_TEXT_CHARACTERS
        (report.error if certain else report.warning)("R042", node, message, hint=hint)


def compile_url(node: Scalar, what: str, vocabulary: Vocabulary, report: FileReport) -> str:
    """An https address, `vars` filled in; R042 for any other, R045 for a name that only a message brings."""
    template, problems = read_template(node.value, constants=vocabulary.constants, names=(), schedules=())
    if problems or any(isinstance(part, Insert) for part in template):
        message = f"only names of vars are filled into the address of {what}"
        part, at = (problems[0].part, problems[0].at) if problems else ("{{", None)
        place = place_inside(report.source, node, part, at=at)
        report.error("R045", place, message, hint="for example {{ shop.site }}/new")
        return ""
    # A text that is written below its key ends with its line.
    url = "".join(part for part in template if isinstance(part, str)).removesuffix("\n")
    if not _HTTPS.fullmatch(url.strip()):
        message = f"{what} wants a whole address that begins with https://"
        hint = (
            f"write https{url[4:60]}" if url.lower().startswith("http://") else "for example https://shop.example/new"
        )
        report.error("R042", node, message, hint=hint)
    elif found := _NOT_IN_URL.search(url):
        message = f"the address of {what} has U+{ord(found[0]):04X} in it, which cannot be seen"
        report.error("R042", node, message, hint="delete spaces, line breaks and what else a copy brought along")
    return url
