"""Reading from Meta's Graph API: the status and the body, whatever Meta or the network does."""

from collections.abc import Callable, Mapping
from functools import partial

import aiohttp

from igbot.meta.signature import appsecret_proof
from igbot.settings.model import Settings

MOST_BYTES = 256 * 1024
"""No answer of Meta's is longer; what is, counts as one that cannot be read."""

Proof = Callable[[str], str]
"""Makes the `appsecret_proof` of a token."""


class GraphReads:
    """GET calls with a token; `proof`, where there is one, goes with each. The session's connections are reused."""

    def __init__(self, session: aiohttp.ClientSession, *, proof: Proof | None) -> None:
        self._session = session
        self._proof = proof

    async def get(self, address: str, query: Mapping[str, str], *, token: str, seconds: float) -> tuple[int, bytes]:
        """HTTP status and body; 0 where there was no answer in time."""
        try:
            async with self._session.get(
                address,
                params={**query, **self.proven(token)},
                headers={"Authorization": f"Bearer {token}"},
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=5),
                allow_redirects=False,
            ) as response:
                return response.status, await read_body(response)
        except (aiohttp.ClientError, TimeoutError, ConnectionError, EOFError):
            return 0, b""

    def proven(self, token: str) -> Mapping[str, str]:
        """The parameters that prove that a call comes from the app's own server; none where none is wanted."""
        return {} if self._proof is None else {"appsecret_proof": self._proof(token)}


def proof_of(settings: Settings) -> Proof | None:
    """What makes the proofs of these settings; None: calls carry none."""
    return partial(appsecret_proof, settings.app_secrets[0]) if settings.appsecret_proof else None


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, however many pieces it comes in; cut off where it is longer than any answer of Meta's."""
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > MOST_BYTES:
            break
    return bytes(content)
