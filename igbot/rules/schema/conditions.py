"""What a rule asks of a message, as a schema."""

from igbot.meta.events import CUSTOMER_KINDS
from igbot.rules.reading.keywords import DEFAULT_MIN, DEFAULT_WITHIN, FORMS, MOST_WITHIN, OPTIONS
from igbot.rules.reading.text_conditions import MOST_COUNTED
from igbot.rules.schema.shapes import (
    KEY,
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

_COMPARED = r"^\s*(<=|>=|==|<|>)\s*"
_KINDS = "What the customer sent; any is all kinds. Without it: text, a tap on a quick reply, and a reply to a story."


def definitions() -> Shape:
    """`matcher`, `matchers`, `text`, `kinds`, `payload` and `when`."""
    return {
        "matcher": _matcher(),
        "matchers": many(ref("matcher"), "Words and phrases; a bare text is a whole word or phrase, in any case."),
        "text": _text(),
        "kinds": many(choice("A kind of message.", *sorted(CUSTOMER_KINDS), "any"), _KINDS),
        "payload": one_or_many(
            text("A payload.", examples=["SHIP_ES", "SHIP_*"]),
            "What a tapped button sends back: one or several of these. A * at the end stands for any ending.",
        ),
        "when": _when(),
    }


def _matcher() -> Shape:
    forms: Shape = {
        "is": text("The message is this and nothing else, apart from punctuation and emoji around it."),
        "word": text("A whole word or phrase."),
        "starts": text("The message begins with this."),
        "ends": text("The message ends with this."),
        "contains": text('Anywhere in the message, inside words as well: hi is in "shipping".'),
        "regex": text("A regular expression (RE2) on the message in small letters; put it in single quotes."),
        "fuzzy": text("A word of five letters or more that may be misspelt."),
        "similar": text("A sentence that the message resembles."),
        "list": text("The name of a list of words: any of it."),
    }
    options: Shape = {
        "near": one_or_many(text("A word."), "One of these words must be close to `word`, before or after it."),
        "within": whole("How many words away `near` may be.", 1, MOST_WITHIN, default=DEFAULT_WITHIN),
        "raw": flag("Search the message as it was written, capitals and all.", default=False),
        "distance": whole("How many letters may be wrong: 1, or 2 for words of eight letters and more.", 1, 2),
        "min": whole("How alike the sentences must be, out of 100.", 1, 100, default=DEFAULT_MIN),
    }
    return {
        "description": "A word or phrase, or a map that says how it is looked for.",
        "anyOf": [
            text("A whole word or phrase."),
            record(
                "How a word is looked for: exactly one way.",
                {**forms, **options},
                oneOf=[{"required": [form]} for form in sorted(FORMS)],
                dependentRequired={**{option: [form] for option, form in OPTIONS.items()}, "within": ["word", "near"]},
            ),
        ],
    }


def _text() -> Shape:
    entry: Shape = {"anyOf": [ref("matcher"), ref("text")]}
    return record(
        "Conditions on the text; all that are given must hold. A picture or a reaction has no text and fits none.",
        {
            "any": many(entry, "At least one of these."),
            "all": many(entry, "Each of these."),
            "none": many(entry, "None of these."),
            "min_words": whole("At least so many words.", 1, MOST_COUNTED),
            "max_words": whole("At most so many words.", 1, MOST_COUNTED),
            "min_chars": whole("At least so many characters.", 1, MOST_COUNTED),
            "question": flag("It is (or is not) a question."),
            "has_link": flag("There is (or is not) a link in it."),
            "has_email": flag("There is (or is not) an e-mail address in it."),
            "has_phone": flag("There is (or is not) a telephone number in it."),
            "has_number": flag("There is (or is not) a number in it."),
        },
    )


def _when() -> Shape:
    ids = text("An id, as Meta shows it.")
    return record(
        "When the rule fits; everything that is given must hold, together with keywords, not, kinds and payload.",
        {
            "text": ref("text"),
            "kinds": ref("kinds"),
            "payload": ref("payload"),
            "emoji": many(text("An emoji."), "For reactions: one of these emoji."),
            "story": one_or_many(ids, "A reply to one of these stories."),
            "post": one_or_many(ids, "One of these posts was shared."),
            "ad": one_or_many(ids, "The customer came through one of these advertisements."),
            "schedule": {
                "description": "Only while a schedule is open; {not: name} only while it is closed.",
                "anyOf": [
                    text("The name of a schedule."),
                    record("Only while it is closed.", {"not": text("The name of a schedule.")}, required=["not"]),
                ],
            },
            "first_message": flag("The customer never wrote before (or did)."),
            "idle_for": text(
                "How long ago the customer's last message was.",
                pattern=rf"{_COMPARED}(0|[1-9][0-9]{{0,7}})[smhd]\s*$",
                examples=[">= 7d"],
            ),
            "after": record(
                "Another rule answered this customer last.",
                {
                    "rule": text("Its name.", pattern=SLUG),
                    "within": duration("How long ago at most.", default="24h"),
                },
                required=["rule"],
            ),
            "turn": text(
                "The how-manieth message of the customer this is.",
                pattern=rf"{_COMPARED}[0-9]{{1,6}}\s*$",
                examples=[">= 3", "== 1"],
            ),
            "customer": _customer(),
            "test": flag("Only test messages (or only real ones)."),
            "any": many(ref("when"), "At least one of these sets of conditions."),
            "all": many(ref("when"), "Each of these sets of conditions."),
            "none": many(ref("when"), "None of these sets of conditions."),
        },
    )


def _customer() -> Shape:
    tags = many(text("A tag.", pattern=SLUG), "Tags that rules have given with `tag`.")
    return record(
        "What is known of the customer.",
        {
            "tags": record("The customer's tags.", {"any": tags, "all": tags, "none": tags}),
            "lang": many(text("A language: en, es, pt-BR."), "The customer writes in one of these languages."),
            "follows": flag("The customer follows the account (or does not)."),
            "username": one_or_many(text("A name."), "The customer is one of these, by the name on Instagram."),
            "set": filled_table(KEY, text("The value."), "Facts that rules have kept with `set`."),
        },
    )
