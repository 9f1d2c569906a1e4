"""What the store of the output tables promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from tests.conftest import CountJobs

from modelwatch.io.delta.table_schema import OutputError
from modelwatch.io.store.output_tables import Store
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES

MOMENT = datetime(2013, 2, 11, tzinfo=timezone.utc)
DAY = date(2013, 2, 8)
USED = ("runs", "constraint_results")


def store_at(spark: SparkSession, folder: Path) -> Store:
    store = Store(spark, OutputAddress(path=str(folder)))
    store.prepare(USED)
    return store


def results(spark: SparkSession, observed: float = 1.0, day: date = DAY) -> DataFrame:
    return spark.createDataFrame(
        [("flights", day, "rows", "rows", "warn", observed, "pass")],
        "monitor string, day date, constraint_name string, kind string, severity string, "
        "observed double, verdict string",
    )


def run(run_id: str, hour: int = 0, **more: Any) -> dict[str, Any]:
    moment = MOMENT + timedelta(hours=hour)
    return {
        "monitor": "flights",
        "run_id": run_id,
        "started_at": moment,
        "finished_at": moment,
        "outcome": "published",
        **more,
    }


@pytest.fixture(scope="module")
def prepared(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables that are copied and never changed."""
    folder = tmp_path_factory.mktemp("prepared")
    store_at(spark, folder)
    return folder


@pytest.fixture
def store(spark: SparkSession, prepared: Path, warehouse: Path) -> Store:
    copytree(prepared, warehouse, dirs_exist_ok=True)
    return store_at(spark, warehouse)


def test_threads_append_to_tables_of_a_schema(spark: SparkSession) -> None:
    store = Store(spark, OutputAddress.model_validate({"schema": "several_threads"}))
    store.prepare(USED)
    try:
        with ThreadPoolExecutor(max_workers=3) as pool:
            names = ["r1", "r2", "r3"]
            frames = [results(spark, float(number)) for number in range(3)]
            versions = pool.map(partial(store.append, "constraint_results"), frames, names)
            assert sorted(versions) == [1, 2, 3]
        assert {row.run_id for row in store.read("constraint_results").collect()} == {*names}
    finally:
        spark.sql("DROP SCHEMA several_threads CASCADE")


