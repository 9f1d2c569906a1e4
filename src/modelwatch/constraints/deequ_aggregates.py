"""Run Deequ's analyzers in one scan for all days: Deequ's algebra with a group-by.

Deequ's runner has no group-by: it needs one analyzer per constraint *and day*, each with its own
``where``. Its analyzers, though, are (aggregation columns -> state -> metric), and the columns
aggregate with a group-by as well. So the columns of all analyzers are aggregated by day in one
query, and each day's row is returned to the analyzers, which compute their metrics from it. No
check, assertion, or callback is involved, so nothing keeps Python from exiting.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import pyspark
from pyspark.sql import Column, DataFrame, SparkSession

from modelwatch.capabilities import jvm_of
from modelwatch.constraints.analyzer_metrics import (
    EVERY_VALUE_MISSING,
    RESULT_DAY,
    Analyzer,
    AnalyzerMetric,
    MetricOfColumns,
    metric_of,
)

SPARK_LINE = "3.5"
"""The Spark version for which the pinned Deequ is built."""


def deequ_obstacle(spark: SparkSession) -> str | None:
    """Return why Deequ cannot be used in a session, or None if it can."""
    if not spark.version.startswith(f"{SPARK_LINE}."):
        return f"Deequ is used with Spark {SPARK_LINE}, and this is {spark.version}"
    jvm = jvm_of(spark)
    if jvm is None:
        return "the session has no JVM in which to call Deequ"
    try:
        import_pydeequ("pydeequ.analyzers")
    except ImportError as error:
        return f"pydeequ cannot be imported: {error}"
    # py4j represents a class that does not exist as a package, which cannot be called.
    if not callable(jvm.com.amazon.deequ.analyzers.Size):
        return "Deequ's jar is not among the jars of the session"
    return None


def deequ_metrics_by_day(
    frame: DataFrame, readings: Mapping[str, MetricOfColumns]
) -> dict[str, dict[str, AnalyzerMetric]]:
    """Compute metrics by day and name; see ``MetricsByDay``."""
    jvm: Any = frame.sparkSession._jvm
    made = {
        name: _deequ(jvm, reading.definition.analyzer(*reading.columns))
        for name, reading in readings.items()
    }
    offsets: dict[str, int] = {}
    columns: list[Column] = []
    for name, analyzer in made.items():
        offsets[name] = 1 + len(columns)
        wanted = jvm.scala.collection.JavaConverters.seqAsJavaList(analyzer.aggregationFunctions())
        columns += [Column(wanted.get(i)) for i in range(wanted.size())]
    named = [column.alias(f"a{i}") for i, column in enumerate(columns)]
    by_day = frame.groupBy(RESULT_DAY).agg(*named)
    # The day is cast to a string after the aggregation: once per day instead of once per row.
    rows = by_day.withColumn(RESULT_DAY, by_day[RESULT_DAY].cast("string"))._jdf.collectAsList()
    none = jvm.scala.Option.apply(None)
    found: dict[str, dict[str, AnalyzerMetric]] = {}
    for i in range(rows.size()):
        row = rows.get(i)
        found[row.getString(0)] = {
            name: _metric(analyzer.metricFromAggregationResult(row, offsets[name], none, none))
            for name, analyzer in made.items()
        }
    return found


def import_pydeequ(module: str) -> Any:
    """Import a module of pydeequ; raises ImportError if it is not installed."""
    # pydeequ cannot be imported unless this is set, and uses it only for the version of Spark.
    os.environ.setdefault("SPARK_VERSION", ".".join(pyspark.__version__.split(".")[:2]))
    return importlib.import_module(module)


def _deequ(jvm: Any, analyzer: Analyzer) -> Any:
    analyzers = import_pydeequ("pydeequ.analyzers")
    described = getattr(analyzers, analyzer.name)(*analyzer.arguments, where=analyzer.where)
    return described._set_jvm(jvm)._analyzer_jvm


def _metric(metric: Any) -> AnalyzerMetric:
    outcome = metric.value()
    if outcome.isSuccess():
        return metric_of(float(outcome.get()))
    message = str(outcome.failed().get().getMessage())
    missing = message.startswith("Empty state")
    return AnalyzerMetric(None, EVERY_VALUE_MISSING if missing else message)
