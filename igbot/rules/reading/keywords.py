"""Reads matchers: everything that can stand in a list of words (`rules.md` §2.4)."""

from collections.abc import Mapping as MappingOf
from typing import cast, get_args

from igbot.rules.conditions import WordList
from igbot.rules.expressions import expression
from igbot.rules.matching.matchers import Fuzzy, Keyword, KeywordKind, Matcher, Near, Pattern, Similar
from igbot.rules.matching.normalise import normalise
from igbot.rules.reading.scope import Words
from igbot.rules.reading.slips import check_half_quotes, check_slips
from igbot.rules.reading.source import Mapping, Node, Scalar, place_of
from igbot.rules.reading.values import check_keys, read_boolean, read_integer, read_list, read_text, read_texts

KEYWORD_KINDS: frozenset[str] = frozenset(get_args(KeywordKind))
FORMS = KEYWORD_KINDS | {"regex", "fuzzy", "similar", "list"}
"""The ways of matching; a matcher written as a map has one of them as a key."""
OPTIONS: MappingOf[str, str] = {
    "near": "word",
    "within": "word",
    "raw": "regex",
    "distance": "fuzzy",
    "min": "similar",
}
"""The form that each further key belongs to."""

DEFAULT_WITHIN = 5
MOST_WITHIN = 100
DEFAULT_MIN = 88
"""How alike two sentences must be where a rule does not say."""
SHORTEST_FUZZY = 5
FUZZY_BY_TWO = 8
"""Letters from which on two edits are possible."""

_ONE_WORD = expression(r"[\p{L}\p{M}\p{N}_]+")
_GRAPHEME = expression(r"\X")


def read_matchers(node: Node, what: str, words: Words) -> tuple[Matcher | WordList, ...]:
    """A list of matchers with at least one; those that cannot be used are findings and left out."""
    found = (read_matcher(item, words) for item in read_list(node, what, words.report))
    return tuple(matcher for matcher in found if matcher is not None)


def read_matcher(node: Node, words: Words) -> Matcher | WordList | None:
    """One matcher: a bare text is a whole word or phrase."""
    if not isinstance(node, Mapping):
        return _read_keyword("word", node, words)
    report = words.report
    forms = node.entries.keys() & FORMS
    check_keys(node, "a keyword", report, known=FORMS | OPTIONS.keys())
    if len(forms) != 1:
        hint = f"one of: {', '.join(sorted(FORMS))}"
        report.error("R004", node, "a keyword wants exactly one way of matching", hint=hint)
        return None
    form = forms.pop()
    for key, _ in node:
        if (owner := OPTIONS.get(key.value)) and owner != form:
            report.error("R003", key, f'"{key.value}" belongs to {owner}, not to {form}', hint="delete it")
    value = cast(Node, node.get(form))
    match form:
        case "list":
            return words.word_list(value, words)
        case "regex":
            return _read_pattern(node, value, words)
        case "fuzzy":
            return _read_fuzzy(node, value, words)
        case "similar":
            return _read_similar(node, value, words)
        case "word" if "near" in node.entries or "within" in node.entries:
            return _read_near(node, value, words)
        case _:
            return _read_keyword(cast(KeywordKind, form), value, words)


def _read_keyword(kind: KeywordKind, node: Node, words: Words) -> Keyword | None:
    written = read_text(node, "a keyword", words.report, code="R020")
    if written is None:
        return None
    keyword = Keyword.of(kind, written, place_of(node))
    if not keyword.text:
        _refuse_empty(node, words)
        return None
    if isinstance(node, Scalar) and node.plain:
        check_slips(node, "a keyword", words.report)
        check_half_quotes(node, "a keyword", words.report)
    return keyword


def _refuse_empty(node: Node, words: Words) -> None:
    message = "the keyword is empty: nothing that can be seen is in it"
    words.report.error("R020", node, message, hint="delete it")


def _read_near(node: Mapping, value: Node, words: Words) -> Near | None:
    word = _read_keyword("word", value, words)
    others = node.get("near")
    if others is None:
        key = cast(Scalar, node.key("within"))
        words.report.error("R004", key, '"within" wants "near" beside it', hint="add near: [other, words]")
        return None
    near = [_read_keyword("word", item, words) for item, _ in read_texts(others, "near", words.report)]
    within: int | None = DEFAULT_WITHIN
    if distance := node.get("within"):
        within = read_integer(distance, "within", words.report, lowest=1, highest=MOST_WITHIN)
    found = tuple(each for each in near if each)
    return Near(word, found, within, place_of(node)) if word and found and within else None


def _read_pattern(node: Mapping, value: Node, words: Words) -> Pattern | None:
    written = read_text(value, "regex", words.report, code="R020")
    raw = node.get("raw")
    from_original = read_boolean(raw, "raw", words.report) if raw else False
    if written is None or from_original is None or not isinstance(value, Scalar):
        return None
    if not written.strip():
        _refuse_empty(value, words)
        return None
    groups = words.patterns.check(value, written, words.report)
    if groups is None:
        return None
    words.groups.update(groups)
    return Pattern(written, from_original, place_of(value))


def _read_fuzzy(node: Mapping, value: Node, words: Words) -> Fuzzy | None:
    report = words.report
    written = read_text(value, "fuzzy", report, code="R020")
    if written is None:
        return None
    text = normalise(written)
    if not text:
        _refuse_empty(value, words)
        return None
    if not _ONE_WORD.fullmatch(text):
        hint = "use similar: for several words, or one entry for each word"
        report.error("R029", value, f"fuzzy wants one word, not {written[:40]!r}", hint=hint)
        return None
    letters = len(_GRAPHEME.findall(text))
    if letters < SHORTEST_FUZZY:
        message = f"fuzzy wants a word of {SHORTEST_FUZZY} letters or more, {written[:40]!r} has {letters}"
        report.error("R029", value, message, hint="too many other words are that near; write the spellings out")
        return None
    most = 2 if letters >= FUZZY_BY_TWO else 1
    wanted = node.get("distance")
    distance = read_integer(wanted, "distance", report, lowest=1, highest=2) if wanted else most
    if wanted and distance and distance > most:
        message = f"two edits want a word of {FUZZY_BY_TWO} letters or more, {written[:40]!r} has {letters}"
        report.error("R029", wanted, message, hint="distance: 1")
        return None
    return Fuzzy(text, distance, written, place_of(value)) if distance else None


def _read_similar(node: Mapping, value: Node, words: Words) -> Similar | None:
    written = read_text(value, "similar", words.report, code="R020")
    if written is None:
        return None
    text = normalise(written)
    if not text:
        _refuse_empty(value, words)
        return None
    least: int | None = DEFAULT_MIN
    if wanted := node.get("min"):
        least = read_integer(wanted, "min", words.report, lowest=1, highest=100)
    return Similar(text, least, written, place_of(value)) if least else None
