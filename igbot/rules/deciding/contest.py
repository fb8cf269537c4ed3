"""Which rules fit a message, in their one total order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush

from igbot.rules.conditions import When
from igbot.rules.deciding.choice import Considered, Customer, Incoming, Options, Order
from igbot.rules.deciding.fitting import Found, found
from igbot.rules.deciding.order import order_of, sort_key
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.deciding.scene import Scene
from igbot.rules.deciding.table import Entry, SortKey
from igbot.rules.matching.matchers import Matcher, Text
from igbot.rules.rule import Rule

LANGUAGE_FACT = "lang"
"""The fact (`set: {lang: es}`) that says in which language a customer is answered."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A rule that fits. `strongest` is what hit most exactly: a keyword, a payload, or nothing."""

    entry: Entry
    strongest: Matcher | str | None
    order: Order

    @property
    def rule(self) -> Rule:
        """The rule as written."""
        return self.entry.rule


def stage(
    rules: RuleSet, message: Incoming, customer: Customer, *, sent_at: datetime, now: datetime, options: Options
) -> Scene:
    """All that rules may ask of for one message, the keywords that hit found."""
    text = Text.of(message.text)
    memory = customer.memory
    told = _written_in(rules, message, options)
    language = memory.facts.get(LANGUAGE_FACT) or told or memory.language or options.language
    return Scene(message, text, rules.index.hits(text), customer, sent_at, now, language.lower(), told)


def _written_in(rules: RuleSet, message: Incoming, options: Options) -> str | None:
    # A tap on a button has the owner's words, not the customer's.
    if options.detect is None or not rules.languages or not message.text or message.payload is not None:
        return None
    languages = {*rules.languages, options.language.lower()}
    return options.detect(message.text, sorted(languages)) if len(languages) > 1 else None


def best_first(rules: RuleSet, scene: Scene) -> Iterator[Fit]:
    """The rules in force that fit and answer, in their total order: none of two is ever equal.

    They are asked only as far as they are wanted: one that cannot be as good as what has been found waits.
    """
    account, now, kind = scene.customer.account, scene.now, scene.message.kind
    waiting: list[tuple[SortKey, Entry, Found]] = []
    for entry in rules.answering.candidates(scene.message, scene.hits):
        while waiting and waiting[0][0] < entry.bound:
            yield _fit(*heappop(waiting)[1:])
        rule = entry.rule
        if kind in rule.kinds and serves(rule, account, now):
            hit = found(entry.tree, scene, rules.keywords)
            if hit is not None:
                heappush(waiting, (sort_key(order_of(rule, hit[0]), entry.place), entry, hit))
    while waiting:
        yield _fit(*heappop(waiting)[1:])


def observers_that_fit(rules: RuleSet, scene: Scene) -> list[Fit]:
    """The observers in force that fit, in the order of the files."""
    account, now = scene.customer.account, scene.now
    fits = [
        fitting
        for entry in rules.observing.candidates(scene.message, scene.hits)
        if serves(entry.rule, account, now) and (fitting := fit(entry, scene, rules)) is not None
    ]
    return sorted(fits, key=lambda each: each.entry.place)


def fit(entry: Entry, scene: Scene, rules: RuleSet) -> Fit | None:
    """How a rule fits a message, None where it does not. Whether it is in force is not asked here."""
    if scene.message.kind not in entry.rule.kinds:
        return None
    hit = found(entry.tree, scene, rules.keywords)
    return _fit(entry, hit) if hit is not None else None


def _fit(entry: Entry, hit: Found) -> Fit:
    return Fit(entry, hit[1], order_of(entry.rule, hit[0]))


def serves(rule: Rule, account: str, now: datetime) -> bool:
    """Whether a rule is in force for an account at a moment."""
    return (
        rule.enabled
        and (rule.accounts is None or account in rule.accounts)
        and (rule.starts is None or rule.starts <= now)
        and (rule.ends is None or now < rule.ends)
    )


def because(fit: Fit, message: Incoming) -> str:
    """What hit, in the owner's words."""
    match fit.strongest:
        case None:
            return _asked(fit.rule.when, message)
        case str() as payload:
            return f'payload "{payload}"'
        case matcher:
            return str(matcher)


def considered(rule: Rule, *, fits: bool, because: str, order: Order | None = None) -> Considered:
    """A line of the decision's reasons."""
    return Considered(rule.name, fits, because, order, rule.file, rule.line)


def _asked(when: When, message: Incoming) -> str:
    """The conditions that held where no keyword did."""
    if when.emojis and message.emoji:
        return f"emoji {message.emoji[:20]}"
    keys = [
        key
        for key, given in (
            ("text", when.text),
            ("story", when.stories),
            ("post", when.posts),
            ("ad", when.ads),
            ("schedule", when.schedule),
            ("first_message", when.first_message is not None),
            ("idle_for", when.idle_for),
            ("after", when.after),
            ("turn", when.turn),
            ("customer", when.customer),
            ("test", when.test is not None),
            ("any", when.any),
            ("all", when.every),
            ("none", when.none),
        )
        if given
    ]
    return ", ".join(keys) or f"kinds: {message.kind}"
