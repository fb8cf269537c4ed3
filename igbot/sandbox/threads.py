"""Conversations as Meta keeps them: who wrote when, and the newest messages of both sides."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

VISIBLE = 20
"""Details are given for the 20 newest messages of a conversation only (Conversations API)."""


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message of a conversation; `sender` is the id of who wrote it."""

    mid: str
    igsid: str
    sender: str
    at: datetime
    text: str | None
    attachments: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class Thread:
    """The conversation with one customer; `messages` holds the newest, oldest first."""

    igsid: str
    conversation_id: str
    written_at: datetime | None = None
    wrote: bool = False
    updated_at: datetime | None = None
    messages: deque[ThreadMessage] = field(default_factory=deque)


class Threads:
    """All conversations, the last changed at the end; only the newest `keep` stay when that is given."""

    def __init__(self, *, keep: int | None) -> None:
        self._keep = keep
        self._threads: dict[str, Thread] = {}
        self._conversations: dict[str, Thread] = {}
        self._messages: dict[str, ThreadMessage] = {}

    def __len__(self) -> int:
        return len(self._threads)

    def of(self, igsid: str) -> Thread | None:
        """The conversation with a customer."""
        return self._threads.get(igsid)

    def conversation(self, conversation_id: str) -> Thread | None:
        """The conversation with this id."""
        return self._conversations.get(conversation_id)

    def message(self, mid: str) -> ThreadMessage | None:
        """A message that is still among the newest of its conversation."""
        return self._messages.get(mid)

    def newest_first(self) -> Iterator[Thread]:
        """All conversations, the last changed first."""
        return reversed(self._threads.values())

    def customer_wrote(self, igsid: str, *, at: datetime, opens_window: bool) -> None:
        """Remembers that the customer did something; the window counts from the latest that opens it."""
        thread = self._touch(igsid, at)
        thread.wrote = True
        if opens_window and (thread.written_at is None or at > thread.written_at):
            thread.written_at = at

    def add(self, message: ThreadMessage) -> None:
        """Appends a message of either side; the same mid a second time changes nothing."""
        if message.mid in self._messages:
            return
        thread = self._touch(message.igsid, message.at)
        thread.messages.append(message)
        self._messages[message.mid] = message
        if len(thread.messages) > VISIBLE:
            del self._messages[thread.messages.popleft().mid]

    def _touch(self, igsid: str, at: datetime) -> Thread:
        thread = self._threads.pop(igsid, None)
        if thread is None:
            thread = Thread(igsid, f"thread_{igsid}")
            self._conversations[thread.conversation_id] = thread
        self._threads[igsid] = thread
        thread.updated_at = at
        if self._keep is not None and len(self._threads) > self._keep:
            self._forget(next(iter(self._threads)))
        return thread

    def _forget(self, igsid: str) -> None:
        thread = self._threads.pop(igsid)
        del self._conversations[thread.conversation_id]
        for message in thread.messages:
            del self._messages[message.mid]
