"""Why performance changed, where it is worst, fairness, and the value of the decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from modelwatch.model.plain_text import one_line
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.number_format import (
    day_text,
    short_count,
    signed,
    span_text,
    three_digits,
)
from modelwatch.report.page import section
from modelwatch.report.parts import part_text
from modelwatch.report.performance_series import HEADLINES, interval_text, metric_label
from modelwatch.report.results import Results, Row
from modelwatch.report.tables_of_values import details_table, scrolled, table
from modelwatch.report.waterfalls import waterfall_picture, waterfalls_of
from modelwatch.stats.performance.fairness import FAIRNESS

_MOST_SEGMENTS = 15
_MOST_CAUSES = 20


def attribution_section(results: Results) -> Markup | None:
    """What changed the metrics in the newest complete window, compared with each reference."""
    rows = [
        row
        for row in results.of("causes")
        if row["effect"] in _EFFECTS and row["value"] is not None and row["part"] != "*"
    ]
    if not rows:
        return None
    windows = {row["window_name"] for row in rows}
    window = next((w for w in ("month", "week") if w in windows), sorted(windows)[0])
    mine = _one_version([row for row in rows if row["window_name"] == window])
    by_reference: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(mine, key=lambda row: -abs(row["value"])):
        by_reference[row["reference"]].append(row)
    # The reference of the bins comes first, and is the only one that is not collapsed.
    first, *others = sorted(
        by_reference, key=lambda name: (name != results.span.reference_name, name)
    )
    pictures = [
        [element("h3", one.title), scrolled(waterfall_picture(one), one.title)]
        for one in waterfalls_of(results, by_reference[first])
    ]
    days = span_text(mine[0]["window_start"], mine[0]["window_end"])
    return section(
        "Why it changed",
        pictures,
        scrolled(
            table(_CAUSES_HEAD, _causes(results, by_reference[first]), numeric_columns=(3, 4)),
            "Causes of the change",
        ),
        [
            details_table(
                f"Compared with reference {name}",
                _CAUSES_HEAD,
                _causes(results, by_reference[name]),
                numeric_columns=(3, 4),
            )
            for name in others
        ],
        note=f"Largest contributions to the change of the metrics, {days} compared with reference "
        f"{first}, by segment and by bin of a feature.",
    )


_CAUSES_HEAD = ["Metric", "Segment or bin", "What changed", "Effect on the metric", "Rows"]
_EFFECTS = {
    "mix": "its share of rows",
    "within": "the metric within it",
    "new": "it is new",
    "vanished": "it vanished",
}


def _causes(results: Results, rows: Sequence[Row]) -> list[list[Content]]:
    return [
        [
            metric_label(row["metric"]),
            part_text(results, row),
            _EFFECTS[row["effect"]],
            f"{signed(row['value'])} ({signed(row['lower'])} to {signed(row['upper'])})",
            short_count(row["row_count"]),
        ]
        for row in rows[:_MOST_CAUSES]
    ]


def _one_version(rows: Sequence[Row]) -> list[Row]:
    """Rows of all model versions together if there are any, otherwise of the largest version."""
    weight: dict[str, int] = defaultdict(int)
    for row in rows:
        weight[row["model_version"]] += row["row_count"] or 1
    chosen = "*" if "*" in weight else max(weight, key=lambda version: weight[version])
    return [row for row in rows if row["model_version"] == chosen]


def segments_section(results: Results) -> Markup | None:
    """Segments and slices with the worst performance in the newest window with mature labels."""
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
    for row in sorted(excess, key=lambda row: row["window_name"] != "month"):
        unique.setdefault((row["split_name"], row["part"]), row)
    slices: list[list[Content]] = [
        [
            part_text(results, row),
            signed(row["value"]),
            interval_text(row),
            short_count(row["row_count"]),
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
                element("h3", "Slices with more errors than all other rows"),
                table(["Slice", "Excess error rate", "95% interval", "Rows"], slices),
            )
            if slices
            else None,
            class_="grid2",
        )
        if segments or slices
        else None,
    )


def fairness_section(results: Results) -> Markup | None:
    """Segments compared with all other rows."""
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
    head = ["Segment", "Measure", "Difference from all other rows", "Labels"]
    return section(
        "Fairness",
        scrolled(table(head, cells, numeric_columns=(2, 3)), "Fairness"),
        note="Segments compared with all other rows, sorted by p-value.",
    )


def value_section(results: Results) -> Markup | None:
    """The value of the decisions, by window."""
    rows = [row for row in _main_value(results) if row["statistic"] == "sum"]
    if not rows:
        return None
    names = sorted({row["metric"] for row in rows})
    windows = sorted({(row["window_start"]) for row in rows}, reverse=True)[:24]
    held = {(row["metric"], row["window_start"]): row for row in rows}
    cells: list[list[Content]] = []
    for first in windows:
        cells.append([day_text(first)])
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
        kinds[row["window_name"]].add(row["window_start"])
    window = next((w for w in ("month", "week") if w in kinds), min(kinds, default=""))
    return [row for row in rows if row["window_name"] == window]


def value_pairs(version: str, results: Results) -> list[tuple[str, Content]]:
    """What the decisions of a model version were worth in the newest window, by metric."""
    rows = [
        row
        for row in _main_value(results)
        if row["statistic"] == "sum" and row["model_version"] == version
    ]
    newest = max((row["window_start"] for row in rows), default=None)
    return [
        (metric_label(row["metric"]), _value_text(row))
        for row in rows
        if row["window_start"] == newest
    ]


def _value_text(row: Row) -> Content:
    interval = f" ({interval_text(row)})" if interval_text(row) else ""
    window = f", {row['window_name']} from {day_text(row['window_start'])}"
    return [element("b", three_digits(row["value"])), f"{interval}{window}"]
