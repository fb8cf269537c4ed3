"""The webhook as most people would write it: FastAPI on uvicorn, the signature checked, one INSERT a request."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response

from bench.load.bodies import SECRET
from bench.servers.being_served import database_url, serve_until_closed
from igbot.cli.event_loop import run

POOL = 16
TABLE = """
CREATE TABLE IF NOT EXISTS peer_message (
    mid         text PRIMARY KEY,
    sender      text NOT NULL,
    recipient   text NOT NULL,
    sent_at     bigint NOT NULL,
    message     jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
)
"""
INSERT = """
INSERT INTO peer_message (mid, sender, recipient, sent_at, message) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (mid) DO NOTHING
"""


async def receive(request: Request) -> Response:
    """POST /webhook."""
    body = await request.body()
    expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.headers.get("x-hub-signature-256", ""), expected):
        return Response(status_code=401)
    for entry in json.loads(body)["entry"]:
        for item in entry["messaging"]:
            message = item["message"]
            await request.app.state.pool.execute(
                INSERT,
                message["mid"],
                item["sender"]["id"],
                item["recipient"]["id"],
                item["timestamp"],
                json.dumps(message),
            )
    return Response(status_code=200, content=b'{"status":"ok"}', media_type="application/json")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(database_url(), min_size=POOL, max_size=POOL) as pool:
        await pool.execute(TABLE)
        app.state.pool = pool
        yield


async def serve() -> None:
    """The server, until the bench is done with it."""
    app = FastAPI(lifespan=_lifespan)
    app.add_api_route("/webhook", receive, methods=["POST"])
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    server = uvicorn.Server(uvicorn.Config(app, http="httptools", access_log=False, log_level="warning"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    if not serving.done():
        await serve_until_closed(listening.getsockname()[1])
    server.should_exit = True
    await serving


if __name__ == "__main__":
    # On the loop that uvicorn takes.
    run(serve())
