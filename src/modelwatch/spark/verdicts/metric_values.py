"""Metric values to be judged, from DataFrames; see ``evaluation.verdicts.metric_values``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.verdicts import metric_values
from modelwatch.evaluation.verdicts.metric_values import METRIC_VALUE_SCHEMA, REFERENCE_VALUES
from modelwatch.model.performance.thresholds import PerformanceThreshold
from modelwatch.spark.python_tasks import in_python


def drift_values(drift: DataFrame) -> DataFrame:
    """Statistics with a threshold, from rows of the table drift_metrics."""
    return _metric_values(drift.where(F.col("threshold").isNotNull()), metric_values.drift_values)


def performance_values(
    metrics: DataFrame, thresholds: Mapping[str, PerformanceThreshold], references: Collection[str]
) -> DataFrame:
    """Changes of metrics against some references, from rows of the table performance_metrics."""
    return _metric_values(
        metrics.where(F.col("reference").isin(*references)),
        lambda rows: metric_values.performance_values(rows, thresholds, references),
    )


def estimate_values(
    estimates: DataFrame,
    metrics: DataFrame,
    thresholds: Mapping[str, PerformanceThreshold],
    references: Collection[str],
) -> DataFrame:
    """Differences of estimated metrics from the references, from rows of performance_estimates.

    ``metrics`` are rows of performance_metrics with the values in the references, which the driver
    collects in a Spark job.
    """
    told = metrics.where(F.col("reference").isin(*references) & (F.col("cohort") == "due"))
    rows = told.select("cohort", *REFERENCE_VALUES.names).distinct().collect()
    schema = REFERENCE_VALUES.append(pa.field("cohort", pa.string()))
    held = pa.Table.from_pylist([row.asDict() for row in rows], schema)
    known = metric_values.reference_values(held, references)
    return _metric_values(
        estimates, lambda rows: metric_values.estimate_values(rows, known, thresholds)
    )


def _metric_values(frame: DataFrame, values_of: Callable[[pa.Table], pa.Table]) -> DataFrame:
    def found(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for record in records:
            yield from values_of(pa.Table.from_batches([record])).to_batches()

    return in_python(frame, found, METRIC_VALUE_SCHEMA)
