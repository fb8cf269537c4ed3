"""What a rule does, as a schema."""

from typing import get_args

from igbot.meta.outgoing import ATTACHMENT_TYPES
from igbot.meta.sendapi import MAX_BUTTONS, MAX_PAYLOAD_BYTES, MAX_QUICK_REPLIES
from igbot.rules.answers import MAX_FACT_CHARACTERS, AlertLevel
from igbot.rules.reading.answers_draft import OnError
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
    one_or_many,
    record,
    ref,
    text,
    whole,
)

_LANGUAGE = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
_NAMES = "Names in {{ }} are filled in: {{ customer.first_name | default('you') }}, {{ message.text }}, your own vars."
# Editors count letters where Meta counts what a reader sees; this catches only what is surely too long.
_LONGEST_TITLE = 80


def definitions() -> Shape:
    """`says`, `reply`, `answer` and what else a rule can do."""
    return {
        "says": _says(),
        "reply": {"anyOf": [text(f"The answer. {_NAMES}"), _reply()], "description": "An answer."},
        "handoff": _handoff(),
        "call": _call(),
        "alert": _alert(),
        "tags": many(text("A tag: small letters, digits and dashes.", pattern=SLUG), "Tags on the customer."),
        "facts": filled_table(
            KEY,
            {"type": "string", "description": f"The value, at most {MAX_FACT_CHARACTERS} characters. {_NAMES}"},
            "Facts kept on the customer; {{ customer.set.size }} prints the fact `size`. `lang` chooses the language.",
        ),
    }


def _says() -> Shape:
    return {
        "description": "A text, or one for each language.",
        "anyOf": [
            text(f"What is said. {_NAMES}"),
            filled_table(_LANGUAGE, text("What is said in this language."), "A text a language."),
        ],
    }


def _reply() -> Shape:
    payload = text("What a tap sends back to the rules.", maxLength=MAX_PAYLOAD_BYTES)
    title = text("What stands on it, at most 20 characters.", maxLength=_LONGEST_TITLE)
    quick = record("A quick reply.", {"title": title, "payload": payload}, required=["title", "payload"])
    button = record(
        "A button: with a url or a payload.",
        {"title": title, "url": text("The page it opens (https).", pattern=r"^(https://|.*\{\{)"), "payload": payload},
        required=["title"],
        oneOf=[{"required": ["url"]}, {"required": ["payload"]}],
    )
    variant = record(
        "One of several texts.",
        {
            "text": ref("says"),
            "weight": whole("How often it is chosen, beside the others' weights.", 1, 1000, default=1),
            "name": text("How it is called in figures.", pattern=SLUG),
        },
        required=["text"],
    )
    about = "A picture, film or sound that Meta fetches."
    link = text("Its address (https).", pattern=r"^(https://|.*\{\{)")
    return record(
        "An answer with more than a text.",
        {
            "text": ref("says"),
            "variants": many(variant, "Several texts for the same answer; each customer always gets the same one."),
            "quick_replies": many(quick, "Buttons under the message, at most 13.", most=MAX_QUICK_REPLIES),
            "buttons": many(button, "Buttons inside the message, at most 3.", most=MAX_BUTTONS),
            "attach": record(about, dict.fromkeys(ATTACHMENT_TYPES, link), maxProperties=1),
            "use": text("The name of a shared reply of `replies`; it stands alone.", pattern=NAME),
            "split": choice(
                "A text over Meta's 1000 bytes: sent in parts (auto), or refused by lint (never).",
                "auto",
                "never",
                default="auto",
            ),
        },
        anyOf=[{"required": [key]} for key in ("text", "variants", "attach", "use")],
    )


def _handoff() -> Shape:
    plan = record(
        "How a person takes over.",
        {
            "pause": duration("How long the bot says nothing to this customer.", default="12h"),
            "notify": one_or_many(text("The name of a channel."), "Who is told, by the channels of the configuration."),
            "note": text(f"What they are told. {_NAMES}"),
            "say": {**ref("says"), "description": "What the customer is told."},
            "say_open": {**ref("says"), "description": "What the customer is told while the schedule `open` is open."},
            "say_closed": {**ref("says"), "description": "What the customer is told while it is closed."},
        },
    )
    return {"description": "Hands the customer over to a person.", "anyOf": [flag("With nothing more to say."), plan]}


def _call() -> Shape:
    plan = record(
        "A call of one of your own web services.",
        {
            "name": text("Its name under `services:` in the configuration; never an address."),
            "send": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "minProperties": 1,
                "description": f"What is sent to it. {_NAMES}",
            },
            "save": text("The name of its answer: with `order` a reply has {{ slots.order.status }}.", pattern=KEY),
            "timeout": duration("How long its answer is waited for, at most 20s.", default="5s"),
            "retry": whole("How often it is tried again.", 0, 5, default=2),
            "on_error": choice(
                "If it fails: another rule answers (next), a person takes over, or the reply is sent without it.",
                *get_args(OnError),
                default="next",
            ),
        },
        required=["name"],
    )
    return {"description": "Calls one of your own web services.", "anyOf": [text("Its name."), plan]}


def _alert() -> Shape:
    return record(
        "Tells you or your staff.",
        {
            "level": choice("How urgent it is.", *get_args(AlertLevel), default="warning"),
            "channel": text("The name of a channel of the configuration; without it all are told."),
            "text": text(f"What is told. {_NAMES}"),
        },
    )
