"""How often a rule may still answer: `limit`, `cooldown` and `once`, counted for one customer."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

from igbot.rules.answers import Limit
from igbot.rules.deciding.memory import Memory, Use
from igbot.rules.deciding.spans import span
from igbot.rules.rule import Rule

Uses = Mapping[str, tuple[Use, ...]]


def reached(rule: Rule, memory: Memory, *, now: datetime, used_up: Collection[str]) -> Limit | None:
    """The first of a rule's limits that is reached, if one is. `used_up`: rules whose limit for all customers is."""
    uses = memory.uses.get(rule.name, ())
    for limit in rule.limits:
        if limit.per == "all":
            if rule.name in used_up:
                return limit
        elif uses and sum(_counts(use, limit.within, now) for use in uses) >= limit.times:
            return limit
    return None


def with_uses(
    uses: Uses, answering: Iterable[Rule], rule_of: Callable[[str], Rule | None], *, now: datetime, key: str
) -> Uses:
    """The uses once these rules have answered the event `key`; what no limit counts any longer is dropped.

    `rule_of` finds a rule by its name. The uses of a rule that there is no more are kept: it may come back.
    """
    together = dict(uses)
    for rule in answering:
        if any(limit.per == "customer" for limit in rule.limits):
            # An observer says nothing that could fail to leave, so nothing gives its use back.
            use = Use(now, "" if rule.observe else key)
            together[rule.name] = (*together.get(rule.name, ()), use)
    kept = {}
    for name, own in together.items():
        known = rule_of(name)
        still = _still_counting(own, known.limits, now) if known is not None else own
        if still:
            kept[name] = still
    return kept


def _still_counting(uses: tuple[Use, ...], limits: Iterable[Limit], now: datetime) -> tuple[Use, ...]:
    own = [limit for limit in limits if limit.per == "customer"]
    most = max((limit.times for limit in own), default=0)
    lately = tuple(use for use in uses if any(_counts(use, limit.within, now) for limit in own))
    return lately[-most:] if most else ()


def _counts(use: Use, within: timedelta | None, now: datetime) -> bool:
    return within is None or now - use.at < within


def in_words(limit: Limit) -> str:
    """Why a rule whose limit is reached says nothing."""
    answers = "1 answer" if limit.times == 1 else f"{limit.times} answers"
    lasts = f" within {span(limit.within)}" if limit.within else ""
    whom = " to all customers" if limit.per == "all" else ""
    return f"limit: {answers}{whom}{lasts}, used up"
