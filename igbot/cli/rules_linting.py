"""What lint tells beside the findings of the loader: rules without a test, and the set that a server runs."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from igbot.errors import IgbotError

if TYPE_CHECKING:
    from igbot.cli.findings import Running
    from igbot.cli.rules_folder import Folder
    from igbot.rules.model import Finding
    from igbot.rules.rule import Rule
    from igbot.settings.model import Settings

PATIENCE = 2.0
"""Seconds that a server is given to say which rules it runs."""


def untested(folder: "Folder", rules: "tuple[Rule, ...]", settings: "Settings") -> "Finding | None":
    """The finding about rules that no test of the folder expects; None also where it has no tests."""
    from igbot.cli.rules_folder import read_tests
    from igbot.cli.rules_running import Runner
    from igbot.rules.lint.whole import untested as without_test
    from igbot.rules.reading.source import Report

    tests = read_tests(folder.root, None) if folder.root.is_dir() else ()
    if not tests:
        return None
    files = Runner(folder, tests, settings).case_files(Report())
    expected = [step.expect for file in files for case in file.cases for step in case.steps]
    named = {expect.rule.name for expect in expected if expect.rule}
    return without_test(rules, named | {each.name for expect in expected for each in expect.observers or ()})


def running_set(settings: "Settings") -> "Running | None":
    """The rules of the server that runs here; None where none does, or does not answer at once."""
    import asyncio

    from igbot import runfile
    from igbot.cli.asking import ask
    from igbot.cli.findings import Running

    if runfile.read(settings.data_dir) is None:
        return None
    try:
        reply = asyncio.run(ask(settings, "GET", "/readyz?figures=1", key="figures", seconds=PATIENCE))
    except IgbotError:
        return None
    figures = reply.body["figures"]
    digest, since = figures.get("rules_digest"), figures.get("rules_since")
    return Running(digest, _age(since)) if digest else None


def _age(since: str | None) -> timedelta | None:
    return datetime.now(UTC) - datetime.fromisoformat(since) if since else None
