"""`igbot sandbox`: a server of its own, its faults, and what it refuses."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession

from igbot.cli.sandbox import SandboxCommand, read_faults, run_sandbox
from igbot.errors import ExitCode, UsageError
from igbot.sandbox.presets import NAMES
from igbot.settings import sandbox_values

Start = Callable[[SandboxCommand], Awaitable[str]]
MESSAGE = {"recipient": {"id": "9000000000000001"}, "message": {"text": "Hi"}}
HEADERS = {"Authorization": f"Bearer {sandbox_values.ACCESS_TOKEN}"}
AS_A_PROCESS = "import typer; from igbot.cli.sandbox import sandbox; typer.run(sandbox)"


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Runs the command's server and gives its address; stops it after the test."""
    stop = asyncio.Event()
    running: list[asyncio.Task[None]] = []

    async def start_one(command: SandboxCommand) -> str:
        lines: asyncio.Queue[str] = asyncio.Queue()
        task = asyncio.create_task(run_sandbox(command, stop=stop, announce=lines.put_nowait))
        running.append(task)
        first = asyncio.create_task(lines.get())
        await asyncio.wait({task, first}, return_when=asyncio.FIRST_COMPLETED)
        if not first.done():
            first.cancel()
            await task
        return first.result().rsplit(" ", 1)[-1]

    yield start_one
    stop.set()
    for task in running:
        with suppress(UsageError):
            await asyncio.wait_for(task, 60)


async def test_it_takes_sends_with_the_development_token(start: Start) -> None:
    """On any free port of this machine, the built-in token sends and the record shows it."""
    address = await start(SandboxCommand("127.0.0.1", 0))
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]*", address)
    async with ClientSession() as session:
        async with session.post(f"{address}/v25.0/me/messages", json=MESSAGE, headers=HEADERS) as answer:
            assert answer.status == 200
        async with session.get(f"{address}/sandbox/messages") as record:
            assert [each["text"] for each in (await record.json())["messages"]] == ["Hi"]


async def test_it_fails_on_request(start: Start) -> None:
    """`--fail NAME:TIMES` strikes so often and then no more."""
    address = await start(SandboxCommand("127.0.0.1", 0, fail=("window:1", "server-error:1")))
    statuses = []
    async with ClientSession() as session:
        for _ in range(3):
            async with session.post(f"{address}/v25.0/me/messages", json=MESSAGE, headers=HEADERS) as answer:
                statuses.append(answer.status)
    assert statuses == [403, 500, 200]


async def test_a_port_in_use_is_a_usage_error(start: Start) -> None:
    """The message names the place and the option that changes it; exit code 2."""
    address = await start(SandboxCommand("127.0.0.1", 0))
    port = int(address.rsplit(":", 1)[-1])
    with pytest.raises(UsageError, match=rf"127\.0\.0\.1:{port}") as refused:
        await start(SandboxCommand("127.0.0.1", port))
    assert "--port" in refused.value.hint
    assert refused.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("wrong", ["earthquake", "window:", "window:0", "window:often", "window:-1", "window:²", ""])
def test_a_fault_that_does_not_exist_is_a_usage_error(wrong: str) -> None:
    """An unknown name lists those there are; a wrong count shows how it is written."""
    with pytest.raises(UsageError) as refused:
        read_faults([wrong])
    assert ("rate-limit" in refused.value.hint) or ("window:3" in refused.value.hint)


def test_every_named_fault_can_be_asked_for() -> None:
    """All names are understood, with and without a count."""
    assert [rule.times for rule in read_faults([*NAMES, f"{NAMES[0]}:3"])] == [*(None for _ in NAMES), 3]


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe\x00"])
async def test_an_app_secret_that_cannot_be_read_is_a_usage_error(
    start: Start, tmp_path: Path, content: bytes | None
) -> None:
    """A missing, empty or binary file is named, its content never shown."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="--app-secret-file"):
        await start(SandboxCommand("127.0.0.1", 0, app_secret_file=path))


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/", "http://", "http://[::1/webhook", "http://a:x/"])
async def test_a_webhook_that_is_no_url_is_a_usage_error(start: Start, url: str) -> None:
    """Before anything listens, with an example of what is meant."""
    with pytest.raises(UsageError, match="--webhook") as refused:
        await start(SandboxCommand("127.0.0.1", 0, webhook=url))
    assert "/webhook" in refused.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal to interrupt one process with")
def test_ctrl_c_ends_it_quietly() -> None:
    """The first line on stdout is the address; an interrupt is exit 0 without a traceback."""
    command = [sys.executable, "-c", AS_A_PROCESS, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "http://127.0.0.1:" in process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_the_names_of_faults_can_be_listed() -> None:
    """`--fail list` prints every name and starts nothing."""
    command = [sys.executable, "-c", AS_A_PROCESS, "--fail", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert tuple(listed.stdout.split()) == NAMES


def test_the_module_itself_imports_nothing_heavy() -> None:
    """`igbot --help` stays fast: aiohttp and pydantic come in only when the command runs."""
    check = "import sys, igbot.cli.sandbox; print(sorted({'aiohttp', 'pydantic', 'regex'} & set(sys.modules)))"
    listed = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60)
    assert listed.stdout.strip() == "[]"
