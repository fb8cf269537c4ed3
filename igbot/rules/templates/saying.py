"""What one customer is told: the variant that is theirs, the language, the hand-off's words by the hour."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from igbot.meta.outgoing import Outgoing
from igbot.rules.answers import OPEN_HOURS, HandoffPlan, Reply, Variant, Words
from igbot.rules.languages import nearest
from igbot.rules.schedules import Schedule
from igbot.rules.templates.model import Lookup, Template
from igbot.rules.templates.rendering import render


def say_reply(
    reply: Reply, lookup: Lookup, *, language: str, zone: ZoneInfo, now: datetime, igsid: str, rule: str
) -> tuple[tuple[Outgoing, ...], str | None]:
    """The messages of one reply, unsplit and in order, and the name of the variant that was said.

    An attachment goes ahead of the text, since Meta takes them in two messages only. A text in which nothing is left
    to say is not sent. `language`, `zone` and `now` as in `render`; `igsid` and `rule` choose the variant.
    """
    variant = choose_variant(reply.variants, igsid, rule) if reply.variants else None
    words = variant.says if variant else reply.text
    messages = [Outgoing(attachment=reply.attachment)] if reply.attachment else []
    text = say_words(words, lookup, language=language, zone=zone, now=now) if words else ""
    if text:
        messages.append(Outgoing(text, quick_replies=reply.quick_replies, buttons=reply.buttons))
    return tuple(messages), variant.name if variant else None


def say_words(words: Words, lookup: Lookup, *, language: str, zone: ZoneInfo, now: datetime) -> str:
    """A text filled in, for somebody who speaks `language`; its dates are in the language of the text that there is."""
    spoken = nearest(language, words.by_language)
    kind = language if spoken else words.default
    return render(choose_words(words, language), lookup, language=kind, zone=zone, now=now)


def choose_words(words: Words, language: str) -> Template:
    """What is said in a language: its own text, that of the base tag (`es` for `es-MX`), else the default one."""
    return words.by_language[nearest(language, words.by_language) or ""]


def choose_variant(variants: Sequence[Variant], igsid: str, rule: str) -> Variant:
    """The variant of one customer for one rule: always the same, and over many customers as the weights say.

    `variants` has at least one with a weight above 0.
    """
    drawn = int.from_bytes(sha256(f"{rule}\0{igsid}".encode("utf-8", "replace")).digest()[:8])
    place = drawn % sum(variant.weight for variant in variants)
    for variant in variants:
        if place < variant.weight:
            return variant
        place -= variant.weight
    raise ValueError("no variant has a weight")


def choose_handoff_words(plan: HandoffPlan, schedules: Mapping[str, Schedule], now: datetime) -> Words | None:
    """What a hand-off says at a moment: by the schedule `open`, where it has words for that, else `say`."""
    hours = schedules.get(OPEN_HOURS)
    if hours is None or not (plan.say_open or plan.say_closed):
        return plan.say
    return (plan.say_open if hours.is_open(now) else plan.say_closed) or plan.say
