"""The tokens the sandbox believes, their refresh in both login flavours, and what is told of them."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from igbot.meta.signature import appsecret_proof
from igbot.sandbox.calls import GraphCall
from igbot.sandbox.refusals import (
    RefusalError,
    bad_parameter,
    expired_token,
    no_proof,
    no_token,
    wrong_proof,
    wrong_token,
)

LIFE = 5_183_944
"""Seconds a long-lived token has left after a refresh, as Meta's sample answer shows."""
APP_ID = "1000000000000777"
GRANTS: Mapping[str, str] = MappingProxyType(
    {
        "ig_refresh_token": "access_token",
        "ig_exchange_token": "access_token",
        "fb_exchange_token": "fb_exchange_token",
    }
)
"""The parameter that holds the old token, by grant type."""


class Tokens:
    """The set of valid tokens: those of `accounts` (ids by token), and those handed out since.

    A token without an end has None for it. The first account is whose a token is that nobody said more about.
    """

    def __init__(self, accounts: Mapping[str, str], *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._first = next(iter(accounts.values()))
        self._ends: dict[str, datetime | None] = dict.fromkeys(accounts)
        self._owners = dict(accounts)

    def issue(self, token: str, *, life: timedelta | None = None, account: str | None = None) -> None:
        """From now on a token of an account is valid, for ever or for so long."""
        self._ends[token] = None if life is None else self._clock() + life
        self._owners[token] = account or self.owner(token)

    def owner(self, token: str | None) -> str:
        """The id of the account whose token it is, or was."""
        return self._owners.get(token or "", self._first)

    def revoke(self, token: str) -> None:
        """A token is no longer one: a password was changed, the app was removed."""
        self._ends.pop(token, None)

    def check(self, token: str | None) -> None:
        """Raises RefusalError for a call without a token (104) or with one that is not valid (190)."""
        if token is None:
            raise no_token()
        if token not in self._ends:
            raise wrong_token()
        if self._has_ended(token):
            raise expired_token()

    def _has_ended(self, token: str) -> bool:
        end = self._ends[token]
        return end is not None and end <= self._clock()

    def refresh(self, call: GraphCall, *, app_secret: str, new_token: bool) -> Mapping[str, Any]:
        """The answer to a refresh or exchange: the same token with its life prolonged, or a new one.

        Raises RefusalError for a wrong grant type, client secret or token.
        """
        grant = call.params.get("grant_type", "")
        if grant not in GRANTS:
            raise bad_parameter(f"Param grant_type must be one of {{{', '.join(sorted(GRANTS))}}}")
        if grant != "ig_refresh_token" and call.params.get("client_secret") != app_secret:
            raise RefusalError(1, "Error validating client secret.", type_="OAuthException")
        token = call.params.get(GRANTS[grant]) or call.token
        self.check(token)
        owner = self.owner(token)
        token = f"IGAAsandbox{secrets.token_hex(20)}" if new_token else token or ""
        self.issue(token, life=timedelta(seconds=LIFE), account=owner)
        return {"access_token": token, "token_type": "bearer", "expires_in": LIFE}

    def facts(self, call: GraphCall, *, app_secret: str) -> Mapping[str, Any]:
        """The answer of `debug_token` about `input_token`. Raises RefusalError unless an app token asks."""
        if call.token != f"{APP_ID}|{app_secret}":
            raise wrong_token()
        token = call.params.get("input_token", "")
        if token not in self._ends:
            error = {"code": 190, "message": "Invalid OAuth access token."}
            return {"data": {"error": error, "is_valid": False, "scopes": []}}
        end = self._ends[token]
        facts: dict[str, Any] = {
            "app_id": APP_ID,
            "type": "PAGE",
            "application": "Sandbox shop",
            "data_access_expires_at": 0,
            "expires_at": int(end.timestamp()) if end is not None else 0,
            "is_valid": not self._has_ended(token),
            "scopes": ["instagram_basic", "instagram_manage_messages", "pages_manage_metadata"],
        }
        if not facts["is_valid"]:
            facts["error"] = {"code": 190, "subcode": 463, "message": "The access token has expired."}
        return {"data": facts}


def check_proof(call: GraphCall, *, app_secret: str) -> None:
    """Raises RefusalError for a call that does not prove the app's secret, as Meta does with "Require App Secret"."""
    if call.token is None:
        raise no_token()
    given = call.params.get("appsecret_proof")
    if given is None:
        raise no_proof()
    if not hmac.compare_digest(given.encode(), appsecret_proof(app_secret, call.token).encode()):
        raise wrong_proof()
