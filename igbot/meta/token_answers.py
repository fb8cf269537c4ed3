"""Meta's answers about access tokens: whose one is, what a refresh gave, how long one lasts (reference §1.3, §1.4)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from igbot.meta.conversations_api import read_identity
from igbot.meta.error_table import UNKNOWN_MEANING, Reaction, row_for
from igbot.meta.graph_error import GraphError, other_error, parse_answer, read_error
from igbot.meta.values import flag, identifier, table, whole

DEAD = frozenset({102, 190})
"""The codes of a token that no longer is one."""
_LONGEST_LIFE = 10 * 366 * 86400
_PASSING: tuple[Reaction, ...] = ("retry", "unknown", "wait account", "wait app")


def is_final(error: GraphError) -> bool:
    """Whether Meta would say the same again: not what passes by itself (a limit, an outage, an answer that is none)."""
    row = row_for(error)
    return error.code is not None and not error.transient and (row is UNKNOWN_MEANING or row.reaction not in _PASSING)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a token is: the ids of its account, or the error that was answered instead. Neither: no answer at all."""

    ids: frozenset[str]
    error: GraphError | None = None

    @property
    def answered(self) -> bool:
        """Whether anything is known of the token now."""
        return bool(self.ids) or (self.error is not None and is_final(self.error))

    @property
    def is_dead(self) -> bool:
        """Whether Meta no longer knows the token for one."""
        return self.error is not None and self.error.code in DEAD


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a refresh gave: a token, perhaps the same, and how long it lives from now on (None: not said)."""

    token: str = field(repr=False)
    life: timedelta | None


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What `debug_token` tells. `expires_at` None: no end is known, which is how page tokens should be."""

    is_valid: bool
    expires_at: datetime | None
    error: GraphError | None


def read_owner(status: int, body: bytes) -> Owner:
    """The answer of `/me`; status 0: there was none. Never raises."""
    if status == 0:
        return Owner(frozenset())
    ids = frozenset(read_identity(body)) if status == 200 else frozenset()
    return Owner(ids, None if ids else _refusal(status, body))


def read_renewed(status: int, body: bytes) -> Renewed | GraphError | None:
    """The answer of a refresh; an error where it gives no token, None where there was no answer. Never raises."""
    if status == 0:
        return None
    answer = parse_answer(body) or {}
    token, seconds = answer.get("access_token"), whole(answer.get("expires_in"))
    if status != 200 or "error" in answer or not isinstance(token, str) or not token:
        return _refusal(status, body)
    return Renewed(token, timedelta(seconds=min(seconds, _LONGEST_LIFE)) if seconds and seconds > 0 else None)


def read_facts(status: int, body: bytes) -> TokenFacts | GraphError | None:
    """The answer of `debug_token`; an error where it tells nothing, None where there was no answer. Never raises."""
    if status == 0:
        return None
    answer = parse_answer(body) or {}
    data = table(answer.get("data"))
    if status != 200 or "is_valid" not in data:
        return _refusal(status, body)
    seconds = data.get("expires_at")
    ends = isinstance(seconds, int) and seconds is not True and 0 < seconds < 2**33
    error = read_error({"error": data["error"]}) if data.get("error") else None
    return TokenFacts(flag(data["is_valid"]), datetime.fromtimestamp(seconds or 0, UTC) if ends else None, error)


def read_app_id(status: int, body: bytes) -> str | None:
    """The id in an answer of `/app`, which names the app that a token was made for; None where it does not."""
    return identifier((parse_answer(body) or {}).get("id")) if status == 200 else None


def _refusal(status: int, body: bytes) -> GraphError:
    return read_error(parse_answer(body) or {}) or other_error("http", f"HTTP {status} without what was asked for")
