"""The engine that evaluates constraints in a session: Deequ's analyzers or Spark SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.constraints.analyzer_metrics import (
    RESULT_DAY,
    AnalyzerMetric,
    MetricOfColumns,
    MetricsByDay,
)
from modelwatch.constraints.deequ_aggregates import deequ_metrics_by_day, deequ_obstacle
from modelwatch.model.contracts.constraint import EngineChoice
from modelwatch.model.errors import SessionError


@dataclass(frozen=True)
class Evaluator:
    """An engine by its name in results. ``reason`` says why it was chosen, for the log."""

    name: str
    metrics_by_day: MetricsByDay
    reason: str


def chosen_engine(spark: SparkSession, choice: EngineChoice) -> Evaluator:
    """Return the chosen engine; raise SessionError if Deequ is chosen but unavailable.

    ``auto`` is Deequ where it is available, and the native engine elsewhere.
    """
    if choice == "native":
        return Evaluator("native", native_metrics_by_day, "it is configured")
    obstacle = deequ_obstacle(spark)
    if obstacle is None:
        why = "it is configured" if choice == "deequ" else "it is available"
        return Evaluator("deequ", deequ_metrics_by_day, why)
    if choice == "deequ":
        raise SessionError(unavailable(obstacle))
    return Evaluator("native", native_metrics_by_day, obstacle)


def unavailable(obstacle: str) -> str:
    """Return the error message for a configuration that requires Deequ where it is unavailable."""
    return (
        f"{obstacle}. Choose `auto` or `native`, or install the extra `deequ` and Deequ's jar on "
        "Spark 3.5"
    )


def native_metrics_by_day(
    frame: DataFrame, readings: Mapping[str, MetricOfColumns]
) -> dict[str, dict[str, AnalyzerMetric]]:
    """Compute metrics by day and name with Spark SQL alone; see ``MetricsByDay``.

    Every expression is available in Spark Connect and raises no error in ANSI mode.
    """
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
