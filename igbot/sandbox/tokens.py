"""The tokens the sandbox believes, and their refresh in both login flavours."""

import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from igbot.sandbox.calls import GraphCall
from igbot.sandbox.refusals import RefusalError, bad_parameter, no_token, wrong_token

LIFE = 5_183_944
"""Seconds a long-lived token has left after a refresh, as Meta's sample answer shows."""
GRANTS: Mapping[str, str] = MappingProxyType(
    {
        "ig_refresh_token": "access_token",
        "ig_exchange_token": "access_token",
        "fb_exchange_token": "fb_exchange_token",
    }
)
"""The parameter that holds the old token, by grant type."""


class Tokens:
    """The set of valid tokens: the first one, and those handed out since."""

    def __init__(self, first: str) -> None:
        self._valid = {first}

    def check(self, token: str | None) -> None:
        """Raises RefusalError for a call without a token (104) or with one that was never handed out (190)."""
        if token is None:
            raise no_token()
        if token not in self._valid:
            raise wrong_token()

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
        if new_token:
            token = f"IGAAsandbox{secrets.token_hex(20)}"
            self._valid.add(token)
        return {"access_token": token, "token_type": "bearer", "expires_in": LIFE}