def test_a_table_of_a_schema_gets_new_columns_and_keeps_its_rows(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = OutputAddress.model_validate({"schema": "of_before"})
    spec = TABLES["constraint_results"]
    older = replace(spec, columns=spec.columns[:-1], version=spec.version - 1)
    monkeypatch.setitem(TABLES, spec.name, older)
    before = Store(spark, address)
    before.prepare([spec.name])
    try:
        before.append(spec.name, results(spark), "r1")
        monkeypatch.setitem(TABLES, spec.name, spec)
        after = Store(spark, address)
        after.prepare([spec.name])
        assert after.read(spec.name).columns == list(spec.names)
        assert [row.run_id for row in after.read(spec.name).collect()] == ["r1"]
    finally:
        spark.sql("DROP SCHEMA of_before CASCADE")


def test_every_table_is_created_as_its_registry_says(spark: SparkSession, warehouse: Path) -> None:
    Store(spark, OutputAddress(path=str(warehouse))).prepare()
    for name, spec in TABLES.items():
        table = DeltaTable(str(warehouse / name))
        fields = {field.name: field for field in table.schema().fields}
        assert tuple(fields) == spec.names
        assert table.metadata().partition_columns == list(spec.partitioning)
        assert table.metadata().description == spec.comment
        for column in spec.columns:
            assert fields[column.name].metadata["comment"] == column.comment
            assert fields[column.name].nullable == column.nullable


def test_a_table_whose_creation_was_killed_is_created(spark: SparkSession, tmp_path: Path) -> None:
    log = tmp_path / "runs" / "_delta_log"
    (log / "_commits").mkdir(parents=True)
    (log / f".{0:020d}.json.a0750e88-b9bf-4069-86e5-4b2b80c25c87.tmp").touch()
    store = store_at(spark, tmp_path)
    assert store.read("runs").columns == list(TABLES["runs"].names)


def test_files_are_distinguished_by_run_and_day_and_by_nothing_else(
    spark: SparkSession, store: Store, warehouse: Path
) -> None:
    store.append("constraint_results", results(spark), "first")
    files = DeltaTable(str(warehouse / "constraint_results")).get_add_actions(flatten=True)
    assert {name for name in files.schema.names if name.startswith("min.")} == {
        "min.run_id",
        "min.day",
    }


def test_preparing_prepared_tables_runs_no_spark_job(
    spark: SparkSession, store: Store, warehouse: Path, count_jobs: CountJobs
) -> None:
    with count_jobs() as counted:
        store_at(spark, warehouse)
    assert counted.jobs == 0


def test_a_missing_column_is_added_with_its_comment_and_rows_are_kept(
    spark: SparkSession, warehouse: Path
) -> None:
    spec = TABLES["constraint_results"]
    path = str(warehouse / spec.name)
    early = ", ".join(f"{c.name} {c.type}" for c in spec.columns if c.name != "row_count")
    spark.sql(f"CREATE TABLE delta.`{path.replace('`', '``')}` ({early}) USING DELTA")
    store = store_at(spark, warehouse)
    store.append("constraint_results", results(spark), "first")
    fields = {f.name: f for f in DeltaTable(path).schema().fields}
    assert fields["row_count"].metadata["comment"] == spec.column("row_count").comment
    assert store.read("constraint_results").count() == 1


def test_a_missing_nested_field_is_added(spark: SparkSession, warehouse: Path) -> None:
    path = str(warehouse / "runs").replace("`", "``")
    ddl = TABLES["runs"].ddl().replace("table_id:string,", "")
    spark.sql(f"CREATE TABLE delta.`{path}` ({ddl}) USING DELTA")
    store = store_at(spark, warehouse)
    assert "table_id" in store.read("runs").schema["sources"].simpleString()


def test_an_altered_table_is_refused_before_anything_is_created(
    spark: SparkSession, warehouse: Path
) -> None:
    path = str(warehouse / "runs").replace("`", "``")
    spark.sql(f"CREATE TABLE delta.`{path}` (monitor string, as_of string) USING DELTA")
    with pytest.raises(OutputError, match="column as_of is string, not date"):
        store_at(spark, warehouse)
    assert [folder.name for folder in warehouse.iterdir()] == ["runs"]


def test_a_table_that_lost_a_column_of_its_version_is_refused_with_the_way_out(
    spark: SparkSession, store: Store, warehouse: Path
) -> None:
    rows = store.read("constraint_results").drop("observed")
    place = store.place("constraint_results")
    spark.sql(f"ALTER TABLE {place.identifier} SET TBLPROPERTIES ('delta.appendOnly' = 'false')")
    rows.write.format("delta").mode("overwrite").option("overwriteSchema", "true").partitionBy(
        *TABLES["constraint_results"].partitioning
    ).save(str(place.path))
    with pytest.raises(OutputError, match=r"lost columns observed.*RESTORE TABLE"):
        store_at(spark, warehouse)


def test_runs_are_not_read_where_a_column_is_of_another_type(
    spark: SparkSession, warehouse: Path
) -> None:
    spark.sql("SELECT 'flights' monitor, 'yesterday' as_of").write.format("delta").save(
        str(warehouse / "runs")
    )
    store = Store(spark, OutputAddress(path=str(warehouse)))
    with pytest.raises(OutputError, match=r"runs at .*as_of is string, not date.*RESTORE TABLE"):
        store.runs("flights")


def test_a_table_that_runs_have_written_is_not_made_anew_in_silence(
    spark: SparkSession, warehouse: Path
) -> None:
    store = Store(spark, OutputAddress(path=str(warehouse)))
    with pytest.raises(OutputError, match=r"constraint_results at .* is missing.*--days FIRST"):
        store.prepare(USED, written=["constraint_results"])
    assert not (warehouse / "runs").exists()


def test_rows_already_written_are_never_changed(spark: SparkSession, store: Store) -> None:
    store.append("constraint_results", results(spark), "first")
    with pytest.raises(Exception, match="append"):
        spark.sql(f"DELETE FROM {store.place('constraint_results').identifier}")


def test_append_gives_the_version_that_it_wrote(spark: SparkSession, store: Store) -> None:
    first = store.append("constraint_results", results(spark), "first")
    second = store.append("constraint_results", results(spark), "second")
    table = DeltaTable(str(store.place("constraint_results").path))
    users = {entry["version"]: entry.get("userMetadata") for entry in table.history()}
    assert (users[first], users[second]) == ("first", "second")


def test_append_costs_one_spark_job(
    spark: SparkSession, store: Store, count_jobs: CountJobs
) -> None:
    rows = results(spark)
    with count_jobs() as counted:
        store.append("constraint_results", rows, "first")
    assert counted.jobs == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("drop", "verdict is missing"),
        ("type", "observed is string, not double"),
        ("more", "no column surprise"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    spark: SparkSession, store: Store, change: str, complaint: str
) -> None:
    rows = results(spark)
    changed = {
        "drop": rows.drop("verdict"),
        "type": rows.withColumn("observed", rows["observed"].cast("string")),
        "more": rows.selectExpr("*", "1 surprise"),
    }[change]
    with pytest.raises(ValueError, match=complaint):
        store.append("constraint_results", changed, "first")


def test_runs_are_merged_into_few_files(
    store: Store, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TABLES, "runs", replace(TABLES["runs"], compact_every=3))
    for number in range(3):
        store.publish(run(f"run {number}"))
    assert len(DeltaTable(str(warehouse / "runs")).file_uris()) == 1


def test_delta_rs_reads_the_tables(spark: SparkSession, store: Store, warehouse: Path) -> None:
    store.append("constraint_results", results(spark, 2.5), "first")
    rows = DeltaTable(str(warehouse / "constraint_results")).to_pyarrow_table()
    assert rows.column("observed").to_pylist() == [2.5]


def test_duckdb_reads_the_files_of_the_tables(spark: SparkSession, tmp_path: Path) -> None:
    # DuckDB takes the brackets of the other tests' folder for a pattern.
    store_at(spark, tmp_path).append("constraint_results", results(spark, 2.5), "first")
    files = DeltaTable(str(tmp_path / "constraint_results")).file_uris()
    asked = "SELECT monitor, run_id, day, verdict FROM read_parquet(?, hive_partitioning = true)"
    found = duckdb.connect().execute(asked, [files]).fetchall()
    assert found == [("flights", "first", DAY, "pass")]
