"""The loaded rules as one immutable thing, with the tables that find the few that may fit a message."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from igbot.meta.events import CustomerKind
from igbot.rules.answers import Limit
from igbot.rules.deciding.anchors import Anchor, anchors
from igbot.rules.deciding.choice import Incoming
from igbot.rules.deciding.fitting import Found
from igbot.rules.deciding.trees import Numbering, Tree
from igbot.rules.deciding.vocabulary import languages_of, names_profile, when_names_profile
from igbot.rules.matching.index import Index, build_index
from igbot.rules.matching.matchers import Matcher
from igbot.rules.matching.normalise import normalise
from igbot.rules.rule import Rule

Places = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with its conditions in numbers. `place` is where it stands among all, `says_profile` whether what it says
    or sends names what Meta tells of a customer."""

    rule: Rule
    place: int
    tree: Tree
    says_profile: bool


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of `rules.d`, in the order of their files. `digest` names the contents they were read from.

    `limited_for_all` are the limits that count all customers together, by rule; `needs_profile` is true where some
    rule depends on what Meta tells of a customer; `languages` are those that any rule speaks or asks for, in lower
    case. The rest are tables of `decide`.

    To let go of the last reference frees everything in one go, with the interpreter held: some 30 to 60 ms for ten
    thousand rules, in a thread as well. An owner with an event loop to keep going uses `take_apart`, in a thread.
    """

    digest: str
    rules: tuple[Rule, ...]
    limited_for_all: Mapping[str, Limit]
    needs_profile: bool
    languages: tuple[str, ...]
    entries: tuple[Entry, ...]
    fallbacks: tuple[Entry, ...]
    by_name: Mapping[str, Entry]
    index: Index
    numbers: Mapping[Matcher, int]
    keywords: tuple[Found, ...]
    by_keyword: Mapping[int, Places]
    by_other: Mapping[Anchor, Places]
    prefix_lengths: Places
    by_kind: Mapping[CustomerKind, Places]
    observes: bool

    @property
    def count(self) -> int:
        """How many rules there are, the fallback included."""
        return len(self.rules)

    def rule_of(self, name: str) -> Rule | None:
        """The rule of a name."""
        entry = self.by_name.get(name)
        return entry.rule if entry else None

    def candidates(self, message: Incoming, hits: set[int]) -> Iterator[Entry]:
        """The rules that can fit, each once and in no order; each has still to be asked."""
        places: set[int] = set()
        by_keyword = self.by_keyword
        for number in hits:
            if number in by_keyword:
                places.update(by_keyword[number])
        if self.by_other:
            for anchor in self._brought(message):
                places.update(self.by_other.get(anchor, ()))
        entries = self.entries
        for place in places:
            yield entries[place]
        for place in self.by_kind.get(message.kind, ()):
            yield entries[place]

    def _brought(self, message: Incoming) -> Iterator[Anchor]:
        payload = message.payload
        if payload is not None:
            yield "payload", payload
            for length in self.prefix_lengths:
                if length <= len(payload):
                    yield "prefix", payload[:length]
        if message.emoji is not None:
            yield "emoji", normalise(message.emoji)
        if message.story is not None:
            yield "story", message.story
        if message.post is not None:
            yield "post", message.post
        if message.ad is not None:
            yield "ad", message.ad


def build_ruleset(digest: str, rules: Sequence[Rule]) -> RuleSet:
    """The set of some rules, those of one file in its order; the order of the files does not matter."""
    ordered = tuple(sorted(rules, key=lambda rule: rule.file))
    numbering = Numbering()
    entries = tuple(
        Entry(rule, place, numbering.tree(rule.when), names_profile(rule)) for place, rule in enumerate(ordered)
    )
    by_keyword: defaultdict[int, list[int]] = defaultdict(list)
    by_other: defaultdict[Anchor, list[int]] = defaultdict(list)
    by_kind: defaultdict[CustomerKind, list[int]] = defaultdict(list)
    for entry in entries:
        if not entry.rule.enabled or entry.rule.fallback:
            continue
        found = anchors(entry.tree, numbering.uses)
        if found is None:
            for kind in entry.rule.kinds:
                by_kind[kind].append(entry.place)
            continue
        for sort, which in found:
            if sort == "text" and isinstance(which, int):
                by_keyword[which].append(entry.place)
            else:
                by_other[sort, which].append(entry.place)
    fallbacks = [entry for entry in entries if entry.rule.fallback and entry.rule.enabled]
    return RuleSet(
        digest=digest,
        rules=ordered,
        limited_for_all={rule.name: limit for rule in ordered for limit in rule.limits if limit.per == "all"},
        needs_profile=any(e.says_profile or when_names_profile(e.rule.when) for e in entries if e.rule.enabled),
        languages=tuple(sorted({language for rule in ordered for language in languages_of(rule)})),
        entries=entries,
        # One that is for an account alone goes before one that is for all.
        fallbacks=tuple(sorted(fallbacks, key=lambda entry: entry.rule.accounts is None)),
        by_name={entry.rule.name: entry for entry in entries},
        index=build_index(numbering.matchers),
        numbers=numbering.numbers,
        keywords=tuple((matcher.rank, matcher) for matcher in numbering.matchers),
        by_keyword={number: tuple(places) for number, places in by_keyword.items()},
        by_other={anchor: tuple(places) for anchor, places in by_other.items()},
        prefix_lengths=tuple(sorted({len(str(which)) for sort, which in by_other if sort == "prefix"})),
        by_kind={kind: tuple(places) for kind, places in by_kind.items()},
        observes=any(rule.observe and rule.enabled for rule in ordered),
    )


def take_apart(rules: RuleSet) -> list[object]:
    """The set in pieces, none of which takes long to free once the set itself is gone.

    For a thread: `pieces = take_apart(old)`, let go of the set, then `while pieces: pieces.pop()`.
    """
    return [rules.index, rules.numbers, rules.by_keyword, rules.by_other, *rules.keywords, *rules.entries]
