"""`python -m bench`: measure, print, keep, draw."""

import argparse
import asyncio
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.catalogue import SUBJECTS

NEEDED = ("psutil", "matplotlib", "fastapi", "uvicorn", "httptools")
MEASURED, USAGE, INTERRUPTED = 0, 2, 130
LONGEST_SECONDS = 600
CHARTS = Path("docs") / "bench"
"""The pictures that README shows."""
EXPLAINED = """\
exit codes: 0 all was measured and every judged goal reached, 1 a goal was missed or something could not be measured,
2 wrong usage. `python -m bench campaign --help` tells of the fault campaign.
"""


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    if arguments[:1] == ["campaign"]:
        from bench.campaign import main as campaign

        return campaign(arguments[1:])
    options = _options(arguments)
    if options.list:
        print("\n".join(SUBJECTS))
        return MEASURED
    names = [name.replace("-", "_") for name in options.names] or SUBJECTS
    unknown = [name for name in names if name not in SUBJECTS]
    if unknown:
        return _refuse(f"no subject is called {unknown[0]!r}; there are {', '.join(SUBJECTS)}, and campaign")
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return _refuse(f"{', '.join(missing)} is not installed: pip install -e '.[bench]'")
    from bench.record import NoRecord, read_record
    from bench.running import finish, measure

    try:
        if options.kept is not None:
            return finish(read_record(options.kept), options)
        return asyncio.run(measure(names, options))
    except (NoRecord, OSError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED


def _refuse(why: str) -> int:
    print(f"bench: {why}", file=sys.stderr)
    return USAGE


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures igbot and what it is held against, in interleaved rounds.",
        epilog=EXPLAINED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="subjects; all where none is named")
    parser.add_argument("--rounds", type=_whole, help="rounds of each subject (default: its own)")
    parser.add_argument("--seconds", type=_positive, default=3.0, help="length of a timed round (default: 3)")
    parser.add_argument("--quick", action="store_true", help="small and short: does it run at all? Judges no goal")
    parser.add_argument(
        "--database-url",
        default=os.environ.get("IGBOT_BENCH_DATABASE_URL"),
        help="a PostgreSQL on which databases may be made (default: an embedded one)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep everything, all rounds too")
    parser.add_argument(
        "--charts",
        type=Path,
        nargs="?",
        const=CHARTS,
        metavar="DIR",
        help=f"draw one PNG per subject there (without DIR: {CHARTS})",
    )
    parser.add_argument("--from", type=Path, dest="kept", metavar="FILE", help="print and draw a kept run again")
    parser.add_argument("--list", action="store_true", help="name the subjects")
    return parser.parse_args(arguments)


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and up to {LONGEST_SECONDS}")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
