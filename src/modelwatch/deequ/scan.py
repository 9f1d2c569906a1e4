"""Deequ's analyzers in one scan for all days: Deequ's algebra under a group-by.

Deequ's runner knows no group-by: it needs an analyzer a constraint *and day*, each with its own
``where``. Its analyzers, though, are (aggregation columns -> state -> metric), and the columns
aggregate under a group-by as well. So the columns of all analyzers are aggregated by day in one
query, and each day's row is handed back to the analyzers, which make their metrics of it. No check,
no assertion and no callback is involved, so nothing keeps Python from exiting.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyspark
from pyspark.sql import Column, DataFrame

DAY = "day"


@dataclass(frozen=True)
class AnalyzerMetric:
    """What Deequ made of an analyzer: a value, or null with the reason."""

    value: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Analyzer:
    """One of Deequ's analyzers by its name in pydeequ, with its arguments."""

    name: str
    arguments: tuple[str, ...] = ()
    where: str | None = None


def metrics_by_day(
    frame: DataFrame, analyzers: Mapping[str, Analyzer]
) -> dict[str, dict[str, AnalyzerMetric]]:
    """Metrics by day (as text) and name, in one aggregation however many days there are.

    ``frame`` has a date column ``day``; every other column that an analyzer names must be there.
    A day without rows is not in the result.
    """
    jvm: Any = frame.sparkSession._jvm
    made = {name: _deequ(jvm, analyzer) for name, analyzer in analyzers.items()}
    offsets: dict[str, int] = {}
    columns: list[Column] = []
    for name, analyzer in made.items():
        offsets[name] = 1 + len(columns)
        wanted = jvm.scala.collection.JavaConverters.seqAsJavaList(analyzer.aggregationFunctions())
        columns += [Column(wanted.get(i)) for i in range(wanted.size())]
    named = [column.alias(f"a{i}") for i, column in enumerate(columns)]
    by_day = frame.groupBy(DAY).agg(*named)
    # The day becomes text after the aggregation: one row per day, and not each row.
    rows = by_day.withColumn(DAY, by_day[DAY].cast("string"))._jdf.collectAsList()
    none = jvm.scala.Option.apply(None)
    found: dict[str, dict[str, AnalyzerMetric]] = {}
    for i in range(rows.size()):
        row = rows.get(i)
        found[row.getString(0)] = {
            name: _metric(analyzer.metricFromAggregationResult(row, offsets[name], none, none))
            for name, analyzer in made.items()
        }
    return found


def _deequ(jvm: Any, analyzer: Analyzer) -> Any:
    # pydeequ refuses to be imported unless this is set, and only asks for the line of Spark.
    os.environ.setdefault("SPARK_VERSION", ".".join(pyspark.__version__.split(".")[:2]))
    from pydeequ import analyzers

    described = getattr(analyzers, analyzer.name)(*analyzer.arguments, where=analyzer.where)
    return described._set_jvm(jvm)._analyzer_jvm


def _metric(metric: Any) -> AnalyzerMetric:
    outcome = metric.value()
    if not outcome.isSuccess():
        return AnalyzerMetric(None, str(outcome.failed().get().getMessage()))
    value = float(outcome.get())
    if math.isnan(value):
        return AnalyzerMetric(None, "undefined for these values")
    return AnalyzerMetric(value)
