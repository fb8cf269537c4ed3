"""The loaded rules as one immutable thing, with the tables that find the few that may fit a message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from igbot.rules.answers import Limit
from igbot.rules.deciding.fitting import Found, strongest_possible
from igbot.rules.deciding.order import order_of, sort_key
from igbot.rules.deciding.table import Entry, Table, build_table
from igbot.rules.deciding.trees import Numbering
from igbot.rules.deciding.vocabulary import languages_of, names_profile, when_names_profile
from igbot.rules.matching.index import Index, build_index
from igbot.rules.matching.matchers import Matcher
from igbot.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of `rules.d`, in the order of their files. `digest` names the contents they were read from.

    `limited_for_all` are the limits that count all customers together, by rule; `needs_profile` is true where some
    rule depends on what Meta tells of a customer; `may_resume` where some observer ends pauses; `languages` are those
    that any rule speaks or asks for, in lower case. The rest are tables of `decide`: `numbers` of all keywords, and in
    `keywords` what each number stands for.

    To let go of the last reference frees everything in one go, with the interpreter held: some 20 to 60 ms for ten
    thousand rules, in a thread as well. An owner with an event loop to keep going uses `take_apart`, in a thread.
    """

    digest: str
    rules: tuple[Rule, ...]
    limited_for_all: Mapping[str, Limit]
    needs_profile: bool
    may_resume: bool
    languages: tuple[str, ...]
    entries: tuple[Entry, ...]
    by_name: Mapping[str, Entry]
    fallbacks: tuple[Entry, ...]
    answering: Table
    observing: Table
    index: Index
    numbers: Mapping[Matcher, int]
    keywords: tuple[Found, ...]

    @property
    def count(self) -> int:
        """How many rules there are, the fallback included."""
        return len(self.rules)

    def rule_of(self, name: str) -> Rule | None:
        """The rule of a name."""
        entry = self.by_name.get(name)
        return entry.rule if entry else None


def build_ruleset(digest: str, rules: Sequence[Rule]) -> RuleSet:
    """The set of some rules, those of one file in its order; the order of the files does not matter.

    A rule that is not enabled is in it, but never answers.
    """
    ordered = tuple(sorted(rules, key=lambda rule: rule.file))
    numbering = Numbering()
    trees = [numbering.tree(rule.when) for rule in ordered]
    keywords: tuple[Found, ...] = tuple(zip(numbering.ranks, numbering.matchers, strict=True))
    entries = tuple(
        Entry(
            rule,
            place,
            tree,
            sort_key(order_of(rule, strongest_possible(tree, keywords)), place),
            names_profile(rule),
        )
        for place, (rule, tree) in enumerate(zip(ordered, trees, strict=True))
    )
    enabled = [entry for entry in entries if entry.rule.enabled]
    competing = [entry for entry in enabled if not entry.rule.fallback]
    fallbacks = [entry for entry in enabled if entry.rule.fallback]
    return RuleSet(
        digest=digest,
        rules=ordered,
        limited_for_all={rule.name: limit for rule in ordered for limit in rule.limits if limit.per == "all"},
        needs_profile=any(entry.says_profile or when_names_profile(entry.rule.when) for entry in enabled),
        may_resume=any(entry.rule.observe and entry.rule.resume for entry in enabled),
        languages=tuple(sorted({language for rule in ordered for language in languages_of(rule)})),
        entries=entries,
        by_name={entry.rule.name: entry for entry in entries},
        # One that is for an account alone goes before one that is for all.
        fallbacks=tuple(sorted(fallbacks, key=lambda entry: entry.rule.accounts is None)),
        answering=build_table((entry for entry in competing if not entry.rule.observe), numbering.uses),
        observing=build_table((entry for entry in competing if entry.rule.observe), numbering.uses),
        index=build_index(numbering.matchers),
        numbers=numbering.numbers,
        keywords=keywords,
    )


def take_apart(rules: RuleSet) -> list[object]:
    """The set in pieces, none of which takes long to free once the set itself is gone.

    For a thread: `pieces = take_apart(old)`, let go of the set, then `while pieces: pieces.pop()`.
    """
    tables = (rules.index, rules.numbers, rules.by_name, rules.answering, rules.observing)
    return [*tables, *rules.keywords, *rules.entries]
