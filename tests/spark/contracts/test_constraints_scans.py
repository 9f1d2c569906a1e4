"""What constraints cost in Spark jobs, and that they agree with Deequ's own runner."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import modelwatch
from modelwatch.constraints import constraint_results, results
from modelwatch.model.contracts.constraint import Constraint
from modelwatch.model.sources.tables import TableAddress

FIRST = date(2024, 1, 1)
LISTED = TableAddress(path="listed")
PROMISES: list[dict[str, Any]] = [
    {"kind": "rows", "lower": 1.0},
    {"kind": "completeness", "column": "v"},
    {"kind": "range", "column": "v", "lower": 2.0, "where": "u < 5"},
    {"kind": "mean", "column": "u", "lower": 0.0},
    {"kind": "sd", "column": "u", "lower": 0.0},
    {"kind": "correlation", "columns": ("u", "v"), "lower": -1.0},
    {"kind": "uniqueness", "columns": ("v",)},
    {"kind": "uniqueness", "columns": ("u",), "where": "v > 1"},
    {"kind": "foreign_set", "column": "v", "set": {"table": LISTED, "column": "w"}},
]


def promises(count: int = len(PROMISES)) -> list[Any]:
    chosen = (PROMISES[i % len(PROMISES)] for i in range(count))
    adapter: TypeAdapter[Any] = TypeAdapter(Constraint)
    return [adapter.validate_python({"name": f"p{i}", **keys}) for i, keys in enumerate(chosen)]


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=i) for i in range(count)]


@pytest.fixture(scope="module")
def rows(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    """2,400 rows over 60 days, from files."""
    path = str(tmp_path_factory.mktemp("rows") / "rows")
    made = spark.range(2400).select(
        F.expr(f"date_add(date'{FIRST}', cast(id % 60 as int))").alias("__day"),
        F.expr("if(id % 7 = 0, null, id % 11)").alias("v"),
        F.expr("cast((id * 37) % 101 as double) / 10").alias("u"),
    )
    made.coalesce(2).write.parquet(path)
    return spark.read.parquet(path)


@pytest.fixture(scope="module")
def listed(spark: SparkSession) -> DataFrame:
    return spark.range(6).select(F.col("id").alias("w"))


def jobs_of(spark: SparkSession, work: Callable[[], object]) -> int:
    group = str(uuid.uuid4())
    spark.sparkContext.setJobGroup(group, "counted")
    work()
    return len(spark.sparkContext.statusTracker().getJobIdsForGroup(group))


def test_jobs_do_not_grow_with_days(
    spark: SparkSession, rows: DataFrame, listed: DataFrame
) -> None:
    def jobs(count: int) -> int:
        some = rows.where(F.col("__day").isin(days(count)))
        return jobs_of(
            spark,
            lambda: constraint_results({"inputs": some}, promises(), days(count), {LISTED: listed}),
        )

    assert jobs(1) == jobs(60) > 0


def test_jobs_do_not_grow_with_constraints_that_share_a_scan(
    spark: SparkSession, rows: DataFrame
) -> None:
    sharing = [p for p in promises(60) if p.kind not in ("uniqueness", "foreign_set")]

    def jobs(chosen: list[Any]) -> int:
        return jobs_of(spark, lambda: constraint_results({"inputs": rows}, chosen, days(60)))

    assert jobs(sharing[:2]) == jobs(sharing)


def test_scans_cut_at_their_bound_observe_the_same(
    rows: DataFrame, listed: DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def observed() -> list[Any]:
        return constraint_results({"inputs": rows}, promises(), days(3), {LISTED: listed})

    whole = observed()
    monkeypatch.setattr(results, "MAX_READINGS", 2)
    assert observed() == whole


@pytest.mark.deequ
def test_agrees_with_deequs_own_runner_day_by_day(
    spark: SparkSession, rows: DataFrame, listed: DataFrame
) -> None:
    found = constraint_results({"inputs": rows}, promises(), days(3), {LISTED: listed})
    from pydeequ import analyzers as deequ

    for i, day in enumerate(days(3)):
        expected = {
            "p0": deequ.Size(),
            "p1": deequ.Completeness("v"),
            "p2": deequ.Compliance("p2", "v >= 2", "u < 5 AND v IS NOT NULL"),
            "p3": deequ.Mean("u"),
            "p4": deequ.StandardDeviation("u"),
            "p5": deequ.Correlation("u", "v"),
            "p6": deequ.Uniqueness(["v"]),
            "p7": deequ.Uniqueness(["u"], "v > 1"),
            "p8": deequ.Compliance("p8", "v < 6", "v IS NOT NULL"),
        }
        runner = deequ.AnalysisRunner(spark).onData(rows.where(F.col("__day") == F.lit(day)))
        for analyzer in expected.values():
            runner.addAnalyzer(analyzer)
        context = runner.run()
        for name, analyzer in expected.items():
            (row,) = [r for r in found if r.constraint == name and r.day == day]
            metric = context.metric(analyzer._analyzer_jvm).get().value().get()
            assert row.observed == pytest.approx(metric, rel=1e-12), (name, i)


def test_results_that_are_counts_do_not_depend_on_partitions(
    rows: DataFrame, listed: DataFrame
) -> None:
    def shares(parts: int) -> list[Any]:
        chosen = [p for p in promises() if p.kind not in ("sd", "correlation", "mean")]
        cut = rows.repartition(parts)
        return constraint_results({"inputs": cut}, chosen, days(5), {LISTED: listed})

    assert shares(1) == shares(2) == shares(7)


def test_moments_of_other_partitions_have_the_same_12_digits_and_the_same_verdicts(
    rows: DataFrame,
) -> None:
    """Deequ adds up doubles in the order of the partitions; no value lies on its bound here."""
    bounds = {"mean": 5.001, "sd": 2.9, "correlation": 0.0}

    def moments(parts: int) -> list[Any]:
        chosen = [p for p in promises() if p.kind in bounds]
        bounded = [p.model_copy(update={"lower": bounds[p.kind]}) for p in chosen]
        return constraint_results({"inputs": rows.repartition(parts)}, bounded, days(60))

    whole = moments(1)
    for kind in bounds:
        assert {row.verdict for row in whole if row.kind == kind} == {"pass", "fail"}
    for cut in (moments(2), moments(7)):
        wording = [replace(row, observed=None) for row in cut]
        assert wording == [replace(row, observed=None) for row in whole]
        observed = [row.observed for row in whole]
        assert [row.observed for row in cut] == pytest.approx(observed, rel=1e-12, abs=0.0)


PROGRAM = """
from datetime import date
from pydantic import TypeAdapter
from pyspark.sql import SparkSession
from modelwatch.constraints import constraint_results
from modelwatch.model.contracts.constraint import Constraint

spark = SparkSession.builder.getOrCreate()
rows = spark.createDataFrame([(date(2024, 1, 1), 1)], "__day date, x int")
keys = {"name": "n", "kind": "predicate", "sql": "x > 0"}
promise = TypeAdapter(Constraint).validate_python(keys)
(row,) = constraint_results({"inputs": rows}, [promise], [date(2024, 1, 1)])
assert row.observed == 1.0, row
raise SystemError("on purpose, in the middle, without spark.stop()")
"""


def test_python_ends_when_it_raises_in_the_middle(spark: SparkSession) -> None:
    jars = spark.sparkContext.getConf().get("spark.jars") or ""
    submit = f"--master local[1] --conf spark.ui.enabled=false --jars {jars} pyspark-shell"
    names = [n for n in os.environ if n.startswith(("PYSPARK_GATEWAY", "SPARK_VERSION"))]
    source = str(Path(modelwatch.__file__).parents[1])
    kept = {name: value for name, value in os.environ.items() if name not in names}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**kept, "PYSPARK_SUBMIT_ARGS": submit, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert "on purpose" in ended.stderr.splitlines()[-1]
