"""What the rules say to one message, and why: a pure function of the two and of what is known of the customer."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Literal

from igbot.meta.outgoing import Outgoing
from igbot.rules.deciding.asking_back import ASKED_BACK, picked_by_tap, question
from igbot.rules.deciding.choice import Answers, CallRequest, Choice, Considered, Customer, Incoming, Options, Reason
from igbot.rules.deciding.contest import Fit, because, considered, fit, observers_that_fit, stage
from igbot.rules.deciding.effects import Effects, request
from igbot.rules.deciding.finishing import finish, wait, won
from igbot.rules.deciding.limits import in_words, reached
from igbot.rules.deciding.order import sort_key
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.deciding.scene import Scene
from igbot.rules.deciding.table import Entry
from igbot.rules.deciding.telling import Told
from igbot.rules.deciding.why import obstacle
from igbot.rules.deciding.winning import WHEN_NOTHING_ELSE, Win, chance_of, play
from igbot.rules.opting import Opt
from igbot.rules.rule import FALLBACK_KINDS, Rule

_NO_OPTIONS = Options()


def decide(
    rules: RuleSet,
    message: Incoming,
    customer: Customer,
    *,
    now: datetime,
    sent_at: datetime | None = None,
    options: Options = _NO_OPTIONS,
    answers: Answers | None = None,
    used_up: Collection[str] = (),
) -> Choice:
    """The one answer to a message that rules may answer, and what observers do beside it.

    `sent_at` is Meta's time of the message (None: `now`). `answers` are those of the calls that an earlier decision
    on the same message wanted; `used_up` names rules whose limit for all customers is reached. Rules of other accounts
    than the customer's are not seen. `considered` names the rules that fit, best first, and those passed over.
    """
    scene = stage(rules, message, customer, sent_at=sent_at or now, now=now, options=options)
    observers = _observers(rules, scene, used_up)
    ended = play(rules, scene, options=options, answers=answers or {}, used_up=used_up)
    wanted = _wanted(scene, ended.win, observers)
    if wanted is not None:
        return wait(rules, scene, ended.win, wanted)
    effects = Effects(scene, customer.memory, scene.language)
    for each in observers:
        effects.carry_out(each.rule, each)
    if ended.win is not None:
        return won(rules, effects, ended, ended.win, observers)
    if ended.asked:
        told = Told((question(ended.asked, effects.language),))
        return finish(rules, effects, told, observers, ended=ended, reason="rule", settle=ended.asked[0].settle)
    default = options.default_reply.strip() if message.kind in FALLBACK_KINDS and not ended.has_fallback else ""
    told = Told((Outgoing(default),) if default else ())
    return finish(rules, effects, told, observers, ended=ended, reason="fallback" if default else "unmatched")


def keep_silent(
    rules: RuleSet,
    message: Incoming,
    customer: Customer,
    *,
    reason: Reason,
    now: datetime,
    sent_at: datetime,
    options: Options,
    used_up: Collection[str] = (),
) -> Choice:
    """What is done about a message that no rule may answer, for this reason: observers run, if the account is ours and
    the customer has not opted out."""
    scene = stage(rules, message, customer, sent_at=sent_at, now=now, options=options)
    observers = _observers(rules, scene, used_up) if reason not in ("unknown_account", "opted_out") else []
    wanted = _wanted(scene, None, observers)
    if wanted is not None:
        return wait(rules, scene, None, wanted)
    effects = Effects(scene, customer.memory, scene.language)
    for each in observers:
        effects.carry_out(each.rule, each)
    return finish(rules, effects, Told(), observers, reason=reason)


def obey(
    rules: RuleSet,
    message: Incoming,
    customer: Customer,
    opt: Opt,
    confirmation: str,
    *,
    now: datetime,
    sent_at: datetime,
    options: Options,
) -> Choice:
    """What is done about a message by which a customer opts out or in, and the one text that confirms it (`""`: none).

    The word is no sign of the language in which the customer writes.
    """
    options = replace(options, detect=None)
    scene = stage(rules, message, customer, sent_at=sent_at, now=now, options=options)
    told = Told((Outgoing(confirmation),) if confirmation else ())
    choice = finish(rules, Effects(scene, customer.memory, scene.language), told, (), reason="opted_out")
    return replace(choice, opt=opt)


def resumes(
    rules: RuleSet,
    message: Incoming,
    customer: Customer,
    *,
    now: datetime,
    sent_at: datetime,
    options: Options,
    used_up: Collection[str] = (),
) -> bool:
    """Whether an observer that runs now ends a pause of the bot."""
    if not rules.may_resume:
        return False
    scene = stage(rules, message, customer, sent_at=sent_at, now=now, options=options)
    return any(each.rule.resume for each in _observers(rules, scene, used_up))


def _observers(rules: RuleSet, scene: Scene, used_up: Collection[str]) -> list[Fit]:
    """The observers that run: they fit, and no limit holds them back."""
    memory = scene.customer.memory
    return [
        each
        for each in observers_that_fit(rules, scene)
        if reached(each.rule, memory, now=scene.now, used_up=used_up) is None
    ]


def _wanted(scene: Scene, win: Win | None, observers: Sequence[Fit]) -> CallRequest | Literal["profile"] | None:
    """What has to be known before anything can be said."""
    if scene.customer.profile is None:
        says = (win.entry.says_profile if win else False) or any(each.entry.says_profile for each in observers)
        if says or scene.profile_missed:
            return "profile"
    if win and win.chance.calls and win.rule.call:
        names = Effects(scene, scene.customer.memory, scene.language).names(win.rule, win.fit)
        return request(win.rule, win.rule.call, names, waits=True)
    return None


def consider_all(
    rules: RuleSet,
    message: Incoming,
    customer: Customer,
    *,
    now: datetime,
    sent_at: datetime | None = None,
    options: Options = _NO_OPTIONS,
    answers: Answers | None = None,
    used_up: Collection[str] = (),
) -> tuple[Considered, ...]:
    """Every rule of the customer's account, yes or no and why; what goes in is as in `decide`.

    The rules that may answer come first, best first; then the observers that fit; then all others in the order of
    their files; the fallback last. Only those that compete have an `order`.
    """
    scene = stage(rules, message, customer, sent_at=sent_at or now, now=now, options=options)
    picked = picked_by_tap(rules, scene)
    lines = [
        _line(entry, scene, rules, picked=entry is picked, answers=answers or {}, used_up=used_up)
        for entry in rules.entries
        if entry.rule.accounts is None or customer.account in entry.rule.accounts
    ]
    return tuple(line for _, line in sorted(lines, key=itemgetter(0)))


def _line(
    entry: Entry, scene: Scene, rules: RuleSet, *, picked: bool, answers: Answers, used_up: Collection[str]
) -> tuple[tuple[int, ...], Considered]:
    """What is said of one rule, and where it stands among the lines."""
    rule = entry.rule
    away = _not_in_force(rule, scene.now)
    hit = None if away else fit(entry, scene, rules)
    if hit is None and not picked:
        why: str | None = away or _does_not_fit(entry, scene, rules)
    elif rule.observe:
        limit = reached(rule, scene.customer.memory, now=scene.now, used_up=used_up)
        why = in_words(limit) if limit else None
    else:
        why = chance_of(rule, scene, answers, used_up).passed
    if picked:
        return (0,), considered(rule, fits=why is None, because=why or ASKED_BACK)
    if rule.fallback:
        return (4, entry.place), considered(rule, fits=why is None, because=why or WHEN_NOTHING_ELSE)
    if hit is None or why is not None:
        return (3, entry.place), considered(rule, fits=False, because=why or "")
    if rule.observe:
        return (2, entry.place), considered(rule, fits=True, because=f"observes: {because(hit, scene.message)}")
    return (1, *sort_key(hit.order, entry.place)), considered(
        rule, fits=True, because=because(hit, scene.message), order=hit.order
    )


def _not_in_force(rule: Rule, now: datetime) -> str | None:
    if not rule.enabled:
        return "enabled: false"
    if rule.starts is not None and now < rule.starts:
        return f"from: not before {rule.starts:%Y-%m-%d %H:%M}"
    if rule.ends is not None and rule.ends <= now:
        return f"until: over since {rule.ends:%Y-%m-%d %H:%M}"
    return None


def _does_not_fit(entry: Entry, scene: Scene, rules: RuleSet) -> str:
    if scene.message.kind not in entry.rule.kinds:
        return f"kinds: {scene.message.kind} is not one of its"
    return obstacle(entry.rule.when, scene, rules.numbers) or "it does not fit"
