"""The figures as pictures: both axes at once, false alarms by design effect, faults by size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scripts.evidence.faults import FAULTS
from scripts.evidence.peers import RULES, TOOLS
from scripts.evidence.results import (
    FLIGHTS,
    Results,
    Share,
    false_alarms,
    found_in_time,
)

INK, QUIET, OURS = "#333333", "#9aa5b1", "#c2410c"
TARGET = 0.05
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "svg.fonttype": "none",
    # The same figures give the same file.
    "svg.hashsalt": "evidence",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "text.color": INK,
}


def write_pictures(folder: Path, results: Results) -> list[Path]:
    """Writes all pictures as SVG, and says where."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with mpl.rc_context(_STYLE):
        if results.peer_quiet:
            drawn.append(_saved(folder / "evidence_both_axes.svg", both_axes(results)))
        drawn.append(_saved(folder / "evidence_false_alarms.svg", by_case(results)))
        drawn.append(_saved(folder / "evidence_faults.svg", by_size(results)))
    return drawn


def _saved(path: Path, figure: Figure) -> Path:
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    return path


def both_axes(results: Results) -> Figure:
    """Faults found against quiet months with an alarm: the corner above left is best."""
    figure = Figure(figsize=(7.2, 4.2))
    axes = figure.subplots()
    labels = {tool: tool for tool in TOOLS} | RULES
    points = []
    for by, label in labels.items():
        quiet = [one.days > 0 for one in results.peer_quiet if one.by == by]
        if quiet:
            alarms = Share(sum(quiet), len(quiet)).value
            points.append((alarms, found_in_time(results.peers_of(by)).value, label, by in TOOLS))
    points.sort(key=lambda point: -point[1])
    told: dict[tuple[float, float], list[str]] = {}
    for number, (x, y, label, is_tool) in enumerate(points, 1):
        axes.plot(x, y, "s" if is_tool else "o", color=INK if is_tool else QUIET, clip_on=False)
        told.setdefault((round(x, 2), round(y, 2)), []).append(str(number))
        axes.text(1.12, 1.0 - 0.075 * number, f"{number}  {label}", fontsize=8, va="center")
    for place, numbers in told.items():
        axes.annotate(", ".join(numbers), place, (6, 2), textcoords="offset points", fontsize=8)
    x = false_alarms(results.quiet_of(FLIGHTS)).value
    y = found_in_time(results.mattering).value
    axes.plot(x, y, "D", color=OURS, markersize=9, clip_on=False)
    axes.annotate("modelwatch", (x, y), (9, -3), textcoords="offset points", color=OURS)
    axes.axvspan(0, TARGET, color=OURS, alpha=0.08, lw=0)
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel="quiet months with a false alarm",
        ylabel="faults found within two windows",
    )
    _as_percent(axes, "both")
    return figure


def by_case(results: Results) -> Figure:
    """Quiet months with an incident, with intervals, beside the target."""
    each = list(dict.fromkeys(one.case for one in results.quiet))
    cases = [*dict.fromkeys(case.partition(",")[0] for case in each), *each]
    shares = [false_alarms(results.quiet_of(case)) for case in cases]
    figure = Figure(figsize=(7.2, 0.36 * len(cases) + 1))
    axes = figure.subplots()
    for row, share in enumerate(shares):
        low, high = share.interval
        axes.plot([low, high], [row, row], color=QUIET, lw=2)
        axes.plot(share.value, row, "o", color=OURS, clip_on=False)
    axes.axvline(TARGET, color=INK, lw=0.8, ls=":")
    axes.set_yticks(range(len(cases)), cases)
    axes.invert_yaxis()
    axes.set(xlim=(0, max(0.3, *(s.interval[1] for s in shares))))
    axes.set_xlabel("months with an incident, with 95 % intervals; the target is 5 %")
    _as_percent(axes, "x")
    return figure


def by_size(results: Results) -> Figure:
    """Share found of every fault and size; those that matter are filled."""
    figure = Figure(figsize=(7.2, 4.6))
    axes = figure.subplots()
    faults = list(FAULTS.values())
    for row, fault in enumerate(faults):
        for column, (size, matters) in enumerate(fault.sizes):
            mine = [o for o in results.outcomes if (o.fault, o.size) == (fault.key, size)]
            share = found_in_time(mine).value
            color = OURS if matters else QUIET
            axes.barh(row, share, 0.7, column * 1.25, color=color, alpha=0.45, lw=0)
            axes.barh(row, 1.0, 0.7, column * 1.25, fill=False, edgecolor=QUIET, lw=0.6)
            axes.text(
                column * 1.25 + 0.04,
                row,
                f"{fault.size_label(size)}: {share:.0%}",
                va="center",
                fontsize=7,
                color=INK,
            )
    axes.set_yticks(range(len(faults)), [fault.title for fault in faults])
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_title(
        "found within two windows, by size; grey: sizes that nobody would ask for", fontsize=9
    )
    return figure


def _as_percent(axes: Axes, which: str) -> None:
    for name in ("x", "y"):
        if which in (name, "both"):
            getattr(axes, f"{name}axis").set_major_formatter(PercentFormatter(1.0))
