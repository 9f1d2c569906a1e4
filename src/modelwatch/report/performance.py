"""The performance page: metrics with intervals, calibration, causes, and worst segments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from modelwatch.report.curve_pictures import Curve, Curves, curve_legend, curves_picture
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.number_format import percent, short_count, span_text, three_digits
from modelwatch.report.page import section
from modelwatch.report.performance_series import (
    headline_timelines,
    interval_text,
    main_version,
    metric_label,
)
from modelwatch.report.performance_tables import (
    attribution_section,
    fairness_section,
    segments_section,
    value_section,
)
from modelwatch.report.results import Results, Row
from modelwatch.report.score_curves import (
    ScoreCell,
    confusion_of,
    precision_recall_curve,
    roc_curve,
    tenths,
    thinned,
)
from modelwatch.report.tables_of_values import details_table, table
from modelwatch.report.timelines import timeline_picture, timeline_table


def performance_body(results: Results) -> list[Content]:
    """The performance page, below its header."""
    if results.task is None:
        return [element("p", "Performance is not measured, because no labels are configured.")]
    return [
        _metrics(results),
        _scores(results),
        _maturity(results),
        attribution_section(results),
        segments_section(results),
        fairness_section(results),
        value_section(results),
    ]


def _metrics(results: Results) -> Markup:
    shown = headline_timelines(results)
    if not shown:
        return section("Metrics", element("p", "No label is due yet."))
    return section(
        "Metrics",
        element(
            "div",
            [
                element(
                    "div", element("h3", one.title), timeline_picture(one), timeline_table(one, 30)
                )
                for one in shown
            ],
            class_="grid2",
        ),
        _every_metric(results),
        note="Solid: measured with labels that are due, with a 95% interval. Dashed: estimated "
        "without labels.",
    )


def _every_metric(results: Results) -> Markup | None:
    """All metrics of the latest window with mature labels."""
    if results.span.labelled is None:
        return None
    window, first, last = results.span.labelled
    rows = [
        row
        for row in main_version(results.of("performance"))
        if row["window_name"] == window
        and row["window_start"] == first
        and row["value"] is not None
    ]
    cells: list[list[Content]] = [
        [
            metric_label(row["metric"]),
            three_digits(row["value"]),
            interval_text(row),
            three_digits(row["estimate"]) if row["estimate"] is not None else "",
            percent(row["coverage"]),
            short_count(row["labelled_rows"]),
        ]
        for row in sorted(rows, key=lambda row: row["metric"])
    ]
    head = ["Metric", "Value", "95% interval", "Estimate", "Coverage", "Labels"]
    return details_table(f"All metrics of {span_text(first, last)}", head, cells, sorts=True)


def score_cells(results: Results) -> list[ScoreCell]:
    """Rows by score bin, decision, and label, over all versions."""
    return [
        ScoreCell(row["bin"], row["decision"], row["label"], row["row_count"], row["scores"] or 0.0)
        for row in results.of("scores")
        if row["model_version"] != "*"
    ]


def _scores(results: Results) -> Markup | None:
    cells = score_cells(results)
    if results.span.labelled is None or not cells:
        return None
    _, first, last = results.span.labelled
    roc, precision = roc_curve(cells), precision_recall_curve(cells)
    return section(
        "Scores and labels",
        element(
            "div",
            _reliability(cells),
            _curve("ROC", "False positive rate", "True positive rate", roc, True) if roc else None,
            _curve("Precision and recall", "Recall", "Precision", precision, False)
            if precision
            else None,
            _confusion(cells),
            class_="cards four",
        ),
        note=f"Predictions of {span_text(first, last)} whose label is due.",
    )


def _reliability(cells: Sequence[ScoreCell]) -> Markup | None:
    found = tenths(cells)
    if not found:
        return None
    curve = Curve("model", tuple((t.mean_score, t.positive_share) for t in found), dots=True)
    rows: list[list[Content]] = [
        [three_digits(t.mean_score), percent(t.positive_share), short_count(t.rows)] for t in found
    ]
    shown = Curves("Reliability", "Mean score", "Share of positives", (curve,), diagonal=True)
    return element(
        "div",
        element("h3", "Reliability"),
        curves_picture(shown),
        element("p", "On the diagonal, scores are calibrated probabilities.", class_="note"),
        details_table("Table", ["Mean score", "Positives", "Rows"], rows),
        class_="card",
    )


def _curve(
    title: str, x: str, y: str, points: Sequence[tuple[float, float]], diagonal: bool
) -> Markup:
    shown = thinned(points)
    every = max(1, len(shown) // 10)
    rows: list[list[Content]] = [
        [three_digits(a), three_digits(b)] for a, b in (*shown[::every], shown[-1])
    ]
    return element(
        "div",
        element("h3", title),
        curves_picture(Curves(title, x, y, (Curve("model", tuple(shown)),), diagonal=diagonal)),
        details_table("Table", [x, y], rows, numeric_columns=(0, 1)),
        class_="card",
    )


def _confusion(cells: Sequence[ScoreCell]) -> Markup:
    found = confusion_of(cells)
    total = found.true_positive + found.false_positive + found.false_negative + found.true_negative

    def cell(rows: int) -> str:
        return f"{short_count(rows)} ({percent(rows / total if total else None)})"

    rows: list[list[Content]] = [
        ["Decided positive", cell(found.true_positive), cell(found.false_positive)],
        ["Decided negative", cell(found.false_negative), cell(found.true_negative)],
    ]
    return element(
        "div",
        element("h3", "Decisions and labels"),
        table(["Decision", "Positive", "Negative"], rows),
        class_="card",
    )


def _maturity(results: Results) -> Markup | None:
    """The arrival of labels by age and window."""
    by_window: dict[date, list[Row]] = defaultdict(list)
    for row in main_version(results.of("maturity")):
        by_window[row["window_start"]].append(row)
    newest = sorted(by_window)[-3:]
    if not newest:
        return None
    looks = ("faint", "other", "main")[-len(newest) :]
    curves = tuple(
        Curve(
            f"{first:%b %Y}",
            tuple((float(row["age_days"]), row["coverage"]) for row in by_window[first]),
            css_class,
        )
        for first, css_class in zip(newest, looks, strict=True)
    )
    last = max(age for curve in curves for age, _ in curve.points)
    shown = Curves(
        "Share of predictions with a label by age",
        "Days since the prediction",
        "Share with a label",
        curves,
        x_range=(0.0, max(last, 1.0)),
        share=True,
    )
    ages = sorted({int(age) for curve in curves for age, _ in curve.points})
    held = [dict(curve.points) for curve in curves]
    rows: list[list[Content]] = [
        [age, *(percent(one.get(float(age))) for one in held)]
        for age in ages[:: max(1, len(ages) // 12)]
    ]
    return section(
        "Label arrival",
        element(
            "div",
            curves_picture(shown, 420, 240),
            curve_legend(curves),
            details_table("Table", ["Days", *(curve.label for curve in curves)], rows),
            class_="half",
        ),
        note="Share of predictions of at least this age that had a label at this age.",
    )
