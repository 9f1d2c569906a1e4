"""Output tables that earlier versions of the code created are read, migrated and written."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from scripts.table_schemas import schema_of

from empty_tables import copy_tables_without_rows
from modelwatch.io.delta.table_schema import VERSION_PROPERTY
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.views import create_views
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES

MOMENT = datetime(2013, 2, 11, tzinfo=timezone.utc)
VALUES = {
    "string": "old",
    "date": date(2013, 2, 8),
    "timestamp": MOMENT,
    "boolean": False,
    "double": 1.0,
    "int": 1,
    "bigint": 1,
    "long": 1,
}


def old_versions() -> list[dict[str, Any]]:
    """Tables as an earlier version would have them: without some of the nullable columns."""
    schemas = [schema_of(TABLES[name]) for name in ("runs", "verdicts", "outliers")]
    return [
        {
            **schema,
            "version": schema["version"] - 1,
            "columns": [
                column
                for at, column in enumerate(schema["columns"])
                if at % 2 == 0 or not column["nullable"]
            ],
        }
        for schema in schemas
    ]


def created(spark: SparkSession, folder: Path, schema: dict[str, Any]) -> None:
    """A table as a version of the code created it, with one row of what must not be null."""
    columns = ", ".join(
        f"`{c['name']}` {c['type']}{'' if c['nullable'] else ' NOT NULL'}"
        for c in schema["columns"]
    )
    partitions = ", ".join(f"`{name}`" for name in schema["partitioning"])
    place = f"delta.`{folder / schema['table']}`"
    spark.sql(
        f"CREATE TABLE {place} ({columns}) USING DELTA "
        + (f"PARTITIONED BY ({partitions}) " if partitions else "")
        + "TBLPROPERTIES ('delta.appendOnly' = 'true', "
        f"'{VERSION_PROPERTY}' = '{schema['version']}')"
    )
    row = [None if c["nullable"] else VALUES[c["type"]] for c in schema["columns"]]
    if schema["table"] == "runs":
        names = [column["name"] for column in schema["columns"]]
        row[names.index("outcome")] = "published"
    spark.createDataFrame([tuple(row)], columns).write.format("delta").mode("append").save(
        str(folder / schema["table"])
    )


@pytest.mark.parametrize("schema", [pytest.param(one, id=one["table"]) for one in old_versions()])
def test_a_table_of_an_earlier_version_keeps_its_rows_and_gets_the_new_columns(
    spark: SparkSession, tmp_path: Path, schema: dict[str, Any]
) -> None:
    copy_tables_without_rows(spark, tmp_path, TABLES.keys() - {schema["table"]})
    created(spark, tmp_path, schema)
    output = OutputAddress(path=str(tmp_path))
    store = Store(spark, output)
    store.prepare()
    table = TABLES[schema["table"]]
    found = store.read(table.name)
    assert set(found.columns) >= set(table.names)
    (row,) = found.collect()
    old = {column["name"] for column in schema["columns"]}
    assert {row[name] for name in table.names if name not in old} <= {None}
    assert row["run_id"] == "old"
    properties = spark.sql(f"SHOW TBLPROPERTIES {store.place(table.name).identifier}").collect()
    assert {p.key: p.value for p in properties}[VERSION_PROPERTY] == str(table.version)
    if table.name == "runs":
        store.publish(
            {
                "monitor": "old",
                "run_id": "new",
                "started_at": MOMENT,
                "finished_at": MOMENT,
                "outcome": "published",
            }
        )
        create_views(spark, output, ["published_runs"])
        published = spark.sql("SELECT run_id FROM published_runs ORDER BY 1").collect()
        assert [row["run_id"] for row in published] == ["new", "old"]
