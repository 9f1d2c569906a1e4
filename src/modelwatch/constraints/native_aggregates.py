"""Evaluate constraints with Spark SQL alone: no JVM bridge, no Deequ, no RDD.

Every expression is available in Spark Connect and raises no error in ANSI mode.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.constraints.analyzer_metrics import RESULT_DAY, AnalyzerMetric, MetricOfColumns


def native_metrics_by_day(
    frame: DataFrame, readings: Mapping[str, MetricOfColumns]
) -> dict[str, dict[str, AnalyzerMetric]]:
    """Compute metrics by day and name; see ``MetricsByDay``."""
    places: dict[str, slice] = {}
    aggregates: list[Column] = []
    for name, reading in readings.items():
        made = reading.definition.aggregates(*(F.col(alias) for alias in reading.columns))
        places[name] = slice(1 + len(aggregates), 1 + len(aggregates) + len(made))
        aggregates += made
    named = [column.alias(f"a{i}") for i, column in enumerate(aggregates)]
    by_day = frame.groupBy(RESULT_DAY).agg(*named)
    rows = by_day.withColumn(RESULT_DAY, F.col(RESULT_DAY).cast("string")).collect()
    return {
        row[0]: {
            name: reading.definition.value(*row[places[name]]) for name, reading in readings.items()
        }
        for row in rows
    }
