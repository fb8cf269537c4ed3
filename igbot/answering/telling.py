"""What people are told beside what rules tell them, and how often."""

from collections.abc import Iterable
from datetime import datetime

from igbot.answering.other_tools import Tool
from igbot.answering.outcome import Notice

MOST_QUIET = 1000
"""Notices that are remembered as told: others' accounts are without number."""

_LONGEST = 200


class Quiet:
    """Keeps back what was told a short while ago, by this process."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def new(self, notices: Iterable[Notice], *, now: datetime) -> list[Notice]:
        """Those that are to be told now; they count as told."""
        return [notice for notice in notices if self._is_new(notice, now)]

    def _is_new(self, notice: Notice, now: datetime) -> bool:
        if not notice.quiet:
            return True
        if self._until.get(notice.key, now) > now:
            return False
        self._until = {key: until for key, until in self._until.items() if until > now}
        if len(self._until) >= MOST_QUIET:
            return False
        self._until[notice.key] = now + notice.quiet
        return True


def tool_notice(tool: Tool, account: str) -> Notice:
    """What the owner is told of another tool."""
    text = (
        f"Another tool answers customers of {account or tool.account_id} by itself: {tool.customers} of them got "
        f"“{tool.words[:_LONGEST]}” at once. igbot answers them as well. Switch that off in the Instagram app, Meta "
        "Business Suite or whatever else is connected to the account, or take what it answers out of the rules."
    )
    return Notice("other_tool", account or tool.account_id, "", tool.digest, "warning", text, (), tool.test)
