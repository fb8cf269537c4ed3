"""One picture for each subject: bars of medians with their spread, labelled, with what they were measured on."""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.machine import Machine
from bench.outcome import Run, Spread, Table, is_busy
from bench.subject import Figure

MOST_PANELS = 4
LOG_FROM = 30.0
"""Times the smallest bar that the largest must be for a logarithmic scale."""
RATE = " at "
"""Between a contender and the rate at which it is measured, in their names."""
_OURS, _OTHERS, _INK, _FAINT = "#0f766e", "#94a3b8", "#1e293b", "#64748b"
_WIDTH, _BAR, _MARGINS, _DPI = 9.5, 0.36, 1.75, 110


def draw(run: Run, directory: Path) -> list[Path]:
    """A PNG for each subject with figures, in `directory`. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    drawn = []
    for table in run.tables:
        figures = drawable(table)
        if figures:
            path = directory / f"{table.name}.png"
            _draw(table, figures, run.machine, path)
            drawn.append(path)
    return drawn


def drawable(table: Table) -> list[Figure]:
    """The figures that the subject wants drawn and that were measured of anybody."""
    names = table.chart or [each.name for each in table.figures[:1]]
    wanted = [figure for name in names for figure in table.figures if figure.name == name]
    measured = [each for each in wanted if any(table.values(entry.name, each.name) for entry in table.entries)]
    return measured[:MOST_PANELS]


def wants_log_scale(values: Sequence[float]) -> bool:
    """Whether small bars would vanish beside the large ones."""
    return min(values) > 0 and max(values) / min(values) >= LOG_FROM


def is_ours(table: Table, contender: str) -> bool:
    """Whether its bar is to stand out: a goal is about it (at whatever rate), or there are no goals at all."""
    aims = {goal.contender.partition(RATE)[0] for goal in table.goals}
    return not aims or contender.partition(RATE)[0] in aims


def _draw(table: Table, figures: Sequence[Figure], machine: Machine, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [entry.name for entry in table.entries if any(table.values(entry.name, each.name) for each in figures)]
    height = _MARGINS + _BAR * len(names)
    with pyplot.rc_context({"font.family": "DejaVu Sans", "font.size": 9, "text.color": _INK}):
        picture, panels = pyplot.subplots(
            1, len(figures), sharey=True, squeeze=False, figsize=(_WIDTH, height), layout="constrained"
        )
        picture.get_layout_engine().set(rect=(0, 0.62 / height, 1, 1 - 1.0 / height))
        for panel, figure in zip(panels[0], figures, strict=True):
            _panel(panel, table, figure, names)
        picture.text(0.012, 1 - 0.28 / height, table.title, fontsize=12, fontweight="bold", va="center")
        footer = "\n".join(textwrap.wrap(f"{_beside(table)} {machine.line()}", 185))
        picture.text(0.012, 0.06 / height, footer, fontsize=6.5, color=_FAINT, va="bottom")
        picture.savefig(path, dpi=_DPI, facecolor="white")
        pyplot.close(picture)


def _panel(panel: Any, table: Table, figure: Figure, names: Sequence[str]) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    spreads = [table.spread(name, figure.name) for name in names]
    values = [each.median for each in spreads if each]
    log = wants_log_scale(values)
    if log:
        panel.set_xscale("log")
        panel.xaxis.set_minor_formatter(NullFormatter())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    floor = 10 ** math.floor(math.log10(min(values) * 0.8)) if log else 0.0
    for place, (name, spread) in enumerate(zip(names, spreads, strict=True)):
        if spread is not None:
            _bar(panel, place, spread, floor=floor, figure=figure, ours=is_ours(table, name))
    panel.set_yticks(range(len(names)), labels=names, color=_INK)
    panel.set_ylim(len(names) - 0.4, -0.6)
    widest = max(each.most for each in spreads if each)
    panel.set_xlim(floor, (widest / (floor or 1)) ** 1.35 * (floor or 1) if log else widest * 1.28)
    better = "more is better" if figure.more_is_better else "less is better"
    panel.set_title(f"{figure.heading} ({better}{', logarithmic' if log else ''})", fontsize=9, loc="left")
    panel.tick_params(axis="x", labelsize=7, colors=_FAINT)
    panel.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)
    panel.spines["bottom"].set_color(_OTHERS)


def _bar(panel: Any, place: int, spread: Spread, *, floor: float, figure: Figure, ours: bool) -> None:
    panel.barh(place, spread.median - floor, left=floor, height=0.66, color=_OURS if ours else _OTHERS)
    panel.plot([spread.least, spread.most], [place, place], color=_INK, linewidth=1, marker="|", markersize=5)
    panel.annotate(
        f"{spread.median:,.{figure.digits}f}",
        (max(spread.median, spread.most), place),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )


def _beside(table: Table) -> str:
    rounds, disk = len(table.fdatasync), sorted(table.fdatasync)
    synced = f", fdatasync {disk[0]:,.0f}–{disk[-1]:,.0f}/s" if disk else ""
    quick = " Quick run." if table.quick else ""
    busy = " The machine was busy with other programs." if is_busy(table) else ""
    return f"Bars: median of {rounds} interleaved round{'s' * (rounds > 1)}; lines: least to most{synced}.{quick}{busy}"
