"""What customers send as pictures, films, sounds and stories stays at Meta: the bot follows no link of theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.journeys.shop import ANA, Shop

WITH_LINKS = ["image", "video", "audio", "file", "share", "story_reply", "story_mention"]
PICTURE = b"\x89PNG\r\n\x1a\n" + b"xyzzy"


@dataclass
class Lookaside:
    """Where Meta keeps the media: whoever connects is counted, whatever they ask for."""

    url: str = ""
    visits: int = 0
    requests: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One visit."""
        self.visits += 1
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head.decode().split("\r\n")[0])
        length = f"Content-Length: {len(PICTURE)}\r\nConnection: close\r\n\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n" + length.encode() + PICTURE)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def lookaside() -> AsyncIterator[Lookaside]:
    """A server for the block."""
    place = Lookaside()
    server = await asyncio.start_server(place.serve, "127.0.0.1", 0)
    place.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ig_messaging_cdn/?asset_id=1"
    async with server:
        yield place


async def test_no_media_of_a_customer_is_ever_fetched(shop: Shop) -> None:
    """Stories above all (policy): what has a link is decided on and answered without a look at what is behind it."""
    async with lookaside() as place:
        told = {}
        for number, kind in enumerate(WITH_LINKS):
            igsid = f"91{number:014d}"
            text = "" if kind == "story_mention" else place.url
            told[igsid] = await shop.writes(igsid, text, kind=kind, url=place.url)
        mid = await shop.writes(ANA, f"look {place.url}")
        await shop.quiet()
        await shop.arrives(shop.sandbox.customer_does(ANA, kind="edit", text=place.url, about=mid))
        for igsid, mid in told.items():
            await shop.arrives(shop.sandbox.customer_does(igsid, kind="deleted", about=mid))
        await shop.quiet()

        kept = await shop.rows("SELECT kind FROM message WHERE direction = 'in' AND igsid LIKE '91%'")
        assert sorted(row["kind"] for row in kept) == sorted(WITH_LINKS)
        assert shop.received("9100000000000006") != []
        assert (place.visits, place.requests) == (0, [])

        async with aiohttp.ClientSession() as somebody, somebody.get(place.url) as answer:
            assert await answer.read() == PICTURE
        assert (place.visits, place.requests) == (1, ["GET /ig_messaging_cdn/?asset_id=1 HTTP/1.1"])
