"""The loaded rules as one immutable thing, with the tables that find the few that may fit a message."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from igbot.meta.events import CUSTOMER_KINDS, CustomerKind
from igbot.meta.outgoing import QuickReply
from igbot.rules.matching.index import Ids, Index, build_index
from igbot.rules.matching.matchers import Matcher
from igbot.rules.templates.reading import Template

DEFAULT_KINDS: frozenset[CustomerKind] = frozenset({"text", "quick_reply", "story_reply"})
FALLBACK_KINDS: frozenset[CustomerKind] = frozenset(
    {"text", "quick_reply", "postback", "story_reply", "image", "video", "audio", "file", "share", "unsupported"}
)
"""What is answered when no rule fits; never a reaction, a story mention or a referral."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as written; its text is filled in for each message."""

    text: Template
    quick_replies: tuple[QuickReply, ...] = ()


@dataclass(frozen=True, slots=True)
class HandoffPlan:
    """A hand-off as written."""

    pause: timedelta
    say: Template | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `keywords` join by `every` (all or any); `payloads` end in `*` where a beginning is enough."""

    name: str
    file: str
    line: int
    kinds: frozenset[CustomerKind]
    priority: int = 0
    keywords: tuple[Matcher, ...] = ()
    every: bool = False
    excluded: tuple[Matcher, ...] = ()
    payloads: tuple[str, ...] = ()
    reply: Reply | None = None
    handoff: HandoffPlan | None = None
    fallback: bool = False
    conditions: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with its keywords by their ids in the index, in their order."""

    rule: Rule
    keywords: Mapping[int, Matcher]
    excluded: Mapping[int, Matcher]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of `rules.d`. `digest` names the contents they were read from; `entries` are in the order of the files.

    Built by `build_ruleset`, used through `decide`.
    """

    digest: str
    entries: tuple[Entry, ...]
    fallback: Rule | None
    matchers: tuple[Matcher, ...]
    index: Index
    by_keyword: Mapping[int, Ids]
    by_payload: Mapping[str, Ids]
    by_prefix: Mapping[str, Ids]
    prefix_lengths: Ids
    by_kind: Mapping[CustomerKind, Ids]

    @property
    def count(self) -> int:
        """How many rules there are, the fallback included."""
        return len(self.entries) + (self.fallback is not None)

    def candidates(self, kind: CustomerKind, payload: str | None, hits: Collection[int]) -> set[int]:
        """The places in `entries` of the rules that can fit; each has still to be asked."""
        found = set(self.by_kind.get(kind, ()))
        for matcher in hits:
            found.update(self.by_keyword.get(matcher, ()))
        if payload is not None:
            found.update(self.by_payload.get(payload, ()))
            for length in self.prefix_lengths:
                if length <= len(payload):
                    found.update(self.by_prefix.get(payload[:length], ()))
        return found


def build_ruleset(digest: str, rules: Sequence[Rule]) -> RuleSet:
    """The set of rules given in the order of their files; at most one is a fallback."""
    answering = [rule for rule in rules if not rule.fallback]
    matchers, numbers = _number_matchers(answering)
    entries = tuple(
        Entry(
            rule,
            {numbers[matcher.kind, matcher.text]: matcher for matcher in rule.keywords},
            {numbers[matcher.kind, matcher.text]: matcher for matcher in rule.excluded},
        )
        for rule in answering
    )
    by_keyword: defaultdict[int, list[int]] = defaultdict(list)
    by_payload: defaultdict[str, list[int]] = defaultdict(list)
    by_prefix: defaultdict[str, list[int]] = defaultdict(list)
    by_kind: defaultdict[CustomerKind, list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        if entry.keywords:
            for matcher in _anchors(entry):
                by_keyword[matcher].append(place)
        elif entry.rule.payloads:
            for payload in entry.rule.payloads:
                table, text = (by_prefix, payload[:-1]) if payload.endswith("*") else (by_payload, payload)
                table[text].append(place)
        else:
            for kind in entry.rule.kinds:
                by_kind[kind].append(place)
    return RuleSet(
        digest=digest,
        entries=entries,
        fallback=next((rule for rule in rules if rule.fallback), None),
        matchers=matchers,
        index=build_index(matchers),
        by_keyword={matcher: tuple(places) for matcher, places in by_keyword.items()},
        by_payload={payload: tuple(places) for payload, places in by_payload.items()},
        by_prefix={prefix: tuple(places) for prefix, places in by_prefix.items()},
        prefix_lengths=tuple(sorted({len(prefix) for prefix in by_prefix})),
        by_kind={kind: tuple(places) for kind, places in by_kind.items()},
    )


def _number_matchers(rules: Iterable[Rule]) -> tuple[tuple[Matcher, ...], dict[tuple[str, str], int]]:
    """One matcher for each keyword however many rules have it, and its number."""
    found: dict[tuple[str, str], Matcher] = {}
    for rule in rules:
        for matcher in (*rule.keywords, *rule.excluded):
            found.setdefault((matcher.kind, matcher.text), matcher)
    return tuple(found.values()), {key: number for number, key in enumerate(found)}


def _anchors(entry: Entry) -> Iterable[int]:
    """The keywords under which a rule is found; one is enough where all must hit, and the longest is the rarest."""
    if not entry.rule.every:
        return entry.keywords
    return (max(entry.keywords, key=lambda number: len(entry.keywords[number].text)),)


def all_kinds() -> frozenset[CustomerKind]:
    """What `any` stands for in `kinds`."""
    return frozenset(CUSTOMER_KINDS)  # type: ignore[arg-type]
