"""Source tables of all kinds: after any change of a table, results are those of its rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from delta.tables import DeltaTable, IdentityGenerator
from pyspark.sql import DataFrame, SparkSession

from modelwatch.capabilities import sql_settings
from modelwatch.io.store.views import ResultViews
from modelwatch.model.config.configuration import parse_config
from modelwatch.pipelines.runs.monitor import run_monitor

pytestmark = pytest.mark.slow

FIRST = date(2024, 1, 1)
ROWS = 12
VALUE = {"inputs": "amount", "predictions": "score", "labels": "label"}
CREATED, ADDED = 3, 4
"""Days with rows at the first run, and at the second."""
NAMES = "'delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', \
'delta.minWriterVersion' = '5'"


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def rows_of(spark: SparkSession, role: str, first: int, last: int, shift: int = 0) -> DataFrame:
    """Rows of some days of a table; ``shift`` makes them others."""
    value = {
        "inputs": f"CAST(id % 7 + {shift} AS DOUBLE) AS amount, concat('g', id % 3) AS kind",
        "predictions": f"(id * 5 + {shift}) % 11 / 10 AS score",
        "labels": f"CAST((id * 7 + {shift}) % 3 = 0 AS SMALLINT) AS label",
    }[role]
    numbered = (
        f"SELECT id, date_add(DATE'{FIRST}', CAST(id DIV {ROWS} AS INT)) AS day, "
        f"CAST(id % {ROWS} AS INT) AS hour FROM range({(first - 1) * ROWS}, {last * ROWS})"
    )
    return spark.sql(
        f"SELECT id, {value}, day, hour, date_format(day, 'yyyyMMdd') AS text_day, "
        f"CAST(date_format(day, 'yyyyMMdd') AS INT) AS number_day, "
        f"make_timestamp(year(day), month(day), day(day), hour, 30, 0) AS at, "
        f"date_add(day, 1) AS known FROM ({numbered})"
    )


@dataclass(frozen=True)
class Table:
    """A Delta table of a role."""

    spark: SparkSession
    role: str
    path: str

    @property
    def value(self) -> str:
        return VALUE[self.role]

    def sql(self, statement: str) -> None:
        """A statement in which ``{table}`` and ``{value}`` stand for this table's."""
        self.spark.sql(statement.format(table=f"delta.`{self.path}`", value=self.value))

    def rows(self, first: int, last: int, shift: int = 0) -> DataFrame:
        return rows_of(self.spark, self.role, first, last, shift)

    def add(self, rows: DataFrame, **options: str) -> None:
        rows.write.format("delta").mode("append").options(**options).save(self.path)


Change = Callable[[Table], None]


def next_day(table: Table) -> None:
    stored = table.spark.read.format("delta").load(table.path).columns
    table.add(table.rows(ADDED, ADDED).select(*(c for c in stored if c != "key")))


@dataclass(frozen=True)
class Kind:
    """The layout of a table, its day column, and its change between two runs."""

    change: Change = next_day
    layout: str = "PARTITIONED BY (day)"
    properties: str = ""
    day_columns: dict[str, str] = field(default_factory=lambda: {"column": "day"})
    prepare: Change = lambda table: None
    """What became of it before the first run."""
    build: Change | None = None
    """Creates it, where SQL cannot."""

    def create(self, table: Table) -> None:
        rows = table.rows(1, CREATED)
        if self.build is not None:
            self.build(table)
        else:
            columns = ", ".join(f"{f.name} {f.dataType.simpleString()}" for f in rows.schema.fields)
            properties = f"TBLPROPERTIES ({self.properties})" if self.properties else ""
            table.sql(f"CREATE TABLE {{table}} ({columns}) USING DELTA {self.layout} {properties}")
        table.add(rows)
        self.prepare(table)


def with_identity_and_generated_day(table: Table) -> None:
    builder = DeltaTable.create(table.spark).location(table.path)
    builder = builder.addColumn("key", "BIGINT", generatedAlwaysAs=IdentityGenerator())
    for of in table.rows(1, 1).schema.fields:
        generated = "CAST(at AS DATE)" if of.name == "day" else None
        builder = builder.addColumn(of.name, of.dataType, generatedAlwaysAs=generated)
    builder.partitionedBy("day").execute()


def rename_and_drop(table: Table) -> None:
    table.sql("ALTER TABLE {table} RENAME COLUMN hour TO hour_of_day")
    table.sql("ALTER TABLE {table} DROP COLUMN number_day")
    table.add(table.rows(ADDED, ADDED).withColumnRenamed("hour", "hour_of_day").drop("number_day"))


