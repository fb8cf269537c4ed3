"""The server's side of `standing`: say the port, stay until standard input is closed."""

import asyncio
import json
import os
import sys
import threading

from bench.servers.standing import DATABASE_URL


def database_url() -> str:
    """The URL of the database to keep webhooks in."""
    return os.environ[DATABASE_URL]


async def serve_until_closed(port: int) -> None:
    """Say that we listen on `port`, and return when the bench is done with us (or gone)."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()

    def watch() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=watch, daemon=True).start()
    print(json.dumps({"port": port}), flush=True)
    await closed.wait()
