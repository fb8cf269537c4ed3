"""Whether what Meta tells of is a message of ours, by what it says and shows: where its mid does not tell (yet)."""

from collections.abc import Iterable

from igbot.meta.conversations_api import SentMessage
from igbot.meta.events import Attachment, Content
from igbot.meta.outgoing import Outgoing


def plain_words(text: str) -> str:
    """`text` with its white space made one: Meta gives it back as it likes."""
    return " ".join(text.split())


def echo_words(message: Outgoing) -> str:
    """What an echo of the message says: its text, also where it is sent as a template; `""` for an attachment."""
    return "" if message.attachment else plain_words(message.text)


def heard_words(content: Content) -> str:
    """What an echo says: its text, else that of its template; `""` for one without words, which tells nothing apart."""
    return _words(content.text, content.attachments)


def is_echo_of(content: Content, message: Outgoing) -> bool:
    """Whether an echo may be of this message of ours, which is on its way.

    Pictures, films and sounds are told apart by their type only: Meta gives an address of its own. An echo that shows
    nothing at all, as of a type that the webhook does not know, may be of any message without plain text.
    """
    heard = heard_words(content)
    if heard:
        return heard == echo_words(message)
    shown = {each.type for each in content.attachments}
    if message.attachment:
        return not shown or message.attachment.type in shown
    return bool(message.buttons) and (not shown or "template" in shown)


def is_plain(message: Outgoing) -> bool:
    """Whether the message is nothing but words: what a look-up tells for sure. Of others it may tell nothing."""
    return message.attachment is None and not message.buttons


def is_same(sent: SentMessage, message: Outgoing) -> bool:
    """Whether a message of a look-up is one like ours: the same words, or an attachment of the same type."""
    said = _words(sent.text, sent.attachments)
    if message.attachment:
        return not said and any(each.type == message.attachment.type for each in sent.attachments)
    return bool(said) and said == echo_words(message)


def _words(text: str, attachments: Iterable[Attachment]) -> str:
    written = (each.title for each in attachments if each.type == "template" and each.title)
    return plain_words(text or next(written, ""))
