"""Verdicts on metric values, and facts about single days, from DataFrames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.verdicts import metric_values
from modelwatch.evaluation.verdicts.day_facts import DAY_FACTS, DayFact, fact_reading
from modelwatch.evaluation.verdicts.judgement import (
    COMPARISON_FAMILY,
    SCHEMA,
    Strictness,
    verdict_batches,
)
from modelwatch.evaluation.verdicts.metric_values import METRIC_VALUE_SCHEMA, REFERENCE_VALUES
from modelwatch.model.performance.thresholds import PerformanceThreshold
from modelwatch.spark.python_tasks import in_python, sorted_in_python
from modelwatch.stats.day_numbers import numbered_day


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
    in_references = metrics.where(F.col("reference").isin(*references) & (F.col("cohort") == "due"))
    rows = in_references.select("cohort", *REFERENCE_VALUES.names).distinct().collect()
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


def verdict_rows(metric_values: DataFrame, strictness: Strictness) -> DataFrame:
    """A verdict on every value, in the columns of ``SCHEMA``.

    p-values are corrected for the number of comparisons in a family.
    A family is one table in a window: inputs, predictions, and labels are separate, and so are all
    traffic and each segmentation. Many features or segments thus do not hide what is obvious in the
    labels or in the whole.
    """
    return sorted_in_python(
        metric_values,
        verdict_batches(strictness),
        SCHEMA,
        by=COMPARISON_FAMILY,
        order=COMPARISON_FAMILY,
    )


def day_facts(states: DataFrame, evaluation: Evaluation, days: Collection[date]) -> list[DayFact]:
    """Facts about some days and the fixed references that may matter: answers of the model,
    features without values, and references with rows far beyond all others.

    ``states`` as for ``drift_rows``.
    """
    rows = in_python(states, fact_reading(evaluation, days), DAY_FACTS).collect()
    found = [
        DayFact(
            **{
                **row.asDict(),
                "day": None if row["day"] is None else numbered_day(row["day"]),
            }
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.day or date.min, one.role, one.feature))
