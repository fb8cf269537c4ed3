"""What is said to people of what the bot decided and of what became of it: each occasion under its title."""

from collections.abc import Mapping, Sequence

from igbot.answering.outcome import Notice, Occasion
from igbot.ops.alerts import Alerts
from igbot.ops.notices import Notices
from igbot.ops.our_accounts import OurAccounts
from igbot.outbox.troubles import Trouble, TroubleKind
from igbot.settings.neighbours import OWNER

TITLES: Mapping[Occasion, str] = {
    "handoff": "igbot: a customer asks for a person",
    "alert": "igbot: a rule raises an alert",
    "loop_guard": "igbot: the loop guard has silenced the bot for a customer",
    "thread_request": "igbot: another app asks for a conversation",
    "other_tool": "igbot: another tool answers your customers",
    "unknown_account": "igbot: events of an account that is not configured",
    "edit_without_sender": "igbot: Meta does not say who wrote",
}

TROUBLE: Mapping[TroubleKind, str] = {
    "halted": "igbot: sends are stopped",
    "paused": "igbot: sends wait",
    "outage": "igbot: Meta cannot be reached",
    "dead": "igbot: a reply could not be sent",
    "refused": "igbot: Meta refused a reply",
    "expired": "igbot: replies came too late",
}
PASSED = frozenset[TroubleKind]({"refused", "expired"})
"""What is over at once, so nothing that stands."""


def tell_notices(notices: Notices, accounts: OurAccounts, found: Sequence[Notice]) -> None:
    """Tell each of these to its channels, or to all; of which account it is, where there are several."""
    for notice in found:
        account = f"\naccount {accounts.called(notice.account)}" if len(accounts.each) > 1 else ""
        for channel in notice.channels or (None,):
            title = TITLES[notice.what] + (" (test)" if notice.test else "")
            # Each channel is told: the same key would be told once, to the first of them.
            key = f"{notice.key}:{channel or 'all'}"
            notices.tell(key, title, notice.body + account, level=notice.level, channel=channel)


def tell_trouble(notices: Notices, accounts: OurAccounts, trouble: Trouble, *, alerts: Alerts) -> None:
    """Alert the owner to what the sender of an account met, or end the alert."""
    title, text = TROUBLE[trouble.kind], f"account {accounts.called(trouble.account)}: {trouble.why}"
    if trouble.over:
        alerts.clear(trouble.key)
    elif trouble.kind in PASSED:
        notices.tell(trouble.key, title, text, level="warning", channel=OWNER)
    else:
        alerts.raise_alert(trouble.key, title, text, "critical")
