"""How a sandbox behaves: who the account is, whom it believes, and what it posts back."""

from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Literal, get_args

EchoTiming = Literal["after", "before", "late", "never"]
ECHO_TIMINGS: tuple[str, ...] = get_args(EchoTiming)


@dataclass(frozen=True, slots=True)
class SandboxAccount:
    """One account of a business: all its ids, of which the first stands in webhooks, and the token of its calls."""

    ids: tuple[str, ...]
    token: str = field(repr=False)
    username: str = "sandbox_shop"

    @property
    def account_id(self) -> str:
        """The id that stands in webhooks."""
        return self.ids[0]


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """All of a sandbox's behaviour.

    `account_ids`: every id of the business's account; the first stands in webhooks. `more_accounts`: accounts beside
    that one, each with ids, a token and customers of its own. `webhook_url`: where the bot
    listens; None posts nothing back. `echo`: the echo of an accepted message goes out after the answer, before it
    (the answer waits for the bot's first reaction), `echo_delay` seconds late, or never. `seen`: the customer reads
    each message after its echo. `strict`: customers who never wrote are refused. `window`: how long after the
    customer's last message sends are accepted; enforced for customers whose messages the sandbox was told.
    `new_token`: a refresh hands out another token instead of prolonging the old one; both are then valid.
    `require_proof`: calls without the right `appsecret_proof` are refused. `lookups_per_second`: limit of the
    Conversations API, None for no limit (Meta: 2). `retry_for`: seconds after which a webhook the bot does not take is
    given up. `keep`: how many messages, calls and conversations are remembered; None for all.
    """

    account_ids: tuple[str, ...]
    access_token: str = field(repr=False)
    app_secret: str = field(repr=False)
    username: str = "sandbox_shop"
    more_accounts: tuple[SandboxAccount, ...] = ()
    webhook_url: str | None = None
    echo: EchoTiming = "after"
    echo_delay: float = 2.0
    seen: bool = True
    strict: bool = False
    window: timedelta = timedelta(hours=24)
    new_token: bool = False
    require_proof: bool = False
    lookups_per_second: int | None = None
    retry_for: float = 60.0
    keep: int | None = None

    def __post_init__(self) -> None:
        if not all(account.ids and all(account.ids) for account in self.accounts):
            raise ValueError("account_ids must be one or more ids, none of them empty")
        ids = [raw for account in self.accounts for raw in account.ids]
        if len(set(ids)) < len(ids):
            raise ValueError("an id must belong to one account")
        if self.echo not in ECHO_TIMINGS:
            raise ValueError(f"echo must be one of {', '.join(ECHO_TIMINGS)}, not {self.echo!r}")
        if self.keep is not None and self.keep < 1:
            raise ValueError("keep must be at least 1, or None to keep everything")

    @property
    def account_id(self) -> str:
        """The id that stands in webhooks."""
        return self.account_ids[0]

    @property
    def accounts(self) -> tuple[SandboxAccount, ...]:
        """All accounts."""
        return SandboxAccount(self.account_ids, self.access_token, self.username), *self.more_accounts


FIXED = frozenset({"account_ids", "access_token", "app_secret", "username", "more_accounts", "keep"})
CHANGEABLE: frozenset[str] = frozenset(each.name for each in fields(SandboxSettings)) - FIXED
"""What may be changed while the sandbox runs."""