def delete_and_update(table: Table) -> None:
    table.sql("DELETE FROM {table} WHERE id % 5 = 1 AND day < DATE'2024-01-03'")
    table.sql("UPDATE {table} SET {value} = 0 WHERE id % 4 = 0")
    next_day(table)


def widen(table: Table) -> None:
    table.sql("ALTER TABLE {table} ALTER COLUMN {value} TYPE INT")
    next_day(table)


def cluster(table: Table) -> None:
    next_day(table)
    table.sql("OPTIMIZE {table}")


def drop_an_hour(table: Table) -> None:
    next_day(table)
    table.sql("DELETE FROM {table} WHERE day = DATE'2024-01-02' AND hour = 3")


def spoil(table: Table) -> None:
    table.sql("UPDATE {table} SET {value} = 100 WHERE day = DATE'2024-01-02'")


def restore(table: Table) -> None:
    table.sql("RESTORE TABLE {table} TO VERSION AS OF 1")
    next_day(table)


def replace(table: Table) -> None:
    shutil.rmtree(table.path)
    rows = table.rows(1, ADDED, shift=3)
    rows.write.format("delta").partitionBy("day").save(table.path)


def partition_anew(table: Table) -> None:
    rows = table.rows(1, ADDED, shift=2)
    writer = rows.write.format("delta").mode("overwrite").partitionBy("hour")
    writer.option("overwriteSchema", "true").save(table.path)


