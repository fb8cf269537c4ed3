"""The accounts that the sandbox plays: what each has of its own, and which of them is meant."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from igbot.sandbox.options import SandboxAccount
from igbot.sandbox.refusals import too_many_lookups
from igbot.sandbox.subscriptions import Subscription
from igbot.sandbox.threads import Threads


class PlayedAccount:
    """One account with its conversations, its subscription and its own limit of look-ups."""

    def __init__(self, settings: SandboxAccount, *, keep: int | None) -> None:
        self.settings = settings
        self.threads = Threads(keep=keep)
        self.subscription = Subscription()
        self._lookups: deque[datetime] = deque()

    def is_meant(self, target: str) -> bool:
        """Whether an id in a path, or `me`, is this account when its own token asks."""
        return target == "me" or target in self.settings.ids

    def wrote(self, igsid: str) -> bool:
        """Whether a customer has written to this account."""
        thread = self.threads.of(igsid)
        return thread is not None and thread.wrote

    def pace_lookups(self, limit: int | None, now: datetime) -> None:
        """Counts a look-up. Raises RefusalError for more than `limit` a second."""
        if limit is None:
            return
        while self._lookups and now - self._lookups[0] >= timedelta(seconds=1):
            self._lookups.popleft()
        if len(self._lookups) >= limit:
            raise too_many_lookups()
        self._lookups.append(now)


class PlayedAccounts:
    """All accounts, the first of the settings first."""

    def __init__(self, accounts: Sequence[SandboxAccount], *, keep: int | None) -> None:
        self.each = tuple(PlayedAccount(account, keep=keep) for account in accounts)
        self._by_id = {raw: account for account in self.each for raw in account.settings.ids}

    @property
    def first(self) -> PlayedAccount:
        """The account that is meant where none is named."""
        return self.each[0]

    def named(self, account: str | None) -> PlayedAccount:
        """The account with an id; the first for None. Raises ValueError for an id that nobody has."""
        if account is None:
            return self.first
        if account not in self._by_id:
            raise ValueError(f"no account has the id {account!r} (one of {', '.join(self._by_id)})")
        return self._by_id[account]

    def has(self, raw: str) -> bool:
        """Whether an id is that of an account."""
        return raw in self._by_id

    def know(self, igsid: str, *, but: PlayedAccount) -> bool:
        """Whether a customer has written to another account: IGSIDs are scoped to one."""
        return any(account.wrote(igsid) for account in self.each if account is not but)

    def by_account(self, items: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
        """Webhook items by the id of the account they are for, in their order."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for item in items:
            parties = [item.get(side, {}).get("id") for side in ("recipient", "sender")]
            account = next((self._by_id[raw] for raw in parties if raw in self._by_id), self.first)
            found.setdefault(account.settings.account_id, []).append(item)
        return found
