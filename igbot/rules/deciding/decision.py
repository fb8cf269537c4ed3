"""What the rules say to one message, and why: a pure function of the two."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import attrgetter

from igbot.meta.outgoing import Outgoing
from igbot.rules.matching.matchers import NO_TEXT, Matcher, Rank, Text, payload_rank
from igbot.rules.model import Choice, Considered, Handoff, Incoming, Order, Reason
from igbot.rules.deciding.ruleset import FALLBACK_KINDS, Entry, Rule, RuleSet
from igbot.rules.templates.reading import presentable, render

MOST_CONSIDERED = 20
"""Fitting rules that a live decision names; `consider_all` names all."""

_WHEN_NOTHING_ELSE = "only if nothing else"


@dataclass(frozen=True, slots=True)
class _Fit:
    """A rule that fits. `strongest` is what hit most exactly: a keyword, a payload, or nothing."""

    place: int
    rule: Rule
    strongest: Matcher | str | None
    order: Order

    @property
    def sort_key(self) -> tuple[int, ...]:
        """Smaller is better; the place in the files settles what is otherwise equal."""
        return *(-part for part in self.order), self.place

    @property
    def because(self) -> str:
        """What hit, in the owner's words."""
        match self.strongest:
            case Matcher():
                return str(self.strongest)
            case None:
                return "its kinds"
            case payload:
                return f'payload "{payload}"'


def decide(rules: RuleSet, message: Incoming, *, default_reply: str) -> Choice:
    """The one answer to a message.

    `default_reply` is said where no rule fits and none is a fallback; where it is empty too, the choice is
    `unmatched`. `considered` names the rules that fit, best first.
    """
    text = Text.of(message.text)
    hits = rules.index.hits(text)
    fits = []
    for place in rules.candidates(message.kind, message.payload, hits):
        fit = _ask(rules.entries[place], place, message, text, hits)
        if isinstance(fit, _Fit):
            fits.append(fit)
    fits.sort(key=attrgetter("sort_key"))
    considered = tuple(_considered(fit) for fit in fits[:MOST_CONSIDERED])
    if fits:
        keyword = fits[0].strongest.written if isinstance(fits[0].strongest, Matcher) else ""
        return _answer(rules, fits[0].rule, message, keyword=keyword, matched=fits[0].because, considered=considered)
    fallback = rules.fallback
    if fallback and message.kind in fallback.kinds:
        own = (Considered(fallback.name, True, _WHEN_NOTHING_ELSE, None, fallback.file, fallback.line),)
        return _answer(rules, fallback, message, keyword="", matched="", considered=own)
    replies: tuple[Outgoing, ...] = ()
    if fallback is None and message.kind in FALLBACK_KINDS and default_reply.strip():
        replies = (Outgoing(default_reply.strip()),)
    reason: Reason = "fallback" if replies else "unmatched"
    return Choice(reason, None, rules.digest, replies, None, "", considered)


def consider_all(rules: RuleSet, message: Incoming) -> tuple[Considered, ...]:
    """Every rule and why it does or does not fit: the fitting ones best first, then the others, the fallback last."""
    text = Text.of(message.text)
    hits = rules.index.hits(text)
    fits: list[_Fit] = []
    others: list[Considered] = []
    for place, entry in enumerate(rules.entries):
        fit = _ask(entry, place, message, text, hits)
        if isinstance(fit, _Fit):
            fits.append(fit)
        else:
            others.append(Considered(entry.rule.name, False, fit, None, entry.rule.file, entry.rule.line))
    fits.sort(key=attrgetter("sort_key"))
    if last := rules.fallback:
        serves = message.kind in last.kinds
        because = _WHEN_NOTHING_ELSE if serves else f"kinds: {message.kind} is not one of its"
        others.append(Considered(last.name, serves, because, None, last.file, last.line))
    return (*(_considered(fit) for fit in fits), *others)


def _ask(entry: Entry, place: int, message: Incoming, text: Text, hits: Collection[int]) -> _Fit | str:
    """The fit of one rule, or why it does not fit."""
    rule = entry.rule
    if message.kind not in rule.kinds:
        return f"kinds: {message.kind} is not one of its"
    strongest: Matcher | str | None = None
    rank: Rank = NO_TEXT
    if rule.payloads:
        strongest = _longest_payload(rule.payloads, message.payload)
        if strongest is None:
            return f"payload: {'none came' if message.payload is None else f'{message.payload[:80]!r} is not its'}"
        rank = payload_rank(strongest)
    if rule.keywords or rule.excluded:
        if not text.plain:
            return "text: there is none"
        if obstacle := _obstacle(entry, hits):
            return obstacle
        for number in sorted(hits):
            matcher = entry.keywords.get(number)
            if matcher and matcher.rank > rank:
                strongest, rank = matcher, matcher.rank
    return _Fit(place, rule, strongest, (rule.priority, *rank, rule.conditions))


def _obstacle(entry: Entry, hits: Collection[int]) -> str:
    """Which keyword stands in the way, or nothing. Goes through the hits where it can: rules may have many keywords."""
    for number in hits:
        if number in entry.excluded:
            return f"not: {entry.excluded[number]}"
    if entry.rule.every:
        missing = (matcher for number, matcher in entry.keywords.items() if number not in hits)
        return next((f"all: {matcher} is missing" for matcher in missing), "")
    if entry.keywords and not any(number in entry.keywords for number in hits):
        return f"keywords: none of {len(entry.keywords)}"
    return ""


def _longest_payload(wanted: tuple[str, ...], payload: str | None) -> str | None:
    """The most exact of a rule's payloads that a message's payload is."""
    if payload is None:
        return None
    fitting = (w for w in wanted if payload == w or (w.endswith("*") and payload.startswith(w[:-1])))
    return max(fitting, key=lambda each: (len(each.removesuffix("*")), not each.endswith("*")), default=None)


def _considered(fit: _Fit) -> Considered:
    return Considered(fit.rule.name, True, fit.because, fit.order, fit.rule.file, fit.rule.line)


def _answer(
    rules: RuleSet,
    rule: Rule,
    message: Incoming,
    *,
    keyword: str,
    matched: str,
    considered: tuple[Considered, ...],
) -> Choice:
    values: Mapping[str, str] = {
        "message.text": presentable(message.text),
        "message.kind": message.kind,
        "match.keyword": keyword,
    }
    replies: list[Outgoing] = []
    if rule.reply and (text := render(rule.reply.text, values)):
        replies.append(Outgoing(text, rule.reply.quick_replies))
    handoff: Handoff | None = None
    if rule.handoff:
        say = render(rule.handoff.say, values) if rule.handoff.say else ""
        handoff = Handoff(rule.handoff.pause, say or None)
        if say:
            replies.append(Outgoing(say))
    reason: Reason = "fallback" if rule.fallback else "rule"
    return Choice(reason, rule.name, rules.digest, tuple(replies), handoff, matched, considered)
