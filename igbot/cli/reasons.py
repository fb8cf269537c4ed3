"""Why a message was answered as it was, rule by rule, as a chat shows it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from igbot.cli.answer import policy_in_words, rule_set, why, why_silent
from igbot.errors import IgbotError

if TYPE_CHECKING:
    from igbot.settings.model import Settings

THE_REST = "igbot rules explain lists all rules that do not fit"


async def reasons(settings: "Settings", found: Mapping[str, Any]) -> list[str]:
    """Lines on a decision as the bot tells it: the rules that fit, those that do not, and what came of it."""
    considered, whole = await _considered(settings, found)
    lines = [
        f"{'yes' if each['fits'] else 'no ':<4}{each['rule']:<24}{each['because']}{_order(each)}" for each in considered
    ]
    if not whole:
        lines.append(THE_REST)
    decision = found["decision"]
    if policy := policy_in_words(decision["reason"], answered=bool(found["replies"])):
        return [*lines, *([f"because of {matched}"] if (matched := found["how"]["matched"]) else []), policy]
    which = decision["rule"] or (why(found) if decision.get("asked") else "no rule")
    if not found["replies"] and decision["rule"]:
        which += f", silent: {why_silent(decision)}"
    return [*lines, f"{decision['reason']}: {which}, {rule_set(decision['digest'])}"]


async def _considered(settings: "Settings", found: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], bool]:
    """The rules that fitted, and of the others as many as one wants to read; whether these are all."""
    from igbot.cli.why import MOST_PASSED_OVER, explained

    kept = list(found["considered"])
    if found["decision"]["digest"] is None:
        return kept, True
    try:
        decision = (await explained(settings, found["mid"])).decision
    except IgbotError:  # a running server may have another database than these settings
        return kept, False
    if decision is None or decision.rules_now != "same":
        return kept, False
    asked = [asdict(each) for each in decision.considered]
    others = [each for each in asked if not each["fits"]]
    return [*(each for each in asked if each["fits"]), *others[:MOST_PASSED_OVER]], len(others) <= MOST_PASSED_OVER


def _order(each: Mapping[str, Any]) -> str:
    return f"  {tuple(each['order'])}" if each["order"] else ""
