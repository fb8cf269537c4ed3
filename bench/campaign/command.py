"""`python -m bench campaign`: reads the command line, shows the progress, prints the verdict."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench.campaign.opening import open_campaign
from bench.campaign.plan import draw
from bench.campaign.running import run
from bench.campaign.spoiling import LONG
from bench.campaign.telling import as_json, command_line, show
from bench.campaign.terms import Now, Terms
from bench.subject import NotMeasurable
from igbot.settings.model import Rates

PASSED, FAILED, MISUSED = 0, 1, 2
_PLAIN_EVERY = 10.0
_MOST_CUSTOMERS = 2_000
_MESSAGES_EACH = 6


def _number(least: float, kind: Callable[[str], Any] = int) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = kind(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least:g}")
        return value

    read.__name__ = "number"
    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench campaign",
        description="Customers write, stop and start, delete and edit, and persons take over, while Meta answers with"
        " every error it has and is away at times, processes are killed and connections cut; in the end what each"
        " customer received is held against what should have become of what was written. Exit 0: nothing lost, out of"
        " order, sent though it must not be, or doubled without need; 1: something was; 2: it could not be run.",
        epilog=f"From {LONG:,} messages on look-ups are refused for some customers, calls hang and an outage lasts"
        " minutes, so that single replies take minutes too. The end has to wait for those.",
    )
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance (1)")
    parser.add_argument("--messages", type=_number(1), default=600, help="how many the customers write (600)")
    parser.add_argument("--kills", type=_number(0), default=6, help="how often a process is killed (6)")
    parser.add_argument("--cuts", type=_number(0), help="how often connections to PostgreSQL are ended (kills / 4)")
    parser.add_argument("--outages", type=_number(0), help="how often Meta is away (1; 0 below 100 messages)")
    parser.add_argument("--customers", type=_number(1), help="how many write (a sixth of the messages, at most 2,000)")
    parser.add_argument("--processes", type=_number(1), default=1, help="igbot serve on the one database (1)")
    parser.add_argument("--seconds", type=_number(0, float), help="no new message after that, and no more kills")
    parser.add_argument("--drain", type=_number(0, float), default=300.0, help="seconds for what is under way (300)")
    parser.add_argument("--late", type=_number(0, float), default=90.0, help="seconds after which a reply is late (90)")
    parser.add_argument(
        "--rates", choices=("off", "real"), default="off", help="igbot's own rates, and whether they are kept (off)"
    )
    parser.add_argument("--database-url", help="a PostgreSQL on which databases may be made (else an embedded one)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything, for programs")
    return parser


def main(argv: Sequence[str]) -> int:
    """Runs a campaign and prints what came of it. The exit code."""
    try:
        given = _parser().parse_args(argv)
    except SystemExit as left:
        return int(left.code or 0)
    customers = min(given.customers or max(given.messages // _MESSAGES_EACH, 1), given.messages, _MOST_CUSTOMERS)
    arguments = {
        "seed": given.seed,
        "messages": given.messages,
        "kills": given.kills,
        "cuts": given.kills // 4 if given.cuts is None else given.cuts,
        "customers": customers,
        "processes": given.processes,
        "outages": given.outages,
        "rates": given.rates,
        "seconds": given.seconds,
    }
    plan = draw(
        seed=given.seed, messages=given.messages, kills=given.kills, cuts=arguments["cuts"], customers=customers,
        places=given.processes, outages=given.outages,
    )  # fmt: skip
    rates = Rates() if given.rates == "real" else None
    terms = Terms(given.seconds, given.drain, given.late, given.database_url, given.processes, rates)
    console, command = Console(highlight=False), command_line(arguments)
    try:
        with _progress(console, messages=given.messages, kills=given.kills) as on_turn:
            now = Now()
            outcome = asyncio.run(run(open_campaign(plan, terms, now), now=now, on_turn=on_turn))
    except NotMeasurable as error:
        print(f"campaign: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        return 130
    show(outcome, console, command=command, late=given.late)
    if given.json is not None:
        found = as_json(outcome, arguments=arguments, command=command, terms=terms)
        given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return PASSED if outcome.passed else FAILED


@contextmanager
def _progress(console: Console, *, messages: int, kills: int) -> Iterator[Callable[[Now], None]]:
    """A bar on a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        yield _plainly(console, messages=messages, kills=kills)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("starting", total=2 * messages, said="")

        def turn(now: Now) -> None:
            said = _said(now, messages=messages, kills=kills)
            progress.update(bar, description=now.phase, completed=now.written + now.received, said=said)

        yield turn


def _plainly(console: Console, *, messages: int, kills: int) -> Callable[[Now], None]:
    last = time.monotonic()

    def turn(now: Now) -> None:
        nonlocal last
        if time.monotonic() - last >= _PLAIN_EVERY:
            last = time.monotonic()
            console.print(f"{now.phase}: {_said(now, messages=messages, kills=kills)}")

    return turn


def _said(now: Now, *, messages: int, kills: int) -> str:
    return f"{now.written:,} of {messages:,} taken, {now.received:,} answered, {now.kills} of {kills} kills"
