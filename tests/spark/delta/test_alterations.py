"""Rows that somebody deletes from tables that later runs build on are missed at once."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from pyspark.sql import SparkSession
from tests.conftest import CountJobs

from modelwatch.io.delta.alterations import check_unaltered
from modelwatch.io.delta.table_schema import OutputError
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.upkeep import compact, delete
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES

SPEC = TABLES["binnings"]
VALUES: dict[str, Any] = {
    "string": "x",
    "double": 1.0,
    "bigint": 1,
    "timestamp": datetime(2013, 2, 11, tzinfo=timezone.utc),
}


@pytest.fixture(scope="module")
def written(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bins of two runs, each a file."""
    folder = tmp_path_factory.mktemp("written")
    store = Store(spark, OutputAddress(path=str(folder)))
    store.prepare(["binnings"])
    append(store, "first")
    append(store, "second")
    return folder


@pytest.fixture
def store(spark: SparkSession, written: Path, tmp_path: Path) -> Store:
    """A store of its own with the bins of two runs."""
    copytree(written, tmp_path, dirs_exist_ok=True)
    return Store(spark, OutputAddress(path=str(tmp_path)))


def append(store: Store, run_id: str) -> int:
    row = tuple(None if c.nullable else VALUES[c.type] for c in SPEC.columns)
    return store.append("binnings", store.session.createDataFrame([row], SPEC.ddl()), run_id)


def deleted_by_hand(store: Store) -> None:
    place = store.place("binnings").identifier
    store.session.sql(f"ALTER TABLE {place} SET TBLPROPERTIES ('delta.appendOnly' = 'false')")
    store.session.sql(f"DELETE FROM {place} WHERE run_id = 'first'")


def test_deleted_rows_are_missed_with_the_way_out(store: Store) -> None:
    deleted_by_hand(store)
    append(store, "third")
    with pytest.raises(OutputError, match=r"rows of its version 2 were deleted.*RESTORE TABLE"):
        check_unaltered(store, {"binnings": 2})


def test_rows_that_were_restored_are_not_missed(store: Store) -> None:
    deleted_by_hand(store)
    store.session.sql(f"RESTORE TABLE {store.place('binnings').identifier} TO VERSION AS OF 2")
    check_unaltered(store, {"binnings": 2})


def test_a_table_that_is_gone_is_missed(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is missing"):
        check_unaltered(Store(spark, OutputAddress(path=str(tmp_path))), {"binnings": 2})


def test_a_table_that_was_made_anew_is_missed(store: Store) -> None:
    with pytest.raises(OutputError, match="is at version 2, and a run has written 9"):
        check_unaltered(store, {"binnings": 9})


def test_compaction_maintenance_and_other_runs_are_no_alterations(store: Store) -> None:
    place = store.place("binnings")
    append(store, "third")
    compact(store.session, place)
    delete(store.session, place, "run_id = 'first'")
    check_unaltered(store, {"binnings": 2})


def test_a_commit_of_a_run_that_is_empty_is_missed(store: Store) -> None:
    folder = Path(str(store.place("binnings").path)) / "_delta_log"
    (folder / f".{2:020d}.json.crc").unlink()
    (folder / f"{2:020d}.json").write_text("")
    with pytest.raises(OutputError, match=r"binnings.*2\.json is empty.*restore its _delta_log"):
        check_unaltered(store, {"binnings": 2})


def test_the_log_on_a_local_disk_is_looked_at_without_a_spark_job(
    store: Store, count_jobs: CountJobs
) -> None:
    with count_jobs() as counted:
        check_unaltered(store, {"binnings": 2})
    assert counted.jobs == 0
