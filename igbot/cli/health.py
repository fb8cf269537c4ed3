"""`igbot health`: how the running server is."""

import asyncio
from typing import Annotated, Any

import typer

from igbot.errors import ExitCode


def health(
    *,
    env: Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Every dependency and figure that matters. Exit 1 if degraded or down, 3 if no server answers."""
    from igbot.cli.asking import ask
    from igbot.cli.opening import quiet_log, settings_for
    from igbot.cli.output import emit_json

    settings = settings_for(env)
    quiet_log(settings)
    reply = asyncio.run(ask(settings, "GET", "/readyz?figures=1", key="checks"))
    if as_json:
        emit_json(reply.body)
    else:
        _print(reply.body)
    if reply.body.get("status") != "ok":
        raise typer.Exit(ExitCode.BAD)


def _print(report: dict[str, Any]) -> None:
    from igbot.cli.output import print_table

    rows = [(name, check["status"], check["detail"]) for name, check in report["checks"].items()]
    print_table(("check", "status", "detail"), [("overall", report["status"], ""), *rows])
    figures = report.get("figures", {})
    print_table(("figure", "value"), [(name, _figure(value)) for name, value in figures.items()])


def _figure(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {count}" for key, count in value.items())
    return "" if value is None else str(value)
