"""A campaign for people and for programs: its table, the histories of what went wrong, its JSON."""

import json
import platform
import shlex
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.campaign.judge import FILED, WRONGS, percentile, tally
from bench.campaign.running import MOST_HISTORIES
from bench.campaign.terms import Outcome, Terms

MOST_SHOWN = 10
MOST_LOG_LINES = 12


def show(outcome: Outcome, console: Console, *, command: str, late: float) -> None:
    """Prints everything."""
    figures = Table(title="The campaign", title_justify="left", show_header=False)
    figures.add_column("what")
    figures.add_column("figure", justify="right")
    for name, value in _lines(outcome).items():
        figures.add_row(name, value)
    console.print(figures)
    console.print(_fates(outcome))
    for title, counts in (
        ("Faults injected", outcome.faults),
        ("Deliveries not taken", outcome.refused),
        ("Replies by state", outcome.states),
        ("Warned of", outcome.warnings),
        ("Errors logged", outcome.errors),
    ):
        told = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "none"
        console.print(Text(f"{title}: {told}"), soft_wrap=True)
    broken = [each for each in outcome.histories if not each["excused"] and each["finding"] != "late"]
    for shown in broken[:MOST_SHOWN]:
        console.print(Text(_history(shown)), soft_wrap=True)
    if (more := len(outcome.judgement.findings) - len(broken[:MOST_SHOWN])) > 0:
        console.print(
            Text(f"{more} more findings (--json has the history of the first {MOST_HISTORIES})"), soft_wrap=True
        )
    for death in outcome.deaths:
        console.print(Text(f"A process ended by itself, {death}"), soft_wrap=True)
    console.print(Text(_verdict(outcome, late=late)), soft_wrap=True, style="green" if outcome.passed else "red")
    console.print(Text(f"The same again: {command}"), soft_wrap=True)


def _verdict(outcome: Outcome, *, late: float) -> str:
    found, excused = outcome.judgement, outcome.judgement.count("doubled", excused=True)
    counts = [f"{found.count(wrong, excused=False)} {wrong}" for wrong in WRONGS if wrong != "late"]
    counts.append(f"{found.count('late')} later than {late:g} s")
    counts.append(f"{excused} doubled where nothing better could be known, each logged send_repeated")
    if given_up := found.count("lost", excused=True):
        counts.append(f"{given_up} given up after their last call failed in an outage, each a dead letter")
    unsettled = "" if outcome.settled else "; not everything was settled in time"
    deaths = f"; {len(outcome.deaths)} processes ended by themselves" if outcome.deaths else ""
    codes = [code for code in outcome.exit_codes if code != 0]
    ends = f"; exit codes {codes}" if codes else ""
    return f"{'kept' if outcome.passed else 'NOT kept'}: {', '.join(counts)}{unsettled}{deaths}{ends}"


def _fates(outcome: Outcome) -> Table:
    """What should have become of the messages, and what did."""
    table = Table(title="What should become of a message", title_justify="left")
    wrongs = [wrong for wrong in WRONGS if wrong not in ("unexplained", "out of order")]
    for heading in ("should be", "messages", "received", *wrongs, "excused"):
        table.add_column(heading, justify="left" if heading == "should be" else "right")
    for fate in FILED:
        if (counts := outcome.judgement.fates.get(fate)) is None:
            continue
        excused = sum(count for name, count in counts.items() if name.endswith(", excused"))
        cells = [counts["messages"], counts["received"], *(counts[wrong] for wrong in wrongs), excused]
        table.add_row(fate, *(f"{cell:,}" for cell in cells))
    return table


def _lines(outcome: Outcome) -> dict[str, str]:
    shown = {name: f"{value:,}" for name, value in outcome.figures.items()}
    waits = outcome.judgement.waits
    for name, values, unit in (("delivery to 200", outcome.acks, 1e3), ("first delivery to reply", waits, 1e3)):
        for share in (0.5, 0.99, 1.0):
            value = percentile(values, share)
            label = "longest" if share == 1.0 else f"p{share * 100:.0f}"
            shown[f"{name}, {label}, ms"] = "-" if value is None else f"{value * unit:,.1f}"
    for name, seconds in outcome.seconds.items():
        shown[f"seconds, {name}"] = f"{seconds:,.1f}"
    lasted = outcome.seconds.get("to the last reply", 0.0)
    writing = outcome.seconds.get("writing", 0.0)
    shown["messages/s while writing"] = f"{outcome.figures['acknowledged'] / writing:,.1f}" if writing else "-"
    shown["messages/s to the last reply"] = f"{len(waits) / lasted:,.1f}" if lasted else "-"
    return shown


def _history(shown: Mapping[str, Any]) -> str:
    """One finding and everything known about it."""
    mark = " (excused)" if shown["excused"] else ""
    lines = [f"{shown['finding']}{mark}: {shown['mid']} of {shown['igsid']}, {shown['why']}"]
    for part in ("arrived", "conversation", "decided", "replies", "attempts", "received", "calls"):
        lines += [f"  {part}: {json.dumps(_short(row), ensure_ascii=False)}" for row in shown[part]]
    lines += [f"  log: {line[:400]}" for line in shown["log"][:MOST_LOG_LINES]]
    return "\n".join(lines)


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what says nothing."""
    idle: tuple[object, ...] = (None, "", [], False)
    return {name: value for name, value in row.items() if value not in idle and name not in ("account_id", "digest")}


def as_json(outcome: Outcome, *, arguments: Mapping[str, Any], command: str, terms: Terms) -> dict[str, Any]:
    """Everything, for a file."""
    waits = outcome.judgement.waits
    return {
        "command": command,
        "arguments": dict(arguments),
        "late_after_seconds": terms.late,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "postgresql": outcome.server,
        "passed": outcome.passed,
        "settled": outcome.settled,
        "findings": tally(outcome.judgement.findings),
        "timeline": outcome.timeline,
        "fates": {fate: dict(counts) for fate, counts in outcome.judgement.fates.items()},
        "figures": dict(outcome.figures),
        "seconds": dict(outcome.seconds),
        "ack_seconds": {"p50": percentile(outcome.acks, 0.5), "p99": percentile(outcome.acks, 0.99)},
        "answer_seconds": {"p50": percentile(waits, 0.5), "p99": percentile(waits, 0.99)},
        "faults": dict(outcome.faults),
        "deliveries_not_taken": dict(outcome.refused),
        "replies_by_state": dict(outcome.states),
        "warnings": dict(outcome.warnings),
        "errors": dict(outcome.errors),
        "error_lines": outcome.samples,
        "deaths": outcome.deaths,
        "exit_codes": outcome.exit_codes,
        "histories": outcome.histories,
    }


def command_line(arguments: Mapping[str, Any]) -> str:
    """What repeats the campaign's decisions."""
    given = [part for name, value in arguments.items() if value is not None for part in (f"--{name}", str(value))]
    return shlex.join(["python", "-m", "bench", "campaign", *given])
