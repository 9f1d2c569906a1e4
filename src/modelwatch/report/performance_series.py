"""Performance metrics by window, for the version that scored most rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from modelwatch.report.incident_facts import metric_timeline
from modelwatch.report.number_format import three_digits
from modelwatch.report.results import Results, Row
from modelwatch.report.timelines import Timeline
from modelwatch.stats.performance.metrics import PERFORMANCE

HEADLINES = {
    "binary": ("roc_auc", "accuracy", "precision", "recall", "log_loss", "calibration_bias"),
    "multiclass": ("accuracy", "roc_auc_ovr", "macro_f1", "log_loss"),
    "regression": ("mae", "rmse", "r2", "bias"),
}
"""Most important metrics by task; the first one is used to compare segments."""
_FEWEST_WINDOWS = 3


def metric_label(metric: str) -> str:
    """The label of a metric."""
    if metric in PERFORMANCE:
        return PERFORMANCE[metric].label
    return metric.replace("_", " ").capitalize()


def headline_timelines(results: Results) -> list[Timeline]:
    """The main metrics of the task, by window."""
    rows = main_version(results.of("performance"))
    window = _window_of(rows)
    metrics = [name for name in HEADLINES.get(results.task or "", ()) if _has(rows, name)]
    found = []
    for metric in metrics:
        mine = [
            row
            for row in rows
            if row["metric"] == metric and row["window_name"] == window and not row["partial"]
        ]
        if any(row["value"] is not None or row["estimate"] is not None for row in mine):
            shown = metric_timeline(mine, metric)
            found.append(replace(shown, title=f"{metric_label(metric)} by {window}"))
    return found


def _has(rows: Sequence[Row], metric: str) -> bool:
    return any(row["metric"] == metric and row["value"] is not None for row in rows)


def _window_of(rows: Sequence[Row]) -> str:
    """The longest kind of window with enough windows for a timeline."""
    starts: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        if not row["partial"]:
            starts[row["window_name"]].add(row["window_start"])
    enough = [name for name, held in starts.items() if len(held) >= _FEWEST_WINDOWS]
    return min(enough or starts, key=lambda name: len(starts[name]), default="day")


def main_version(rows: Sequence[Row]) -> list[Row]:
    """Rows of all versions together if there are any, otherwise of the version with most rows."""
    weight: dict[str, int] = defaultdict(int)
    for row in rows:
        weight[row["model_version"]] += row["labelled_rows"] or 1
    if not weight:
        return []
    chosen = max(weight, key=lambda version: weight[version])
    together = {row["window_start"] for row in rows if row["model_version"] == "*"}
    return [
        row
        for row in rows
        if row["model_version"] == "*"
        or (row["model_version"] == chosen and row["window_start"] not in together)
    ]


def interval_text(row: Row) -> str:
    """The 95% interval of a metric; '' without one."""
    if row["lower"] is None or row["upper"] is None:
        return ""
    return f"{three_digits(row['lower'])} to {three_digits(row['upper'])}"
