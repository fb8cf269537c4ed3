"""Who may answer at all, then the rules: the one function that `serve`, `simulate` and rule tests call. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from igbot.rules.deciding.choice import Answers, Choice, Customer, Incoming, Options, Reason
from igbot.rules.deciding.contest import LANGUAGE_FACT
from igbot.rules.deciding.decision import decide, keep_silent, obey, resumes
from igbot.rules.deciding.disclosing import disclosed
from igbot.rules.deciding.guarding import GUARD, counted, one_fallback_too_many, silenced, spoken_enough
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.opting import confirmation

WINDOW = timedelta(hours=24)
"""How long after a customer's action a bot may write (Meta's standard messaging window)."""

MOST_LINES = 20
"""Lines of a customer that are answered as one, however fast more of them come."""

OBEYED = frozenset({"text", "story_reply", "quick_reply"})
"""Kinds of messages that may say STOP or START: what is typed, and a tap on an answer that reads so. A button inside a
message (postback) and a caption are no word of the customer's own."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands above the rules for one conversation.

    `customer_at`: the newest action that opens the window. `paused_at`: when the bot was last told to be silent, over
    or not. `opted_out`: the customer wants no more of the bot. `resumable`: an observer may end the pause.
    """

    known_account: bool = True
    paused_until: datetime | None = None
    customer_at: datetime | None = None
    paused_at: datetime | None = None
    opted_out: bool = False
    resumable: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """All that a decision is made from."""

    rules: RuleSet
    message: Incoming
    customer: Customer
    standing: Standing
    sent_at: datetime
    now: datetime
    options: Options
    answers: Answers | None
    used_up: Collection[str]


def window_ends(customer_at: datetime | None) -> datetime | None:
    """When the window opened by the customer's newest action closes."""
    return customer_at + WINDOW if customer_at else None


def says_stop(message: Incoming, options: Options) -> bool:
    """Whether a customer who has not opted out does so with this message."""
    return message.kind in OBEYED and options.opting.said_in(message.text, opted_out=False) is not None


def respond(
    rules: RuleSet,
    message: Incoming,
    customer: Customer,
    standing: Standing,
    *,
    sent_at: datetime,
    now: datetime,
    options: Options,
    answers: Answers | None = None,
    used_up: Collection[str] = (),
) -> Choice:
    """The decision on one message, in the order of contract §5; observers run while the bot is paused too.

    `sent_at` is Meta's time of the message, `now` when it is decided (both aware). `answers` are those of the calls
    that an earlier decision on the same message wanted; `used_up` names rules whose limit for all customers is
    reached. The message counts in the memory that comes back, whatever is decided.
    """
    asked = _Asked(rules, message, customer, standing, sent_at, now, options, answers, used_up)
    if not standing.known_account:
        return _silent(asked, "unknown_account")
    opting = _opting(asked)
    if opting is not None:
        return opting
    if not _is_paused(asked):
        return _answered(asked)
    if standing.resumable and resumes(
        rules, message, customer, now=now, sent_at=sent_at, options=options, used_up=used_up
    ):
        return replace(_answered(asked), resumed=True)
    paused = _silent(asked, "paused")
    # A person has the word: whatever the bot did not understand before is no row any more.
    return replace(paused, memory=replace(paused.memory, fallbacks=0))


def _opting(asked: _Asked) -> Choice | None:
    """The decision where the customer opts out or in, or has opted out; None where none of that is so."""
    message, out, options = asked.message, asked.standing.opted_out, asked.options
    said = options.opting.said_in(message.text, opted_out=out) if message.kind in OBEYED else None
    if said is None:
        return _silent(asked, "opted_out") if out else None
    opt, languages = said
    memory = asked.customer.memory
    known = memory.facts.get(LANGUAGE_FACT) or memory.language
    text = confirmation(opt, options.opting, languages, language=known, usual=options.language)
    return obey(
        asked.rules,
        message,
        asked.customer,
        opt,
        text if _is_open(asked) else "",
        now=asked.now,
        sent_at=asked.sent_at,
        options=options,
    )


def _answered(asked: _Asked) -> Choice:
    """The decision where the bot is not silenced by anybody."""
    if not _is_open(asked):
        return _silent(asked, "window_closed")
    message, memory, most = asked.message, asked.customer.memory, asked.options.loop_guard
    enough = spoken_enough(message, memory, most=most, now=asked.now)
    if enough:
        return _guarded(asked, enough)
    choice = decide(
        asked.rules,
        message,
        asked.customer,
        now=asked.now,
        sent_at=asked.sent_at,
        options=asked.options,
        answers=asked.answers,
        used_up=asked.used_up,
    )
    if choice.wanted is not None:
        return choice
    too_many = one_fallback_too_many(choice, message, memory, most=most, sent_at=asked.sent_at)
    if too_many:
        # More lines may make it a message that a rule understands.
        return replace(_guarded(asked, too_many), settle=choice.settle)
    choice = counted(choice, message, memory, most=most, sent_at=asked.sent_at, now=asked.now)
    return disclosed(choice, asked.options.disclosure, paused_at=asked.standing.paused_at, now=asked.now)


def _guarded(asked: _Asked, why: str) -> Choice:
    choice = _silent(asked, GUARD)
    return choice if choice.wanted is not None else silenced(choice, why)


def _silent(asked: _Asked, reason: Reason) -> Choice:
    return keep_silent(
        asked.rules,
        asked.message,
        asked.customer,
        reason=reason,
        now=asked.now,
        sent_at=asked.sent_at,
        options=asked.options,
        used_up=asked.used_up,
    )


def _is_paused(asked: _Asked) -> bool:
    until = asked.standing.paused_until
    return until is not None and until > asked.now


def _is_open(asked: _Asked) -> bool:
    ends = window_ends(asked.standing.customer_at)
    return ends is not None and ends > asked.now
