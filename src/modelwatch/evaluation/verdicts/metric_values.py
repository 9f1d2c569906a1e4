"""Metric values of drift and performance to be judged, in one schema.

A metric value has a threshold and, if chance can be computed, a p-value or a standard error.
``worse`` is 1 if only values above zero matter, -1 if only values below zero do, and 0 if both do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.model.performance.thresholds import PerformanceThreshold

METRIC_VALUE_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("role", pa.string()),
        ("subject", pa.string()),
        ("metric", pa.string()),
        ("model_version", pa.string()),
        ("segmentation", pa.string()),
        ("segment", pa.string()),
        ("window_name", pa.string()),
        ("window_start", pa.date32()),
        ("window_end", pa.date32()),
        ("partial", pa.bool_()),
        ("reference", pa.string()),
        ("value", pa.float64()),
        ("expected", pa.float64()),
        ("threshold", pa.float64()),
        ("worse", pa.int32()),
        ("p_value", pa.float64()),
        ("error", pa.float64()),
        ("design_effect", pa.float64()),
        ("row_count", pa.int64()),
        ("reference_rows", pa.int64()),
        ("reason", pa.string()),
    ]
)
"""Columns of a metric value."""
METRIC_VALUE_COLUMNS = tuple(METRIC_VALUE_SCHEMA.names)
WORSE = {"higher": -1, "lower": 1, "neutral": 0}
NORMAL_INTERVAL = 2 * 1.959963984540054
"""Width of a 95 % interval in standard errors."""
_OF_SCOPE = ("model_version", "segmentation", "segment", "metric")
REFERENCE_VALUES = pa.schema(
    [
        *((name, pa.string()) for name in (*_OF_SCOPE, "reference")),
        ("reference_value", pa.float64()),
    ]
)
"""Columns of the value of a metric in a reference."""
JUDGED_DRIFT = pc.field("threshold").is_valid() & pc.field("feature_b").is_null()
"""Rows of drift_metrics that are judged."""
_NO_COUNT = pa.scalar(None, pa.int64())


def drift_values(drift: pa.Table) -> pa.Table:
    """Statistics with a threshold, from rows of the table drift_metrics."""
    judged = drift.filter(JUDGED_DRIFT)
    return _metric_values(
        judged,
        source="drift",
        subject=judged["feature"],
        metric=judged["statistic"],
        expected=judged["typical"],
        worse=0,
    )


def performance_values(
    metrics: pa.Table, thresholds: Mapping[str, PerformanceThreshold], references: Collection[str]
) -> pa.Table:
    """Changes of metrics against some references, from rows of the table performance_metrics."""
    due = metrics.filter(judged_changes(references) & pc.field("metric").isin(list(thresholds)))
    return _metric_values(
        due,
        source="performance",
        role="labels",
        subject=due["metric"],
        metric=due["metric"],
        expected=pc.add(due["reference_value"], pc.fill_null(due["cohort_change"], 0.0)),
        **_judged(due, thresholds),
        row_count=due["labelled_rows"],
        reference_rows=_NO_COUNT,
    )


def judged_changes(references: Collection[str]) -> pc.Expression:
    """Rows of performance_metrics that are judged, if their metric has a threshold."""
    return (pc.field("cohort") == "due") & pc.field("reference").isin(list(references))


def reference_values(metrics: pa.Table, references: Collection[str]) -> pa.Table:
    """Values of metrics in some references, from rows of performance_metrics."""
    due = metrics.filter(judged_changes(references))
    known = due.group_by([*_OF_SCOPE, "reference"]).aggregate([("reference_value", "max")])
    return known.rename_columns(REFERENCE_VALUES.names)


def estimate_values(
    estimates: pa.Table, known: pa.Table, thresholds: Mapping[str, PerformanceThreshold]
) -> pa.Table:
    """Differences of estimated metrics from the references, from rows of performance_estimates.

    ``known``: the ``reference_values``. The error of an estimate is a quarter of the width of its
    interval, which includes the back-test; its ``p_value`` comes from the days of the reference.
    """
    asked = estimates.filter(pc.field("metric").isin(list(thresholds)))
    compared = asked.join(known, list(_OF_SCOPE), join_type="inner")
    width = pc.subtract(compared["upper"], compared["lower"])
    return _metric_values(
        compared,
        source="estimate",
        role="predictions",
        subject=compared["metric"],
        metric=pc.binary_join_element_wise("estimated_", compared["metric"], ""),
        expected=compared["reference_value"],
        value=pc.subtract(compared["value"], compared["reference_value"]),
        error=pc.divide(width, NORMAL_INTERVAL),
        **_judged(compared, thresholds),
        reference_rows=_NO_COUNT,
    )


def _metric_values(of: pa.Table, **columns: Any) -> pa.Table:
    """Rows in the columns of metric values: the given columns, else those of the rows, else
    null."""
    found = []
    for field in METRIC_VALUE_SCHEMA:
        column = columns.get(field.name)
        if column is None:
            own = field.name in of.column_names
            column = of[field.name] if own else pa.nulls(of.num_rows, field.type)
        elif not isinstance(column, pa.ChunkedArray | pa.Array):
            column = pa.repeat(pa.scalar(column, field.type), of.num_rows)
        found.append(column.cast(field.type))
    return pa.Table.from_arrays(found, schema=METRIC_VALUE_SCHEMA)


def _judged(rows: pa.Table, thresholds: Mapping[str, PerformanceThreshold]) -> dict[str, pa.Array]:
    """Threshold and direction of the metric of each row."""
    references = rows["reference_value"].to_pylist()
    of_row = [thresholds[metric] for metric in rows["metric"].to_pylist()]
    sizes = [one.size(value) for one, value in zip(of_row, references, strict=True)]
    return {
        "threshold": pa.array(sizes, pa.float64()),
        "worse": pa.array([WORSE[one.better] for one in of_row], pa.int32()),
    }
