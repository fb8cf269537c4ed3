"""A file of rule tests, as a schema."""

from igbot.meta.events import CUSTOMER_KINDS
from igbot.rules.schema.shapes import KEY, SLUG, Shape, choice, flag, many, one_or_many, record, ref, table, text, whole
from igbot.rules.testing.cases import SILENCES
from igbot.rules.testing.expecting import LEVELS, MOST

_NOW = 'The time at which it happens, such as "2026-11-24T11:00:00+01:00".'
_OFFSET = r"\s*([0-9]{1,7}[smhd]\s*)+$"


def file() -> Shape:
    """The file itself."""
    return record(
        "What the rules must answer; `igbot rules test` runs it.",
        {
            "rules": one_or_many(
                text("A rule file, beside this one.", examples=["../10-shop.yaml"]),
                "The rule files that are tested; without it all of the folder.",
            ),
            "now": text(_NOW),
            "timezone": text("The time zone of times that name none.", examples=["Europe/Madrid"]),
            "customer": ref("customer"),
            "ai": {"enum": ["off", False], "description": "Answers of an AI are off in tests."},
            "cases": many(ref("case"), "The cases."),
        },
        required=["cases"],
    )


def definitions() -> Shape:
    """`case`, `step`, `event`, `customer`, `expect` and what they share."""
    return {
        "case": _case(),
        "step": record("One step.", {**_happenings(), **_around()}, oneOf=_one_of(_happenings())),
        "event": _event(),
        "customer": _customer(),
        "expect": _expect(),
        "stub": {
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": ["object", "array"]}, {"const": "fails"}]},
            "description": "What your own services answer here, by name: a map or a list; or the word fails.",
        },
    }


def _one_of(keys: Shape, *more: str) -> list[Shape]:
    return [{"required": [key]} for key in (*keys, *more)]


def _happenings() -> Shape:
    return {
        "say": text("What the customer writes."),
        "event": ref("event"),
        "owner_says": text("What the owner writes in the Instagram app."),
        "tick": choice("What happens by itself: the owner hands back to the bot.", "owner_resume"),
        "unsend": flag("The customer takes the last message back."),
    }


def _around() -> Shape:
    return {
        "at": text('How long after the beginning of the case, such as "+5m".', pattern=rf"^\s*\+{_OFFSET}"),
        "stub": ref("stub"),
        "expect": ref("expect"),
    }


def _case() -> Shape:
    row: Shape = {
        "type": "array",
        "prefixItems": [text("What the customer writes."), text("The rule that answers.")],
        "minItems": 2,
        "items": False,
    }
    reason: Shape = {"type": ["boolean", "string"]}
    keys = _happenings()
    return record(
        "One case: what happens, and what is expected.",
        {
            "name": text("What the case shows, in a few words."),
            "now": text(_NOW),
            "customer": ref("customer"),
            "history": many(_past(), "What was said before."),
            **keys,
            "steps": many(ref("step"), "A conversation: several things one after the other."),
            "table": many(row, "Short rows: a text, and the rule that answers it."),
            "stub": ref("stub"),
            "expect": ref("expect"),
            "only": flag("Run only this case, while working on it."),
            "skip": {**reason, "description": "Do not run it; true, or why."},
            "todo": {**reason, "description": "Not expected to hold yet; true, or why."},
        },
        required=["name"],
        anyOf=[{"oneOf": _one_of(keys, "steps", "table")}, {"required": ["todo"]}],
    )


def _past() -> Shape:
    authors: Shape = {author: text(f"What the {author} said.") for author in ("customer", "bot", "owner")}
    return record(
        "An earlier message.",
        {
            **authors,
            "at": text('How long before the case, such as "-2d".', pattern=rf"^\s*-{_OFFSET}"),
            "rule": text("The rule by which the bot said it.", pattern=SLUG),
        },
        required=["at"],
        oneOf=_one_of(authors),
        dependentRequired={"rule": ["bot"]},
    )


def _event() -> Shape:
    kinds = sorted(CUSTOMER_KINDS - {"text"})
    return record(
        "What the customer does: {kind: image}, {quick_reply: SHIP_ES}, or Meta's webhook: {payload: x.json}.",
        {
            "kind": choice("The kind of message.", *sorted(CUSTOMER_KINDS)),
            "text": {"type": "string", "description": "The text of the message."},
            "payload": text("What the tapped button sends; alone: a file with a webhook of Meta."),
            "emoji": text("The emoji of a reaction."),
            "story": text("The id of the story."),
            "post": text("The id of the shared post."),
            "ad": text("The id of the advertisement."),
            **{
                kind: {"type": ["boolean", "string"], "description": "This kind of message, with what it is about."}
                for kind in kinds
            },
        },
        anyOf=[{"oneOf": _one_of({"kind": None}, *kinds)}, {"required": ["payload"], "maxProperties": 1}],
    )


def _customer() -> Shape:
    return record(
        "Who the customer is.",
        {
            "known": flag("Has written before.", default=False),
            "lang": text("The customer's language: en, es, pt-BR."),
            "first_name": text("The first name."),
            "name": text("The whole name."),
            "username": text("The name on Instagram."),
            "follows": flag("Follows the account."),
            "tags": many(text("A tag."), "The customer's tags.", fewest=0),
            "set": table(KEY, {"type": "string"}, "Facts that rules have kept."),
            "account": text("The name of the account that is written to."),
            "test": flag("Is one of the testers.", default=False),
        },
        minProperties=0,
    )


def _expect() -> Shape:
    said = text("A text.")
    names = text("The name of a rule.", pattern=SLUG)
    return record(
        "What is expected.",
        {
            "rule": text("The rule that answers (`fallback` too, by its name).", pattern=SLUG),
            "rule_not": one_or_many(names, "Rules that do not answer."),
            "reply": one_or_many(said, "The exact answer; a list: all of them in order."),
            "reply_contains": one_or_many(said, "What is somewhere in the answer."),
            "reply_matches": one_or_many(said, "Regular expressions that the answer matches."),
            "buttons": many(said, "What stands on the buttons, in order.", fewest=0),
            "tags": many(said, "The tags the customer gets.", fewest=0),
            "set": table(KEY, {"type": "string"}, "The facts that are kept."),
            "handoff": flag("A person is asked in."),
            "silent": {"enum": [True, False, *SILENCES], "description": "Nothing is said: true, or why."},
            "alerts": {
                "description": "How many alerts there are, or how urgent they are.",
                "anyOf": [
                    whole("How many.", 0, 100),
                    many(choice("How urgent.", *LEVELS), "How urgent they are.", fewest=0),
                ],
            },
            "messages": whole("How many messages are sent.", 0, MOST),
            "observers": {
                "description": "The observers that run beside it.",
                "anyOf": [names, many(names, "Their names.", fewest=0)],
            },
            "max_bytes": whole("The longest message, in bytes.", 0, MOST),
        },
    )
