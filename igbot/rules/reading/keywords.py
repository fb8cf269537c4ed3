"""Reads keywords, payloads and kinds: everything of a rule that a message is held against."""

from collections.abc import Mapping as MappingOf
from typing import cast, get_args

from igbot.meta.events import CUSTOMER_KINDS, CustomerKind
from igbot.rules.matching.matchers import Matcher, MatcherKind
from igbot.rules.reading.draft import DraftKeyword
from igbot.rules.reading.source import FileReport, Mapping, Node, Scalar
from igbot.rules.reading.values import check_keys, did_you_mean, read_list, read_text
from igbot.rules.deciding.ruleset import DEFAULT_KINDS, FALLBACK_KINDS, all_kinds

MATCHER_KINDS: frozenset[str] = frozenset(get_args(MatcherKind))
LATER_MATCHERS = frozenset({"regex", "raw", "fuzzy", "distance", "similar", "min", "list", "near", "within"})

# The words by which each language says "leave me alone"; the bot obeys them itself, before any rule is asked.
STOP_WORDS: MappingOf[str, str] = {
    word: language
    for language, words in {
        "en": "stop unsubscribe",
        "es": "stop baja parar",
        "de": "stopp abmelden",
        "fr": "stop arrêter",
        "pt": "parar sair",
        "it": "stop basta",
        "tr": "dur iptal",
        "ru": "стоп отписаться",
        "ar": "توقف",
    }.items()
    for word in words.split()
}


def read_keywords(node: Node, what: str, report: FileReport) -> tuple[DraftKeyword, ...]:
    """A list of matchers; those that cannot be used are findings and left out."""
    found = (_read_matcher(item, report) for item in read_list(node, what, report))
    return tuple(keyword for keyword in found if keyword)


def _read_matcher(node: Node, report: FileReport) -> DraftKeyword | None:
    kind, text_node = "word", node
    if isinstance(node, Mapping):
        check_keys(node, "a keyword", report, known=MATCHER_KINDS, later=LATER_MATCHERS)
        named = [(key.value, value) for key, value in node if key.value in MATCHER_KINDS]
        if len(named) != 1:
            if not any(key.value in LATER_MATCHERS for key, _ in node):
                hint = f"one of: {', '.join(sorted(MATCHER_KINDS))}"
                report.error("R004", node, "a keyword wants exactly one way of matching", hint=hint)
            return None
        kind, text_node = named[0]
    written = read_text(text_node, "a keyword", report)
    if written is None:
        return None
    matcher = Matcher.of(cast(MatcherKind, kind), written)
    if not matcher.text:
        report.error("R020", text_node, "the keyword is empty: nothing that can be seen is in it", hint="delete it")
        return None
    return DraftKeyword(matcher, text_node)


def read_payloads(node: Node, report: FileReport) -> tuple[Scalar, ...]:
    """One payload or a list of them."""
    items = (node,) if isinstance(node, Scalar) else read_list(node, "payload", report)
    texts = [(item, read_text(item, "payload", report)) for item in items]
    for item, text in texts:
        if text == "":
            report.error("R004", item, "payload is empty")
    return tuple(item for item, text in texts if text and isinstance(item, Scalar))


def read_kinds(node: Node | None, report: FileReport, *, fallback: bool) -> frozenset[CustomerKind]:
    """The kinds a rule serves; without the key the default ones."""
    if node is None:
        return FALLBACK_KINDS if fallback else DEFAULT_KINDS
    kinds: set[CustomerKind] = set()
    for item in read_list(node, "kinds", report):
        text = read_text(item, "kinds", report)
        if text == "any":
            kinds |= all_kinds()
        elif text in CUSTOMER_KINDS:
            kinds.add(cast(CustomerKind, text))
        elif text is not None:
            known = [*sorted(CUSTOMER_KINDS), "any"]
            hint = did_you_mean(text, known) or f"known are: {', '.join(known)}"
            report.error("R004", item, f'"{text[:60]}" is not a kind of message', hint=hint)
    return frozenset(kinds)
