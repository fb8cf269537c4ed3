"""One call of the bench: ground, subjects in turn, report, record, charts."""

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial

from bench.catalogue import find
from bench.chart import draw
from bench.ground import open_ground
from bench.machine import describe, fdatasync_rate, machine_cpu_seconds
from bench.outcome import Run, Table, judge
from bench.record import write_record
from bench.report import print_run
from bench.rounds import play
from bench.subject import Ground, NotMeasurable

CONNECTIONS = 64
QUICK_ROUNDS, QUICK_SECONDS = 1, 1.0


async def measure(names: Sequence[str], options: argparse.Namespace) -> int:
    """Measures the subjects, and prints, keeps and draws what was found; the exit code."""
    seconds = QUICK_SECONDS if options.quick else options.seconds
    async with open_ground(url=options.database_url, seconds=seconds, connections=CONNECTIONS, quick=options.quick) as (
        ground,
        postgres,
    ):
        tables = [await _table(name, ground, options) for name in names]
        run = Run(describe(ground.directory, postgres=postgres.version), tables)
    return finish(run, options)


def finish(run: Run, options: argparse.Namespace) -> int:
    """Prints, keeps and draws; the exit code. Raises OSError where a file cannot be written."""
    _teller()("")
    print_run(run, sys.stdout)
    if options.json:
        write_record(run, options.json)
    if options.charts:
        draw(run, options.charts)
    return verdict(run)


def verdict(run: Run) -> int:
    """0 where everything was measured and every judged goal reached, else 1."""
    missed = [each for table in run.tables for each in judge(table) if each.reached is False]
    return 1 if missed or any(table.unmeasured() for table in run.tables) else 0


async def _table(name: str, ground: Ground, options: argparse.Namespace) -> Table:
    subject = find(name)
    table = Table.of(subject, quick=options.quick)
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else subject.rounds)
    try:
        async with subject.open(ground) as contenders:
            await play(
                contenders,
                table,
                rounds=rounds,
                disk=partial(fdatasync_rate, ground.directory),
                busy_seconds=machine_cpu_seconds,
                say=_teller(),
            )
    except NotMeasurable as error:
        table.reason = str(error)
    except Exception as error:
        # The other subjects are measured all the same.
        traceback.print_exc(file=sys.stderr)
        table.reason = f"it failed: {type(error).__name__}: {error}"
    return table


def _teller() -> Callable[[str], None]:
    """Tells on the terminal what is going on; nothing where nobody looks."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda text: print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
