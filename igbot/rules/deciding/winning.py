"""Which of the rules that fit answers: the best one whose limit and call let it, a picked one, or the fallback."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from igbot.rules.deciding.asking_back import ASKED_BACK, picked_by_tap, tied
from igbot.rules.deciding.choice import Answered, Answers, Considered, Options
from igbot.rules.deciding.contest import Fit, because, best_first, considered, fit, serves
from igbot.rules.deciding.limits import in_words, reached
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.deciding.scene import Scene
from igbot.rules.deciding.table import Entry
from igbot.rules.rule import Rule

MOST_CONSIDERED = 20
"""Rules that a live decision names; `consider_all` names all."""
WHEN_NOTHING_ELSE = "only if nothing else"


@dataclass(frozen=True, slots=True)
class Chance:
    """What a rule that fits may do: `passed` tells why it is passed over, `withheld` why it wins but says nothing.

    `hands_off`: all it does is hand off. `calls`: its call has to be made first; `slots` are what it answered.
    """

    passed: str | None = None
    withheld: str | None = None
    hands_off: bool = False
    calls: bool = False
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Win:
    """The rule that answers. `fit` is None where it was picked by a tap."""

    entry: Entry
    fit: Fit | None
    chance: Chance
    matched: str

    @property
    def rule(self) -> Rule:
        """The rule as written."""
        return self.entry.rule


@dataclass(frozen=True, slots=True)
class Round:
    """How a message's contest ended. `asked`: the rules between which the customer is asked to choose.

    `has_fallback`: a fallback is in force for the account, whether it served this message or not.
    """

    win: Win | None
    asked: tuple[Rule, ...]
    considered: tuple[Considered, ...]
    has_fallback: bool = False


_FREE = Chance()


def chance_of(rule: Rule, scene: Scene, answers: Answers, used_up: Collection[str]) -> Chance:
    """What the limits and the call of a rule let it do."""
    limit = reached(rule, scene.customer.memory, now=scene.now, used_up=used_up) if rule.limits else None
    if limit:
        why = in_words(limit)
        return Chance(passed=why) if limit.then == "next" else Chance(withheld=why, hands_off=limit.then == "handoff")
    if rule.call is None:
        return _FREE
    answered = answers.get(rule.name)
    if answered is None:
        return Chance(calls=True)
    if answered.ok:
        return Chance(slots={rule.call.save: answered.answer} if rule.call.save else {})
    return _after_failure(rule, answered)


def _after_failure(rule: Rule, answered: Answered) -> Chance:
    if rule.call is None or rule.call.on_error == "ignore":
        return _FREE
    why = f"call {rule.call.name}: {answered.why or 'it failed'}"
    return Chance(passed=why) if rule.call.on_error == "next" else Chance(withheld=why, hands_off=True)


def play(rules: RuleSet, scene: Scene, *, options: Options, answers: Answers, used_up: Collection[str]) -> Round:
    """The contest of all rules for a message, to its end."""
    lines: list[Considered] = []
    picked = picked_by_tap(rules, scene)
    if picked:
        chance = chance_of(picked.rule, scene, answers, used_up)
        lines.append(considered(picked.rule, fits=not chance.passed, because=chance.passed or ASKED_BACK))
        if not chance.passed:
            return Round(Win(picked, None, chance, ASKED_BACK), (), tuple(lines))
    serving: list[tuple[Fit, Chance]] = []
    for each in best_first(rules, scene):
        if serving and len(lines) >= MOST_CONSIDERED:
            break
        if each.entry is picked:
            continue
        chance = chance_of(each.rule, scene, answers, used_up)
        if chance.passed:
            # Room is kept for the one that wins.
            if len(lines) < MOST_CONSIDERED - 1:
                lines.append(considered(each.rule, fits=False, because=chance.passed))
        else:
            serving.append((each, chance))
            lines.append(considered(each.rule, fits=True, because=because(each, scene.message), order=each.order))
    if not serving:
        return _fall_back(rules, scene, lines, answers=answers, used_up=used_up)
    best, chance = serving[0]
    asked = tied([each for each, own in serving if not own.withheld], scene, options) if not chance.withheld else ()
    win = None if asked else Win(best.entry, best, chance, because(best, scene.message))
    return Round(win, asked, tuple(lines[:MOST_CONSIDERED]))


def _fall_back(
    rules: RuleSet, scene: Scene, lines: list[Considered], *, answers: Answers, used_up: Collection[str]
) -> Round:
    """The round that no rule has won: the account's fallback has its turn."""
    entry = fallback_of(rules, scene)
    if entry is None:
        return Round(None, (), tuple(lines[:MOST_CONSIDERED]))
    win = None
    hit = fit(entry, scene, rules)
    if hit:
        chance = chance_of(entry.rule, scene, answers, used_up)
        # The fallback is the one that explains most, so that it is named whatever else is.
        del lines[MOST_CONSIDERED - 1 :]
        lines.append(considered(entry.rule, fits=not chance.passed, because=chance.passed or WHEN_NOTHING_ELSE))
        win = None if chance.passed else Win(entry, hit, chance, "")
    return Round(win, (), tuple(lines[:MOST_CONSIDERED]), has_fallback=True)


def fallback_of(rules: RuleSet, scene: Scene) -> Entry | None:
    """The fallback in force for the customer's account; its own goes before one for all."""
    return next((e for e in rules.fallbacks if serves(e.rule, scene.customer.account, scene.now)), None)