def merge_and_overwrite(table: Table) -> None:
    table.rows(3, ADDED, shift=1).where(
        "id % 3 = 0 OR day > DATE'2024-01-03'"
    ).createOrReplaceTempView("merged")
    table.sql(
        "MERGE INTO {table} AS t USING merged AS s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    second, first = table.rows(2, 2, shift=4), table.rows(1, 1, shift=5)
    by_predicate = second.write.format("delta").mode("overwrite")
    by_predicate.option("replaceWhere", "day = DATE'2024-01-02'").save(table.path)
    by_partition = first.write.format("delta").mode("overwrite")
    by_partition.option("partitionOverwriteMode", "dynamic").save(table.path)


def correct_months_later(table: Table) -> None:
    next_day(table)
    corrected = (
        table.rows(2, 2).selectExpr("*", "CAST(1 AS SMALLINT) AS one").drop("label", "known")
    )
    corrected = corrected.selectExpr("*", "one AS label", "date_add(day, 100) AS known")
    table.add(corrected.drop("one"))


KINDS = {
    "column mapping, a renamed and a dropped column": Kind(rename_and_drop, properties=NAMES),
    "deletion vectors and change data feed": Kind(
        delete_and_update,
        properties="'delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true'",
    ),
    "type widening": Kind(widen, properties="'delta.enableTypeWidening' = 'true'"),
    "liquid clustering": Kind(cluster, layout="CLUSTER BY (id, day)"),
    "identity and generated columns": Kind(build=with_identity_and_generated_day),
    "days of text": Kind(layout="PARTITIONED BY (text_day)", day_columns={"column": "text_day"}),
    "days of integers": Kind(
        layout="PARTITIONED BY (number_day)", day_columns={"column": "number_day"}
    ),
    "times, partitioned by days of text": Kind(
        layout="PARTITIONED BY (text_day)",
        day_columns={"time_column": "at", "partition_column": "text_day"},
    ),
    "partitions by hour": Kind(drop_an_hour, layout="PARTITIONED BY (day, hour)"),
    "no partitions": Kind(delete_and_update, layout=""),
    "restored": Kind(restore, prepare=spoil),
    "replaced by another": Kind(replace),
    "partitioned anew": Kind(partition_anew),
    "merged, and overwritten by partition": Kind(merge_and_overwrite),
    "corrected months later": Kind(correct_months_later, layout=""),
}
CASES = [
    (
        "column mapping, a renamed and a dropped column",
        "deletion vectors and change data feed",
        "type widening",
    ),
    ("days of text", "liquid clustering", "days of integers"),
    ("restored", "merged, and overwritten by partition", "corrected months later"),
    ("replaced by another", "partitioned anew", "partitions by hour"),
    ("identity and generated columns", "times, partitioned by days of text", "no partitions"),
]
ROLES = tuple(VALUE)


@dataclass(frozen=True)
class Monitored:
    """A monitor over one table of each role."""

    spark: SparkSession
    folder: Path
    kinds: dict[str, Kind]

    @property
    def tables(self) -> dict[str, Table]:
        return {role: Table(self.spark, role, str(self.folder / role)) for role in ROLES}

    def run(self, as_of: date) -> None:
        sections: dict[str, Any] = {
            role: {
                "table": {"path": table.path},
                "id": "id",
                "day": self.kinds[role].day_columns,
            }
            for role, table in self.tables.items()
        }
        sections["predictions"]["score"] = "score"
        known = {"known": {"column": "known"}, "due": {"delay_days": 1}}
        sections["labels"] |= {"label": "label", **known}
        config = {
            "monitor": "kinds",
            "output": {"path": str(self.folder / "results")},
            **sections,
            "performance": {
                "task": "binary",
                "score": "score",
                "decision": {"threshold": 0.5},
                "slices": False,
            },
            "features": {"include": ["amount"]},
            "pairs": {"max_features": 0},
            "windows": ["day"],
            "references": [{"name": "start", "days": f"{day(1)}..{day(2)}"}],
        }
        text = json.dumps(config)
        run_monitor(self.spark, parse_config(text), config_text=text, as_of=as_of)

    def metrics(self) -> dict[str, dict[date, tuple[float, float]]]:
        """Rows and mean of each day, by role, as the results have them."""
        config = parse_config(
            json.dumps({"output": {"path": str(self.folder / "results")}, **LEAST})
        )
        query = ResultViews(self.spark, config.output).query
        found: dict[str, dict[date, tuple[float, float]]] = {}
        for role in ("inputs", "predictions"):
            rows = query(
                "SELECT window_start, max(CASE WHEN metric = 'rows' THEN value END) AS n, "
                "max(CASE WHEN metric = 'mean' THEN value END) AS mean FROM profile_current "
                f"WHERE role = '{role}' AND window_name = 'day' GROUP BY window_start"
            ).collect()
            found[role] = {row.window_start: (row.n, round(row["mean"], 9)) for row in rows}
        rows = query(
            "SELECT window_start, labelled_rows, value FROM performance_current "
            "WHERE metric = 'base_rate' AND window_name = 'day' AND cohort = 'due' "
            "AND reference IS NULL"
        ).collect()
        found["labels"] = {
            row.window_start: (float(row.labelled_rows), round(row["value"], 9)) for row in rows
        }
        return found

    def truth(self) -> dict[str, dict[date, tuple[float, float]]]:
        """The same, by Spark from the tables as they are."""
        for role, table in self.tables.items():
            frame = self.spark.read.format("delta").load(table.path)
            frame.createOrReplaceTempView(f"kinds_{role}")
        asked = {role: f"SELECT day, {VALUE[role]} AS value FROM kinds_{role}" for role in ROLES}
        asked["labels"] = (
            "SELECT p.day, l.label AS value FROM kinds_predictions AS p JOIN (SELECT id, "
            "max_by(label, known) AS label FROM kinds_labels GROUP BY id) AS l ON p.id = l.id"
        )
        return {
            role: {
                row.day: (float(row.n), round(row["mean"], 9))
                for row in self.spark.sql(
                    f"SELECT day, count(*) AS n, avg(value) AS mean FROM ({query}) GROUP BY day"
                ).collect()
            }
            for role, query in asked.items()
        }


LEAST: dict[str, Any] = {
    "monitor": "kinds",
    "inputs": {"table": {"path": "inputs"}, "day": {"column": "day"}},
}


@pytest.fixture(autouse=True)
def skipping(spark: SparkSession) -> Iterator[None]:
    """Skipping of files, as sessions of a job have it: without, Delta reads no deletion vectors."""
    with sql_settings(spark, {"spark.databricks.delta.stats.skipping": "true"}):
        yield


@pytest.mark.parametrize(
    "kinds",
    [pytest.param(kinds, id=" + ".join(kinds)) for at, kinds in enumerate(CASES)],
)
def test_metrics_are_those_of_the_rows_before_and_after(
    spark: SparkSession, tmp_path: Path, kinds: tuple[str, str, str]
) -> None:
    monitored = Monitored(
        spark, tmp_path, {role: KINDS[kind] for role, kind in zip(ROLES, kinds, strict=True)}
    )
    for role, table in monitored.tables.items():
        monitored.kinds[role].create(table)
    monitored.run(day(CREATED + 2))
    assert monitored.metrics() == monitored.truth()
    for role, table in monitored.tables.items():
        monitored.kinds[role].change(table)
    # The last correction comes after a hundred days.
    monitored.run(day(ADDED + 110))
    assert monitored.metrics() == monitored.truth()


def test_every_kind_is_in_a_case() -> None:
    assert {kind for case in CASES for kind in case} == KINDS.keys()
