"""Figures that are to be judged, of drift and of performance, in one shape.

A figure is a value with its threshold and, where chance can be told, its p-value or its standard
error.
``worse`` is 1 where only a value above zero matters, -1 where only one below does, and 0 where both
do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.model.performance.thresholds import PerformanceThreshold

FIGURES = (
    "source string, role string, subject string, figure string, model_version string, "
    "segmentation string, segment string, window string, window_start date, window_end date, "
    "partial boolean, reference string, value double, expected double, threshold double, "
    "worse int, p_value double, error double, design_effect double, rows bigint, "
    "reference_rows bigint, reason string"
)
"""Columns of a figure, as DDL."""
FIGURE_NAMES = tuple(column.split()[0] for column in FIGURES.split(", "))
_SCOPE = ("model_version", "segmentation", "segment", "window", "window_start", "window_end")
_WORSE = {"higher": -1, "lower": 1, "neutral": 0}
_NORMAL_INTERVAL = 2 * 1.959963984540054
"""Width of a 95 % interval in standard errors."""


def drift_figures(drift: DataFrame) -> DataFrame:
    """Statistics that have a threshold, of rows of the table drift_metrics."""
    return _figures(
        drift.where(F.col("threshold").isNotNull() & F.col("feature_b").isNull()),
        source="drift",
        role=F.col("role"),
        subject=F.col("feature"),
        figure=F.col("statistic"),
        expected=F.col("typical"),
        threshold=F.col("threshold"),
        worse=F.lit(0),
    )


def performance_figures(
    metrics: DataFrame, thresholds: Mapping[str, PerformanceThreshold], references: Collection[str]
) -> DataFrame:
    """Changes of metrics against some references, of rows of the table performance_metrics."""
    due = metrics.where(
        (F.col("cohort") == "due")
        & F.col("reference").isin(*references)
        & F.col("metric").isin(*thresholds)
    )
    return _figures(
        due,
        source="performance",
        role=F.lit("labels"),
        subject=F.col("metric"),
        figure=F.col("metric"),
        expected=F.col("reference_value"),
        threshold=_threshold(thresholds, F.col("reference_value")),
        worse=_worse(thresholds),
        rows=F.col("labelled_rows"),
        reference_rows=F.lit(None).cast("bigint"),
    )


def estimate_figures(
    estimates: DataFrame,
    metrics: DataFrame,
    thresholds: Mapping[str, PerformanceThreshold],
    references: Collection[str],
) -> DataFrame:
    """Estimated metrics less what the references were, of rows of performance_estimates.

    ``metrics`` are rows of performance_metrics, which know what the references were. The error of
    an estimate is a quarter of its interval's width, the back-test folded in.
    """
    kinds = ("model_version", "segmentation", "segment", "metric")
    known = (
        metrics.where((F.col("cohort") == "due") & F.col("reference").isin(*references))
        .groupBy(*kinds, "reference")
        .agg(F.max("reference_value").alias("reference_value"))
    )
    believed = (
        estimates.where(F.col("metric").isin(*thresholds))
        .join(F.broadcast(known), list(kinds))
        .withColumn("estimate", F.col("value"))
        .withColumn("value", F.col("estimate") - F.col("reference_value"))
        .withColumn("error", (F.col("upper") - F.col("lower")) / F.lit(_NORMAL_INTERVAL))
    )
    return _figures(
        believed,
        source="estimate",
        role=F.lit("predictions"),
        subject=F.col("metric"),
        figure=F.concat(F.lit("estimated_"), F.col("metric")),
        expected=F.col("reference_value"),
        threshold=_threshold(thresholds, F.col("reference_value")),
        worse=_worse(thresholds),
        reference_rows=F.lit(None).cast("bigint"),
    )


def _figures(frame: DataFrame, source: str, **columns: Column) -> DataFrame:
    kinds = dict(column.split() for column in FIGURES.split(", "))
    own = set(frame.columns)
    chosen = {"source": F.lit(source), **columns}
    for name in FIGURE_NAMES:
        if name not in chosen:
            chosen[name] = F.col(name) if name in own else F.lit(None)
    return frame.select(*(chosen[name].cast(kinds[name]).alias(name) for name in FIGURE_NAMES))


def _threshold(thresholds: Mapping[str, PerformanceThreshold], reference_value: Column) -> Column:
    found = F.lit(None).cast("double")
    for metric, threshold in thresholds.items():
        size = F.lit(threshold.threshold)
        if threshold.of_reference:
            size = size * F.abs(reference_value)
        found = F.when(F.col("metric") == metric, size).otherwise(found)
    return found


def _worse(thresholds: Mapping[str, PerformanceThreshold]) -> Column:
    found = F.lit(0)
    for metric, threshold in thresholds.items():
        found = F.when(F.col("metric") == metric, F.lit(_WORSE[threshold.better])).otherwise(found)
    return found
