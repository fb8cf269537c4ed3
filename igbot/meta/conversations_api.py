"""Answers of the Conversations API, read to find out what was really sent; and who a token belongs to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from igbot.meta.events import Attachment, Mid
from igbot.meta.graph_error import parse_answer
from igbot.meta.outgoing import ATTACHMENT_TYPES
from igbot.meta.timestamps import read_iso
from igbot.meta.values import identifier, rows, table, words

_PARTS: Mapping[str, str] = MappingProxyType(
    {"image_data": "image", "video_data": "video", "audio_data": "audio", "generic_template": "template"}
)
"""Which part of an attachment tells its type."""


class UnreadableAnswerError(ValueError):
    """A look-up whose answer says nothing: no JSON object, or an error. It is not the same as "nothing was sent"."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message of a conversation. `at` is in whole seconds, None where unreadable; `from_id` is `""` if absent.

    `attachments` are told where they were asked for; a template's title is what it says.
    """

    mid: Mid
    at: datetime | None
    from_id: str
    text: str
    attachments: tuple[Attachment, ...] = ()


def read_messages(body: bytes) -> list[SentMessage]:
    """The messages of a look-up, in its order (Meta's is newest first); messages without an id are left out.

    Reads `/me/conversations?fields=messages{…}`, `/{conversation}?fields=messages{…}`, a conversation's `messages`
    edge and a single message (meta-platform reference §9). Raises UnreadableAnswerError where the answer says nothing.
    """
    answer = parse_answer(body)
    if answer is None:
        raise UnreadableAnswerError("the look-up's answer is no JSON object")
    if "error" in answer:
        raise UnreadableAnswerError("the look-up was answered with an error")
    return list(_messages(answer, depth=3))


def read_identity(body: bytes) -> set[str]:
    """All ids of the account in an answer of `/me`: `id` and `user_id`, flat or in `data`. Empty where it has none.

    A page's answer also names its Instagram account. Never raises.
    """
    answer = parse_answer(body) or {}
    found: set[str] = set()
    for account in (answer, *map(table, rows(answer.get("data")))):
        linked = table(account.get("instagram_business_account"))
        ids = (identifier(each) for each in (account.get("id"), account.get("user_id"), linked.get("id")))
        found.update(each for each in ids if each is not None)
    return found


def _messages(node: Mapping[str, Any], *, depth: int) -> Iterator[SentMessage]:
    mid = identifier(node.get("id"))
    if mid is not None and ("created_time" in node or "from" in node or "message" in node):
        sender = identifier(table(node.get("from")).get("id"))
        attachments = tuple(_attachment(table(each)) for each in rows(table(node.get("attachments")).get("data")))
        at, text = read_iso(node.get("created_time")), words(node.get("message"))
        yield SentMessage(Mid(mid), at, sender or "", text, attachments)
    elif depth > 0:
        for inner in (*rows(node.get("data")), *rows(node.get("messages"))):
            yield from _messages(table(inner), depth=depth - 1)


def _attachment(node: Mapping[str, Any]) -> Attachment:
    """One attachment; which of its parts Meta tells differs by type, by login flavour and by age of the message."""
    template = table(node.get("generic_template"))
    for part, type_ in _PARTS.items():
        if told := table(node.get(part)):
            url = words(told.get("url")) or None
            return Attachment(type_, url, words(template.get("title")) or words(template.get("text")) or None)
    mime = words(node.get("mime_type")).partition("/")[0]
    return Attachment(mime if mime in ATTACHMENT_TYPES else "unknown", words(node.get("file_url")) or None)
