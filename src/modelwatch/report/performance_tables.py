"""Why performance changed, where it is worst, how segments are treated, and what it was worth."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from modelwatch.model.plain_text import one_line
from modelwatch.report.figures import short_count, signed, span_text, three_digits
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.page import section
from modelwatch.report.performance_series import HEADLINES, interval_text, metric_label
from modelwatch.report.results import Results, Row
from modelwatch.report.tables_of_values import scrolled, table
from modelwatch.stats.performance.fairness import FAIRNESS

_MOST_SEGMENTS = 15
_MOST_CAUSES = 20


def attribution_section(results: Results) -> Markup | None:
    """What changed the metrics in the newest window that is over."""
    rows = [
        row
        for row in results.of("causes")
        if row["effect"] in ("mix", "within", "new", "vanished") and row["value"] is not None
    ]
    if not rows:
        return None
    windows = {row["window"] for row in rows}
    window = next((w for w in ("month", "week") if w in windows), sorted(windows)[0])
    mine = [row for row in rows if row["window"] == window and row["part"] != "*"]
    mine.sort(key=lambda row: -abs(row["value"]))
    effects = {"mix": "share of rows moved", "within": "metric moved inside"}
    cells: list[list[Content]] = [
        [
            metric_label(row["metric"]),
            one_line(f"{row['split_name']} = {_part(results, row)}"),
            effects.get(row["effect"], row["effect"]),
            f"{signed(row['value'])} ({signed(row['lower'])} to {signed(row['upper'])})",
            short_count(row["rows"]),
            row["reference"],
        ]
        for row in mine[:_MOST_CAUSES]
    ]
    if not cells:
        return None
    head = ["Metric", "Part", "What changed", "Change of the metric", "Rows", "Against"]
    first, last = mine[0]["window_start"], mine[0]["window_end"]
    return section(
        "Why it changed",
        scrolled(table(head, cells, figures=(3, 4)), "Causes of the change"),
        note=f"Largest contributions to the change of the metrics of {span_text(first, last)}, by "
        "segment and by bins of features.",
    )


def _part(results: Results, row: Row) -> str:
    return "(sensitive)" if results.is_sensitive(row["split_name"]) else str(row["part"])


def segments_section(results: Results) -> Markup | None:
    """Where the model is worst in the newest window with mature labels."""
    excess = [
        row
        for row in results.of("causes")
        if row["effect"] == "excess" and row["value"] is not None and row["value"] > 0
    ]
    metric = next(iter(HEADLINES.get(results.task or "", ())), "")
    rows = [
        row
        for row in results.of("segments")
        if row["metric"] == metric and (row["labelled_rows"] or 0) > 0
    ]
    worse_low = metric in ("roc_auc", "accuracy", "r2")
    rows.sort(key=lambda row: row["value"] if worse_low else -row["value"])
    segments: list[list[Content]] = [
        [
            one_line(f"{row['segmentation']} = {row['segment']}"),
            three_digits(row["value"]),
            interval_text(row),
            short_count(row["labelled_rows"]),
        ]
        for row in rows[:_MOST_SEGMENTS]
    ]
    unique: dict[tuple[str, str], Row] = {}
    for row in sorted(excess, key=lambda row: row["window"] != "month"):
        unique.setdefault((row["split_name"], row["part"]), row)
    slices: list[list[Content]] = [
        [
            one_line(f"{row['split_name']} = {_part(results, row)}"),
            signed(row["value"]),
            interval_text(row),
            short_count(row["rows"]),
        ]
        for row in sorted(unique.values(), key=lambda row: -row["value"])[:_MOST_SEGMENTS]
    ]
    label = metric_label(metric)
    return section(
        "Worst slices",
        element(
            "div",
            element(
                "div",
                element("h3", "Segments"),
                table(["Segment", label, "95% interval", "Labels"], segments),
            )
            if segments
            else None,
            element(
                "div",
                element("h3", "Slices with more errors than the rest"),
                table(["Slice", "Excess of the loss", "95% interval", "Rows"], slices),
            )
            if slices
            else None,
            class_="grid2",
        )
        if segments or slices
        else None,
    )


def fairness_section(results: Results) -> Markup | None:
    """How segments are treated beside all other rows."""
    rows = [row for row in results.of("segments") if row["metric"] in FAIRNESS]
    rows.sort(key=lambda row: row["p_value"] if row["p_value"] is not None else 1.0)
    cells: list[list[Content]] = [
        [
            one_line(f"{row['segmentation']} = {row['segment']}"),
            FAIRNESS[row["metric"]].label,
            f"{signed(row['value'])} ({signed(row['lower'])} to {signed(row['upper'])})",
            short_count(row["labelled_rows"]),
        ]
        for row in rows[:_MOST_SEGMENTS]
    ]
    if not cells:
        return None
    head = ["Segment", "Measure", "Difference from all others", "Labels"]
    return section(
        "Fairness",
        scrolled(table(head, cells, figures=(2, 3)), "Fairness"),
        note="Segments compared with all other rows, most certain differences first.",
    )


def value_section(results: Results) -> Markup | None:
    """What the decisions were worth, by window."""
    rows = [row for row in _main_value(results) if row["statistic"] == "sum"]
    if not rows:
        return None
    names = sorted({row["metric"] for row in rows})
    windows = sorted({(row["window_start"]) for row in rows}, reverse=True)[:24]
    held = {(row["metric"], row["window_start"]): row for row in rows}
    cells: list[list[Content]] = []
    for first in windows:
        cells.append([first.isoformat()])
        for name in names:
            row = held.get((name, first))
            interval = f" ({interval_text(row)})" if row and interval_text(row) else ""
            cells[-1].append(f"{three_digits(row['value'])}{interval}" if row else "")
    return section(
        "Value of the decisions",
        scrolled(table(["Window from", *map(metric_label, names)], cells), "Value by window"),
    )


def _main_value(results: Results) -> list[Row]:
    rows = list(results.of("value"))
    kinds: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        kinds[row["window"]].add(row["window_start"])
    window = next((w for w in ("month", "week") if w in kinds), min(kinds, default=""))
    return [row for row in rows if row["window"] == window]
