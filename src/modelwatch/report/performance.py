"""The performance page: how good the model is, how sure that is, and where it is worst."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from modelwatch.model.plain_words import one_line
from modelwatch.report.curve_pictures import Curve, Curves, curve_legend, curves_picture
from modelwatch.report.figures import (
    days_told,
    percent,
    short_count,
    signed,
    three_digits,
)
from modelwatch.report.incident_facts import metric_timeline
from modelwatch.report.markup import Content, Markup, element
from modelwatch.report.page import section
from modelwatch.report.results import Results, Row
from modelwatch.report.score_curves import (
    ScoreCell,
    confusion_of,
    precision_recall_curve,
    roc_curve,
    tenths,
    thinned,
)
from modelwatch.report.tables_of_values import details_table, scrolled, table
from modelwatch.report.timelines import Timeline, timeline_picture, timeline_table
from modelwatch.stats.fairness import FAIRNESS
from modelwatch.stats.performance import PERFORMANCE

_HEADLINES = {
    "binary": ("roc_auc", "accuracy", "precision", "recall", "log_loss", "calibration_bias"),
    "multiclass": ("accuracy", "roc_auc_ovr", "macro_f1", "log_loss"),
    "regression": ("mae", "rmse", "r2", "bias"),
}
_MOST_SEGMENTS = 15
_MOST_CAUSES = 20
_FEWEST_WINDOWS = 3


def metric_label(metric: str) -> str:
    """What a metric is called."""
    if metric in PERFORMANCE:
        return PERFORMANCE[metric].label
    return metric.replace("_", " ").capitalize()


def headline_timelines(results: Results) -> list[Timeline]:
    """The metrics that matter most for the task, window by window."""
    rows = _main_version(results.of("performance"))
    window = _window_of(rows)
    metrics = [name for name in _HEADLINES.get(results.task or "", ()) if _has(rows, name)]
    found = []
    for metric in metrics:
        mine = [
            row
            for row in rows
            if row["metric"] == metric and row["window"] == window and not row["partial"]
        ]
        if any(row["value"] is not None or row["estimate"] is not None for row in mine):
            shown = metric_timeline(mine, metric)
            found.append(replace(shown, title=f"{metric_label(metric)} by {window}"))
    return found


def _has(rows: Sequence[Row], metric: str) -> bool:
    return any(row["metric"] == metric and row["value"] is not None for row in rows)


def _window_of(rows: Sequence[Row]) -> str:
    """The longest kind of window with enough of them to see a course."""
    starts: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        if not row["partial"]:
            starts[row["window"]].add(row["window_start"])
    enough = [name for name, held in starts.items() if len(held) >= _FEWEST_WINDOWS]
    return min(enough or starts, key=lambda name: len(starts[name]), default="day")


def _main_version(rows: Sequence[Row]) -> list[Row]:
    """Rows of all versions together where there are some, else of the version with most rows."""
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


def performance_body(results: Results) -> list[Content]:
    """The performance page, below its head."""
    if results.task is None:
        return [element("p", "No labels are configured: performance is not measured.")]
    return [
        _metrics(results),
        _scores(results),
        _maturity(results),
        _causes(results),
        _segments(results),
        _fairness(results),
        _value(results),
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
        note="Solid: from labels that are due, with the 95 % interval from the days. Dashed: the "
        "estimate that needs no labels.",
    )


def _every_metric(results: Results) -> Markup | None:
    """All metrics of the newest window with mature labels."""
    if results.span.labelled is None:
        return None
    window, first, last = results.span.labelled
    rows = [
        row
        for row in _main_version(results.of("performance"))
        if row["window"] == window and row["window_start"] == first and row["value"] is not None
    ]
    cells: list[list[Content]] = [
        [
            metric_label(row["metric"]),
            three_digits(row["value"]),
            _interval(row),
            three_digits(row["estimate"]) if row["estimate"] is not None else "",
            percent(row["coverage"]),
            short_count(row["labelled_rows"]),
        ]
        for row in sorted(rows, key=lambda row: row["metric"])
    ]
    head = ["Metric", "Value", "95 % interval", "Estimate", "Coverage", "Labels"]
    return details_table(f"All metrics of {days_told(first, last)}", head, cells)


def _interval(row: Row) -> str:
    if row["lower"] is None or row["upper"] is None:
        return ""
    return f"{three_digits(row['lower'])} to {three_digits(row['upper'])}"


def score_cells(results: Results) -> list[ScoreCell]:
    """Rows by bin of the score, decision and label, all versions added up."""
    return [
        ScoreCell(row["bin"], row["decision"], row["label"], row["rows"], row["scores"] or 0.0)
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
        "Scores against labels",
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
        note=f"Predictions of {days_told(first, last)} whose label is due.",
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
        element("p", "On the diagonal, scores are probabilities.", class_="note"),
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
        details_table("Table", [x, y], rows, figures=(0, 1)),
        class_="card",
    )


def _confusion(cells: Sequence[ScoreCell]) -> Markup:
    found = confusion_of(cells)
    total = found.true_positive + found.false_positive + found.false_negative + found.true_negative

    def told(rows: int) -> str:
        return f"{short_count(rows)} ({percent(rows / total if total else None)})"

    rows: list[list[Content]] = [
        ["Decided positive", told(found.true_positive), told(found.false_positive)],
        ["Decided negative", told(found.false_negative), told(found.true_negative)],
    ]
    return element(
        "div",
        element("h3", "Decisions and labels"),
        table(["", "Positive", "Negative"], rows),
        class_="card",
    )


def _maturity(results: Results) -> Markup | None:
    """How labels come in with their age, by window."""
    by_window: dict[date, list[Row]] = defaultdict(list)
    for row in _main_version(results.of("maturity")):
        by_window[row["window_start"]].append(row)
    newest = sorted(by_window)[-3:]
    if not newest:
        return None
    looks = ("faint", "other", "main")[-len(newest) :]
    curves = tuple(
        Curve(
            f"{first:%b %Y}",
            tuple((float(row["age_days"]), row["coverage"]) for row in by_window[first]),
            look,
        )
        for first, look in zip(newest, looks, strict=True)
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
        "How labels come in",
        element(
            "div",
            curves_picture(shown, 420, 240),
            curve_legend(curves),
            details_table("Table", ["Days", *(curve.label for curve in curves)], rows),
            class_="half",
        ),
        note="Of predictions that are at least so old, the share that had a label at that age.",
    )


def _causes(results: Results) -> Markup | None:
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
    head = ["Metric", "Part", "What moved", "Change of the metric", "Rows", "Against"]
    first, last = mine[0]["window_start"], mine[0]["window_end"]
    return section(
        "Why it changed",
        scrolled(table(head, cells, figures=(3, 4)), "Causes of the change"),
        note=f"What did most to the metrics of {days_told(first, last)}, by segment and by bins of "
        "features.",
    )


def _part(results: Results, row: Row) -> str:
    return "(sensitive)" if results.is_sensitive(row["split_name"]) else str(row["part"])


def _segments(results: Results) -> Markup | None:
    """Where the model is worst in the newest window with mature labels."""
    excess = [
        row
        for row in results.of("causes")
        if row["effect"] == "excess" and row["value"] is not None and row["value"] > 0
    ]
    metric = next(iter(_HEADLINES.get(results.task or "", ())), "")
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
            _interval(row),
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
            _interval(row),
            short_count(row["rows"]),
        ]
        for row in sorted(unique.values(), key=lambda row: -row["value"])[:_MOST_SEGMENTS]
    ]
    label = metric_label(metric)
    return section(
        "Where it is worst",
        element(
            "div",
            element(
                "div",
                element("h3", "Segments"),
                table(["Segment", label, "95 % interval", "Labels"], segments),
            )
            if segments
            else None,
            element(
                "div",
                element("h3", "Slices with more errors than the rest"),
                table(["Slice", "Excess of the loss", "95 % interval", "Rows"], slices),
            )
            if slices
            else None,
            class_="grid2",
        )
        if segments or slices
        else None,
    )


def _fairness(results: Results) -> Markup | None:
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
        note="How segments are treated beside all other rows, the surest differences first.",
    )


def _value(results: Results) -> Markup | None:
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
            interval = f" ({_interval(row)})" if row and _interval(row) else ""
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
