"""`igbot verify-test` against real servers: a verdict a line, and exit codes for scripts."""

import asyncio
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from igbot import runfile
from igbot.cli.verify_test import verify_test
from igbot.errors import ExitCode, UsageError
from igbot.settings import sandbox_values
from igbot.web.verify_test import NoAnswer
from tests.web.serving import VERIFY_TOKEN, Kept, public_app, serving


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place to run in, with a data directory of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IGBOT_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path


async def run(*arguments: str) -> Result:
    """The command in a thread of its own, beside the server of the test."""
    app = typer.Typer()
    app.command()(verify_test)
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


async def test_a_good_webhook_is_three_lines_and_exit_0() -> None:
    """The right token, a wrong one, missing parameters."""
    async with serving(public_app(Kept())) as listeners:
        result = await run("--url", f"http://127.0.0.1:{listeners.public_port}", "--token", VERIFY_TOKEN)
    assert result.exit_code == ExitCode.OK, result.output
    lines = result.output.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "ok    right token",
        "ok    wrong token",
        "ok    missing parameters",
    ]


async def test_a_bad_verdict_is_exit_1_and_does_not_show_the_token() -> None:
    """The server wants another token."""
    async with serving(public_app(Kept())) as listeners:
        url = f"http://127.0.0.1:{listeners.public_port}/webhook"
        result = await run("--url", url, "--token", "s3cret-of-mine", "--json")
    assert result.exit_code == ExitCode.BAD
    report = json.loads(result.output)
    assert (report["url"], report["passed"]) == (url, False)
    assert [check["passed"] for check in report["checks"]] == [False, True, True]
    assert set(report["checks"][0]) == {"name", "passed", "expected", "got", "detail"}
    assert "s3cret-of-mine" not in result.output


async def test_no_answer_is_exit_3(unused_tcp_port: int) -> None:
    """Nobody listens there."""
    result = await run("--url", f"https://127.0.0.1:{unused_tcp_port}", "--token", VERIFY_TOKEN)
    assert isinstance(result.exception, NoAnswer)
    assert result.exception.exit_code == ExitCode.UNREACHABLE


async def test_the_running_server_is_found_by_its_run_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --url the server of this data directory is tried, with the token of the settings."""
    monkeypatch.setenv("IGBOT_ENV", "development")
    async with serving(public_app(Kept(), verify_token=sandbox_values.VERIFY_TOKEN)) as listeners:
        url = f"http://127.0.0.1:{listeners.public_port}"
        runfile.write(home / "data", runfile.RunFile(1, "development", url, "http://127.0.0.1:1", None))
        result = await run()
    assert result.exit_code == ExitCode.OK, result.output


async def test_without_a_run_file_the_settings_say_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host, port and TLS as configured; a wildcard host is called on loopback."""
    async with serving(public_app(Kept(), verify_token="from-settings")) as listeners:
        for name, value in {
            "IGBOT_ENV": "development",
            "IGBOT_HOST": "0.0.0.0",
            "IGBOT_PORT": str(listeners.public_port),
            "IGBOT_TLS": "proxy",
            "IGBOT_VERIFY_TOKEN": "from-settings",
        }.items():
            monkeypatch.setenv(name, value)
        result = await run("--json")
    assert result.exit_code == ExitCode.OK, result.output
    assert json.loads(result.output)["url"] == f"http://127.0.0.1:{listeners.public_port}/webhook"


async def test_no_token_anywhere_is_wrong_usage() -> None:
    """Production without IGBOT_VERIFY_TOKEN: exit 2 with the way out."""
    result = await run("--url", "https://127.0.0.1:1")
    assert isinstance(result.exception, UsageError)
    assert "--token" in result.exception.hint
