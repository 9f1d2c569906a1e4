"""Charts of the results: false alarms by row of the matrix, and faults by size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.ticker import PercentFormatter
from scripts.evidence.faults import FAULTS
from scripts.evidence.matrix import ROWS
from scripts.evidence.page import QUIET as TARGET
from scripts.evidence.results import Results, false_alarms, found_in_time

INK, QUIET, OURS = "#333333", "#9aa5b1", "#c2410c"
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "svg.fonttype": "none",
    # Equal results give equal files.
    "svg.hashsalt": "evidence",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "text.color": INK,
}


def write_pictures(folder: Path, results: Results) -> list[Path]:
    """Write all charts as SVG; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with mpl.rc_context(_STYLE):
        drawn.append(_saved(folder / "evidence_false_alarms.svg", by_row(results)))
        if results.outcomes:
            drawn.append(_saved(folder / "evidence_faults.svg", by_size(results)))
    return drawn


def _saved(path: Path, picture: Picture) -> Path:
    picture.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    return path


def by_row(results: Results) -> Picture:
    """Quiet months with an incident, with intervals and the target."""
    keys = [key for key in ROWS if results.quiet_of(key)]
    shares = [false_alarms(results.quiet_of(key)) for key in keys]
    picture = Picture(figsize=(7.2, 0.22 * len(keys) + 1))
    axes = picture.subplots()
    for at, (key, share) in enumerate(zip(keys, shares, strict=True)):
        low, high = share.interval
        color = OURS if ROWS[key].half == "confirmed" else INK
        axes.plot([low, high], [at, at], color=QUIET, lw=2)
        axes.plot(share.value, at, "o", color=color, ms=4, clip_on=False)
    axes.axvline(TARGET, color=INK, lw=0.8, ls=":")
    axes.set_yticks(range(len(keys)), [ROWS[key].title for key in keys], fontsize=7)
    axes.invert_yaxis()
    axes.set(xlim=(0, max([0.2, *(s.interval[1] for s in shares)])))
    axes.set_xlabel("quiet months with an incident, 95% intervals; orange: confirming rows")
    _as_percent(axes, "x")
    return picture


def by_size(results: Results) -> Picture:
    """Share found of every fault and size; sizes that count are filled."""
    faults = [one for one in FAULTS.values() if any(o.fault == one.key for o in results.outcomes)]
    picture = Picture(figsize=(7.2, 0.3 * len(faults) + 1))
    axes = picture.subplots()
    for row, fault in enumerate(faults):
        for column, (size, matters) in enumerate(fault.sizes):
            mine = [o for o in results.outcomes if (o.fault, o.size) == (fault.key, size)]
            if not mine:
                continue
            share = found_in_time(mine).value
            color = OURS if matters else QUIET
            axes.barh(row, share, 0.7, column * 1.25, color=color, alpha=0.45, lw=0)
            axes.barh(row, 1.0, 0.7, column * 1.25, fill=False, edgecolor=QUIET, lw=0.6)
            label = f"{fault.size_label(size)}: {share:.0%}"
            axes.text(column * 1.25 + 0.04, row, label, va="center", fontsize=7, color=INK)
    axes.set_yticks(range(len(faults)), [fault.title for fault in faults], fontsize=8)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_title("found within two windows, by size; gray: sizes that do not count", fontsize=9)
    return picture


def _as_percent(axes: Axes, which: str) -> None:
    for name in ("x", "y"):
        if which in (name, "both"):
            getattr(axes, f"{name}axis").set_major_formatter(PercentFormatter(1.0))
