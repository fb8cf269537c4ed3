"""A run as tables: coloured on a terminal, plain and unbroken in a pipe or a file."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from bench.outcome import Run, Table, Verdict, is_busy, judge, spread
from bench.subject import Figure

_PIPED_WIDTH = 180
_WORDS: Mapping[bool | None, str] = MappingProxyType({True: "reached", False: "missed"})
_SIGNS: Mapping[bool | None, tuple[str, str]] = MappingProxyType(
    {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "yellow")}
)


def print_run(run: Run, stream: TextIO) -> None:
    """The machine, every table, every verdict, and what could not be measured."""
    piped = not stream.isatty()
    console = Console(file=stream, width=_PIPED_WIDTH if piped else None, highlight=False)
    for table in run.tables:
        print_table(table, console)
    console.print(escape(run.machine.line()), style="dim", soft_wrap=True)


def print_table(table: Table, console: Console) -> None:
    """One subject."""
    console.print()
    console.print(Text(f"{table.name}: {table.title}", style="bold"))
    if any(any(entry.samples) for entry in table.entries):
        console.print(_grid(table))
        console.print(Text(beside(table)), soft_wrap=True)
        console.print(Text(table.notes, style="dim"))
        for verdict in judge(table):
            sign, style = _SIGNS[verdict.reached]
            console.print(Text(f"{sign} {describe(table, verdict)}", style=style), soft_wrap=True)
    for line in table.unmeasured():
        console.print(Text(f"not measured: {line}", style="yellow"), soft_wrap=True)


def beside(table: Table) -> str:
    """The disk in each round, and what the numbers in the table are."""
    disk = ", ".join(f"{each:,.0f}" for each in table.fdatasync)
    others = ", ".join(f"{each:.0f}" for each in table.others)
    rounds = len(table.fdatasync)
    warning = " The machine was busy with other things: measure again." if is_busy(table) else ""
    return (
        f"Medians (least to most) of {rounds} round{'s' * (rounds > 1)}; fdatasync/s round by round: {disk};"
        f" CPU % of other programs before each: {others}.{warning}"
    )


def describe(table: Table, verdict: Verdict) -> str:
    """A goal and how it was met, in words; also where signs and colours are lost."""
    goal = verdict.goal
    figure = next((each for each in table.figures if each.name == goal.figure), None)
    unit = figure.heading if figure else goal.figure
    who = goal.contender if goal.against is None else f"{goal.contender} ÷ {goal.against}"
    limit = f"≥ {goal.at_least:,g}" if goal.at_least is not None else f"≤ {goal.at_most:,g}"
    digits = figure.digits if figure and goal.against is None else 2
    found = "" if verdict.value is None else f" {verdict.value:,.{digits}f},"
    return f"{_WORDS.get(verdict.reached, verdict.reason)}: {who}, {unit}:{found} wanted {limit}"


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    grid.add_column("")
    for figure in table.figures:
        grid.add_column(figure.heading, justify="right")
    if table.baseline:
        grid.add_column(f"÷ {table.baseline}", justify="right")
    grid.add_column("machine CPU %", justify="right")
    for entry in table.entries:
        cells = [_cell(table, entry.name, figure) for figure in table.figures]
        if table.baseline:
            found = spread(table.ratios(entry.name, table.baseline, table.figures[0].name))
            cells.append(f"{found.median:.2f}" if found else "–")
        busy = spread([each[entry.name] for each in table.cpu if entry.name in each])
        cells.append(f"{busy.median:.0f}" if busy else "–")
        grid.add_row(entry.name, *cells)
    return grid


def _cell(table: Table, contender: str, figure: Figure) -> str:
    found = table.spread(contender, figure.name)
    if found is None:
        return "–"
    shown = [f"{each:,.{figure.digits}f}" for each in (found.median, found.least, found.most)]
    return shown[0] if shown[1] == shown[2] else f"{shown[0]} ({shown[1]}–{shown[2]})"
