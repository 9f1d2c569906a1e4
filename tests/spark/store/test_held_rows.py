"""Rows that the driver reads and writes itself are those that Spark reads and writes."""

from __future__ import annotations

import math
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from tests.conftest import CountJobs

from empty_tables import copy_tables_without_rows
from modelwatch.evaluation.batch_functions import answers_of
from modelwatch.evaluation.verdicts import metric_values as held
from modelwatch.evaluation.verdicts.judgement import (
    COMPARISON_FAMILY,
    SCHEMA,
    VERDICT_COLUMNS,
    Strictness,
    verdict_batches,
)
from modelwatch.io.delta.commits import CommitRequiresSpark
from modelwatch.io.delta.snapshot import LogUnreadable, RowFilter
from modelwatch.io.store.output_tables import Store
from modelwatch.model.performance.thresholds import PerformanceThreshold
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.spark.verdicts import judgement
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

STARTED = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
MONITOR = "it's ü/b"
VALUES: dict[str, Any] = {
    "string": "a",
    "binary": b"\0\1",
    "boolean": True,
    "int": 3,
    "bigint": 2**53 + 1,
    "double": 0.1,
    "date": date(2024, 1, 2),
    "timestamp": STARTED,
}
LEFT = "modelwatch.io.store.output_tables"


def value_of(kind: pa.DataType) -> Any:
    """Some value of an Arrow type."""
    if pa.types.is_list(kind):
        return [value_of(kind.value_type), value_of(kind.value_type)]
    if pa.types.is_struct(kind):
        return {field.name: value_of(field.type) for field in kind}
    names = {"string": "string", "binary": "binary", "bool": "boolean", "int32": "int"}
    names |= {"int64": "bigint", "double": "double", "date32[day]": "date"}
    return VALUES[names.get(str(kind), "timestamp")]


def full_and_empty(table: str) -> pa.Table:
    """A row with every value, and one with those that a row must have."""
    spec = TABLES[table]
    schema = arrow_schema(spec)
    full = {field.name: value_of(field.type) for field in schema} | {"monitor": MONITOR}
    return pa.Table.from_pylist(
        [full, {f.name: None if f.nullable else full[f.name] for f in schema}], schema
    )


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("results")
    copy_tables_without_rows(spark, folder)
    return Store(spark, OutputAddress(path=str(folder)))


