"""A whole rule file and its rules, as a schema."""

from typing import get_args

from igbot.rules.answers import Limit
from igbot.rules.reading.compiling import HIGHEST_PRIORITY
from igbot.rules.reading.files import LANGUAGE_VERSION, NO_DEFAULTS, NOT_IN_FALLBACK
from igbot.rules.reading.hours import DAYS
from igbot.rules.reading.limits import MOST_TIMES
from igbot.rules.schema.shapes import (
    KEY,
    NAME,
    SLUG,
    Shape,
    choice,
    duration,
    filled_table,
    flag,
    many,
    record,
    ref,
    table,
    text,
    whole,
)

_DAY = "|".join(DAYS)
_HOURS = r"^\s*[0-9]{1,2}:[0-9]{2}\s*[-–]\s*[0-9]{1,2}:[0-9]{2}(\+1)?\s*$"
_DATE = "^(2[0-9]{3}|9999)-[0-9]{2}-[0-9]{2}$"
_MOMENT = r"^(2[0-9]{3}|9999)-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2})?\s?([Zz]|[-+][0-9]{2}:[0-9]{2})?)?$"


def file() -> Shape:
    """The file itself."""
    return record(
        "Rules by which igbot answers.",
        {
            "version": {"const": LANGUAGE_VERSION, "description": "The version of the rule language: 1."},
            "accounts": many(text("The name of an account."), "This file is for these accounts only."),
            "timezone": text("The time zone of this file's schedules and dates.", examples=["Europe/Madrid"]),
            "vars": table(
                KEY,
                table(KEY, {"type": "string"}, "Values by name, each a text in quotes."),
                "Your own words, in groups: {{ shop.site }} in a reply is the value `site` of the group `shop`.",
            ),
            "schedules": table(NAME, ref("schedule"), "Opening hours by name. `open` is what a hand-off goes by."),
            "lists": table(NAME, ref("matchers"), "Word lists that several rules use, as {list: name}."),
            "defaults": record(
                "What every rule of this file has where it does not say otherwise.",
                {key: shape for key, shape in _rule_keys().items() if key not in NO_DEFAULTS},
            ),
            "replies": table(NAME, ref("reply"), "Answers that several rules use, as reply: {use: name}."),
            "rules": {"type": ["array", "null"], "items": ref("rule"), "description": "The rules."},
        },
        required=["version"],
    )


def definitions() -> Shape:
    """`rule`, `limit` and `schedule`."""
    return {"rule": _rule(), "limit": _limit(), "schedule": _schedule()}


def _rule() -> Shape:
    fallback = {"properties": {"fallback": {"const": True}}, "required": ["fallback"]}
    return record(
        "A rule: a name, when it fits, and what it answers.",
        {"name": text("Its name: small letters, digits and dashes, once in all files.", pattern=SLUG), **_rule_keys()},
        required=["name"],
        dependentRequired={"match": ["keywords"]},
        **{"if": fallback, "then": {"properties": dict.fromkeys(NOT_IN_FALLBACK, False)}},
    )


def _rule_keys() -> Shape:
    return _who_answers() | _what_is_done() | _how_often()


def _who_answers() -> Shape:
    return {
        "label": text("What stands on the button when igbot asks which rule is meant; at most 20 characters."),
        "about": text("A note for people; igbot does not use it."),
        "enabled": flag("false switches the rule off.", default=True),
        "from": text("The first day or moment of a campaign.", pattern=_MOMENT, examples=["2026-11-27"]),
        "until": text("The last day, or the moment at which it ends.", pattern=_MOMENT, examples=["2026-11-30"]),
        "priority": whole(
            "Of all rules that fit, the one with the highest priority answers.",
            -HIGHEST_PRIORITY,
            HIGHEST_PRIORITY,
            default=0,
        ),
        "kinds": ref("kinds"),
        "keywords": ref("matchers", "Words and phrases: one of them (or, with match: all, each) must be there."),
        "match": choice("How the keywords join: one is enough, or all must be there.", "any", "all", default="any"),
        "not": ref("matchers", "None of these may be in the message."),
        "payload": ref("payload"),
        "when": ref("when"),
        "observe": flag("Only tags, alerts and calls beside whatever is answered; never answers.", default=False),
        "resume": flag("Of an observer: a message that fits ends the pause after a hand-off or a person's answer."),
        "fallback": flag("Answers what no other rule answers; one rule has it.", default=False),
        "on_tie": choice("If two rules fit equally well: the first answers, or the customer is asked.", "first", "ask"),
        "test": record(
            "Examples, checked whenever the rules are loaded.",
            {
                "yes": many(text("A text."), "Texts that this rule answers."),
                "no": many(text("A text."), "Texts that this rule does not answer."),
            },
        ),
    }


def _what_is_done() -> Shape:
    return {
        "reply": {
            "description": "The answer, or several that are sent in order (at most 3).",
            "anyOf": [ref("reply"), many(ref("reply"), "Several answers in order.", most=3)],
        },
        "handoff": ref("handoff"),
        "call": ref("call"),
        "tag": ref("tags", "Tags the customer gets."),
        "untag": ref("tags", "Tags the customer loses."),
        "set": ref("facts"),
        "alert": ref("alert"),
    }


def _how_often() -> Shape:
    return {
        "limit": ref("limit"),
        "cooldown": duration("Once in this time for each customer.", default="0s"),
        "once": flag("Once for each customer, for ever.", default=False),
        "settle": duration("How long to wait for more lines, at most 20s; they are answered as one.", default="0s"),
        "delay": duration("How long to wait before the answer, at most 20s.", default="0s"),
        "typing": flag("Show that somebody is typing meanwhile.", default=False),
    }


def _limit() -> Shape:
    per, then = (Limit.__annotations__[name] for name in ("per", "then"))
    return record(
        "How often the rule answers.",
        {
            "times": whole("So many times", 1, MOST_TIMES, default=1),
            "within": duration("in this time; without it for ever."),
            "per": choice("Counted for each customer, or for all together.", *get_args(per), default="customer"),
            "then": choice(
                "Afterwards the next rule that fits answers, or nobody, or a person is asked in.",
                *get_args(then),
                default="next",
            ),
        },
        anyOf=[{"required": ["times"]}, {"required": ["within"]}],
    )


def _schedule() -> Shape:
    hours = many(
        text('Hours such as "09:00-14:00", in quotes; over midnight "20:00-02:00".', pattern=_HOURS),
        "The hours of these days; an empty list is a day without any.",
        fewest=0,
    )
    dates = many(text("A date, in quotes.", pattern=_DATE, examples=["2026-12-25"]), "Dates.")
    extra = filled_table(_DATE, hours, "Dates with their own hours.")
    return {
        "description": "Opening hours, by day: mon, tue, … or mon-fri.",
        "type": "object",
        "minProperties": 1,
        "properties": {
            **dict.fromkeys((*DAYS, "mon-fri"), hours),
            "closed_on": {**dates, "description": "Days on which it is closed all the same."},
            "open_on": {"description": "Days on which it is open as well.", "anyOf": [dates, extra]},
        },
        "patternProperties": {f"^({_DAY})(-({_DAY}))?$": hours},
        "additionalProperties": False,
    }
