"""The lines that a person types, or that come through a pipe, while other things go on."""

import asyncio
import sys
import threading
from contextlib import suppress

PROMPT = "you> "


def typed() -> bool:
    """Whether somebody sits at a terminal and types."""
    return sys.stdin.isatty()


async def next_line() -> str | None:
    """What comes next, None at the end. The thread that waits for it is left behind at a Ctrl-C."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str | None] = loop.create_future()

    def answer(text: str | None) -> None:
        if not line.done():
            line.set_result(text)

    def read() -> None:
        text = _read_line()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(answer, text)

    threading.Thread(target=read, daemon=True).start()
    return await line


def _read_line() -> str | None:
    if typed():
        try:
            return input(PROMPT).strip()
        except EOFError:
            return None
    # Past the buffers, whose lock a thread that waits would still hold when Python ends.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as unbuffered:
        line = unbuffered.readline()
    return line.decode("utf-8-sig", "replace").strip() if line else None