@pytest.mark.parametrize("table", [name for name, of in TABLES.items() if "run_id" in of.names])
def test_spark_reads_what_the_driver_has_written_and_the_other_way(
    store: Store, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = full_and_empty(table)
    store.append(table, rows, "by the driver")

    def left(*_: Any) -> int:
        raise CommitRequiresSpark("in this test")

    monkeypatch.setattr(f"{LEFT}.append_table", left)
    store.append(table, rows, "by Spark")
    of_both = RowFilter({"run_id": ["by the driver", "by Spark"]})
    found = store.rows(table, of_both)
    assert {*found["run_id"].to_pylist()} == {"by the driver", "by Spark"}

    def unreadable(*_: Any) -> None:
        raise LogUnreadable("in this test")

    monkeypatch.setattr(f"{LEFT}.local_snapshot", unreadable)
    of_spark = store.rows(table, of_both)
    assert sorted_rows(found.to_pylist()) == sorted_rows(of_spark.to_pylist())
    expected = [
        {**row, "run_id": run} for run in ("by the driver", "by Spark") for row in rows.to_pylist()
    ]
    assert sorted_rows(found.to_pylist()) == sorted_rows(expected)


def test_the_driver_reads_and_writes_without_a_spark_job(
    store: Store, count_jobs: CountJobs
) -> None:
    with count_jobs() as counted:
        store.append("incident_events", full_and_empty("incident_events"), "again")
        found = store.rows("incident_events", RowFilter({"run_id": ["again"]}))
    assert (found.num_rows, counted.jobs) == (2, 0)


def test_numbers_that_are_not_finite_are_null_with_a_reason(store: Store) -> None:
    row = {**full_and_empty("verdicts").to_pylist()[1], "value": math.inf, "reason": None}
    rows = pa.Table.from_pylist([row], full_and_empty("verdicts").schema)
    store.append("verdicts", rows, "infinite")
    (found,) = store.rows("verdicts", RowFilter({"run_id": ["infinite"]})).to_pylist()
    assert (found["value"], found["reason"]) == (None, "the value is not finite")


def test_a_null_that_must_not_be_is_refused(store: Store) -> None:
    rows = full_and_empty("verdicts")
    at = rows.column_names.index("verdict")
    with pytest.raises(ValueError, match="verdict is null in 2 rows"):
        store.append("verdicts", rows.set_column(at, "verdict", pa.nulls(2, pa.string())), "r")


def test_checkpoints_go_on_as_spark_writes_them(store: Store) -> None:
    for number in range(12):
        store.append("contracts", full_and_empty("contracts"), f"run {number}")
    log = Path(str(store.output.path)) / "contracts" / "_delta_log"
    assert [path.name for path in log.glob("*.checkpoint.parquet")] == [
        f"{10:020d}.checkpoint.parquet"
    ]
    assert store.read("contracts").where("run_id like 'run %'").count() == 24


def drawn(table: str, count: int, **columns: list[Any]) -> pa.Table:
    """Rows of a table whose columns are drawn from some values each; all others are null."""
    draw = np.random.default_rng(7)
    spec = TABLES[table]
    schema = pa.schema([one.with_nullable(True) for one in arrow_schema(spec)])
    held = {name: [of[i] for i in draw.integers(0, len(of), count)] for name, of in columns.items()}
    arrays = [pa.array(held.get(one.name, [None] * count), one.type) for one in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


SCOPE: dict[str, list[Any]] = {
    "model_version": ["v1", "v2"],
    "segmentation": ["all", "site"],
    "segment": ["all", "city"],
    "window_name": ["day", "week"],
    "window_start": [date(2024, 1, 1), date(2024, 1, 8)],
    "window_end": [date(2024, 1, 14)],
    "partial": [False, True],
    "reason": [None, None, "no rows"],
}
NUMBERS = [None, 0.0, -0.25, 0.1, 1e-9, 3.5]
METRICS = drawn(
    "performance_metrics",
    400,
    **SCOPE,
    cohort=["due", "early"],
    metric=["accuracy", "brier", "auc"],
    reference=[None, "winter", "previous"],
    value=NUMBERS,
    reference_value=NUMBERS,
    p_value=[None, 0.001, 0.5],
    labelled_rows=[None, 10, 4000],
)
ESTIMATES = drawn(
    "performance_estimates",
    60,
    **SCOPE,
    metric=["accuracy", "brier", "auc"],
    value=NUMBERS,
    lower=NUMBERS,
    upper=NUMBERS,
    p_value=[None, 0.001, 0.5],
    row_count=[10, 4000],
)
DRIFT = drawn(
    "drift_metrics",
    300,
    **SCOPE,
    role=["inputs", "predictions"],
    feature=["x", "y"],
    feature_b=[None, None, "z"],
    statistic=["psi", "js"],
    threshold=[None, 0.1],
    value=NUMBERS,
    p_value=[None, 0.001, 0.5],
    typical=NUMBERS,
    row_count=[None, 10, 4000],
    reference_rows=[None, 5000],
    reference=["winter"],
)
THRESHOLDS = {
    "accuracy": PerformanceThreshold("accuracy", 0.05, "higher"),
    "brier": PerformanceThreshold("brier", 0.1, "lower"),
}


def sorted_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: repr(list(row.values())))


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_metrics_and_verdicts_are_those_of_spark(spark: SparkSession, partitions: int) -> None:
    def frame(table: str, rows: pa.Table) -> Any:
        ddl = TABLES[table].ddl().replace(" NOT NULL", "")
        return spark.createDataFrame(rows.to_pylist(), ddl).repartition(partitions)

    metrics, fixed = frame("performance_metrics", METRICS), ["winter"]
    frames = [
        judgement.drift_values(frame("drift_metrics", DRIFT)),
        judgement.performance_values(metrics, THRESHOLDS, fixed),
        judgement.estimate_values(
            frame("performance_estimates", ESTIMATES), metrics, THRESHOLDS, fixed
        ),
    ]
    tables = [
        held.drift_values(DRIFT),
        held.performance_values(METRICS, THRESHOLDS, fixed),
        held.estimate_values(ESTIMATES, held.reference_values(METRICS, fixed), THRESHOLDS),
    ]
    assert all(table.num_rows for table in tables)
    for one, other in zip(frames, tables, strict=True):
        assert sorted_rows([row.asDict() for row in one.collect()]) == sorted_rows(
            other.to_pylist()
        )
    strictness = Strictness(0.05, 100, "benjamini_hochberg")
    metric_values = frames[0].unionByName(frames[1]).unionByName(frames[2])
    judged = judgement.verdict_rows(metric_values, strictness)
    names = list(VERDICT_COLUMNS)
    found = answers_of(
        pa.concat_tables(tables), COMPARISON_FAMILY, verdict_batches(strictness), SCHEMA
    )
    assert sorted_rows([row.asDict() for row in judged.select(*names).collect()]) == sorted_rows(
        found.select(names).to_pylist()
    )
