"""Deequ on the main table; it does not group by day, so all days are one data set."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scripts.bench.case import CATEGORICAL, COLUMNS, NUMERIC, Case
from scripts.bench.monitored import Work
from scripts.bench.session import opened_session

MEMORY = "6g"
"""Memory of the driver, more than that of the job."""


def _read(case: Case) -> DataFrame:
    frame = opened_session(MEMORY).read.format("delta").load(case.table("main"))
    return frame.where(F.col("day") <= F.lit(case.last_day)).select(*COLUMNS)


def _run(frame: DataFrame, analyzers: list[Any]) -> None:
    from pydeequ.analyzers import AnalysisRunner, AnalyzerContext

    runner = AnalysisRunner(frame.sparkSession).onData(frame)
    for analyzer in analyzers:
        runner.addAnalyzer(analyzer)
    context = runner.run()
    metrics = AnalyzerContext.successMetricsAsDataFrame(frame.sparkSession, context).count()
    if not metrics and not any(type(a).__name__ == "KLLSketch" for a in analyzers):
        raise RuntimeError("Deequ returned no metric")


def _analyzers() -> list[Any]:
    from pydeequ import analyzers as deequ

    of_all = [deequ.Completeness, deequ.ApproxCountDistinct]
    of_numbers = [deequ.Minimum, deequ.Maximum, deequ.Mean, deequ.StandardDeviation]
    return [kind(column) for column in COLUMNS for kind in of_all] + [
        kind(column) for column in NUMERIC for kind in of_numbers
    ]


def _sketches(spark: Any) -> list[Any]:
    from pydeequ.analyzers import KLLParameters, KLLSketch

    return [KLLSketch(column, KLLParameters(spark, 2048, 0.64, 100)) for column in NUMERIC]


def analyzers(case: Case) -> Work:
    frame = _read(case)
    return lambda: _run(frame, _analyzers())


def sketches(case: Case) -> Work:
    frame = _read(case)
    return lambda: _run(frame, _sketches(frame.sparkSession))


def profiler(case: Case) -> Work:
    # Open the session before the import of pydeequ, which fails without the version of Spark.
    frame = _read(case)

    from pydeequ.profiles import ColumnProfilerRunner

    def profile() -> None:
        found = ColumnProfilerRunner(frame.sparkSession).onData(frame).run()
        if len(found.profiles) != len(NUMERIC + CATEGORICAL):
            raise RuntimeError("the profiler left columns out")

    return profile
