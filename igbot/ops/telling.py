"""What is said to people of what the bot decided: each occasion under its title, each channel by itself."""

from collections.abc import Mapping, Sequence

from igbot.answering.outcome import Notice, Occasion
from igbot.ops.notices import Notices

TITLES: Mapping[Occasion, str] = {
    "handoff": "igbot: a customer asks for a person",
    "alert": "igbot: a rule raises an alert",
    "loop_guard": "igbot: the loop guard has silenced the bot for a customer",
    "thread_request": "igbot: another app asks for a conversation",
    "other_tool": "igbot: another tool answers your customers",
    "unknown_account": "igbot: events of an account that is not configured",
    "edit_without_sender": "igbot: Meta does not say who wrote",
}


def tell_notices(notices: Notices, found: Sequence[Notice]) -> None:
    """Tell each of these to its channels, or to all."""
    for notice in found:
        for channel in notice.channels or (None,):
            title = TITLES[notice.what] + (" (test)" if notice.test else "")
            # Each channel is told: the same key would be told once, to the first of them.
            key = f"{notice.key}:{channel or 'all'}"
            notices.tell(key, title, notice.body, level=notice.level, channel=channel)
