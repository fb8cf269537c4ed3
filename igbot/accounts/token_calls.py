"""What Meta is asked about access tokens: whose one is, for another in its place, how long it lasts."""

from collections.abc import Mapping, Sequence

import aiohttp

from igbot.accounts.graph_reads import GraphReads, Proof, proof_of
from igbot.meta.graph_error import GraphError
from igbot.meta.token_answers import (
    Owner,
    Renewed,
    TokenFacts,
    read_app_id,
    read_facts,
    read_owner,
    read_renewed,
)
from igbot.settings.model import Account, Settings

SECONDS = 15


class TokenCalls:
    """The calls about tokens of one host and version of the Graph API.

    `proof` makes the `appsecret_proof` of a token, which each call then carries. No call raises for what Meta or the
    network does.
    """

    def __init__(self, session: aiohttp.ClientSession, *, url: str, version: str, proof: Proof | None = None) -> None:
        self._reads = GraphReads(session, proof=proof)
        self._host = url.rstrip("/")
        self._base = f"{self._host}/{version}"

    async def owner(self, token: str) -> Owner:
        """Whose the token is (`/me`)."""
        return read_owner(*await self._get(f"{self._base}/me", {"fields": "id,user_id,username"}, token=token))

    async def renew(self, token: str) -> Renewed | GraphError | None:
        """A refresh of an Instagram-login token (reference §1.3); None: no answer.

        Meta documents this call without a version and with the token in the address: no error may name that.
        """
        query = {"grant_type": "ig_refresh_token", "access_token": token}
        return read_renewed(*await self._get(f"{self._host}/refresh_access_token", query, token=token))

    async def facts(self, token: str, *, app_secrets: Sequence[str]) -> TokenFacts | GraphError | None:
        """What `debug_token` tells of a Facebook-login token; None: no answer, or the app's id cannot be known.

        It takes an app token, which is made of the app's id and secret; the id is what `/app` says of the token
        (unverified for page tokens).
        """
        app_id = read_app_id(*await self._get(f"{self._base}/app", {"fields": "id"}, token=token))
        told: TokenFacts | GraphError | None = None
        for secret in app_secrets if app_id is not None else ():
            query = {"input_token": token}
            told = read_facts(*await self._get(f"{self._base}/debug_token", query, token=f"{app_id}|{secret}"))
            if isinstance(told, TokenFacts):
                break
        return told

    async def _get(self, address: str, query: Mapping[str, str], *, token: str) -> tuple[int, bytes]:
        return await self._reads.get(address, query, token=token, seconds=SECONDS)


def token_calls(
    settings: Settings, account: Account, session: aiohttp.ClientSession, *, sandbox_url: str | None
) -> TokenCalls:
    """The calls about the token of an account, on its host, or in the sandbox where it has none."""
    url = account.graph_url or sandbox_url or ""
    return TokenCalls(session, url=url, version=settings.graph_version, proof=proof_of(settings))
