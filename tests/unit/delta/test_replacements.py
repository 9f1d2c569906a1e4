"""Rows replaced in a table on a local disk, as another implementation of Delta reads them."""

from __future__ import annotations

import os
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable, write_deltalake

from modelwatch.io.delta import replacements
from modelwatch.io.delta.commits import CHECKPOINT_INTERVAL, CommitRequiresSpark
from modelwatch.io.delta.replacements import replace_in_table

NOW = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)
MINE = pc.field("monitor") == "shop"
FIRST = MINE & (pc.field("day") == date(2024, 3, 1))


def rows(*held: tuple[str | None, int, float | None]) -> pa.Table:
    """Rows of a monitor on a day of March, with a value."""
    entry = pa.struct([("key", pa.string()), ("value", pa.float64())])
    return pa.table(
        {
            "monitor": pa.array([one[0] for one in held], pa.string()),
            "day": pa.array([date(2024, 3, one[1]) for one in held], pa.date32()),
            "value": pa.array([one[2] for one in held], pa.float64()),
            "at": pa.array([NOW for _ in held], pa.timestamp("us", "UTC")),
            "parts": pa.array([[{"key": "a", "value": one[2]}] for one in held], pa.list_(entry)),
        }
    )


def written(folder: Path, *commits: pa.Table) -> Path:
    for one in commits:
        write_deltalake(str(folder), one, mode="append")
    return folder


def read(folder: Path) -> list[tuple[Any, ...]]:
    held = DeltaTable(str(folder)).to_pyarrow_table().to_pylist()
    return sorted(
        ((row["monitor"], row["day"].day, row["value"]) for row in held), key=lambda row: str(row)
    )


def test_rows_of_a_condition_are_replaced_and_others_stay(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", rows(("shop", 1, 1.0), ("shop", 2, 2.0), ("other", 1, 3.0)))
    assert replace_in_table(folder, rows(("shop", 1, 9.0), ("shop", 1, None)), FIRST, "r1") == 1
    assert read(folder) == [
        ("other", 1, 3.0),
        ("shop", 1, 9.0),
        ("shop", 1, None),
        ("shop", 2, 2.0),
    ]
    table = DeltaTable(str(folder))
    assert table.history(1)[0]["userMetadata"] == "r1"
    held = table.to_pyarrow_table()
    assert held.schema.field("at").type == pa.timestamp("us", "UTC")
    assert held.column("parts").to_pylist()[0][0].keys() == {"key", "value"}


def test_filters_of_other_engines_find_the_rows(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", rows(("shop", 1, 1.0), ("shop", 2, 2.0)))
    replace_in_table(folder, rows(("shop", 1, 9.0)), FIRST, "r1")
    held = DeltaTable(str(folder)).to_pyarrow_dataset()
    for condition, count in ((MINE, 2), (FIRST, 1), (pc.field("value") > 5.0, 1)):
        assert held.count_rows(filter=condition) == count
    query = "SELECT count(*) FROM held WHERE monitor = 'shop' AND day = DATE '2024-03-01'"
    assert duckdb.connect().register("held", held).sql(query).fetchall() == [(1,)]
    assert pl.scan_delta(str(folder)).filter(pl.col("monitor") == "shop").collect().height == 2


def test_a_reader_of_the_version_before_sees_what_it_saw(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", rows(("shop", 1, 1.0)))
    replace_in_table(folder, rows(("shop", 1, 9.0)), MINE, "r1")
    before = DeltaTable(str(folder), version=0).to_pyarrow_table()
    assert before.column("value").to_pylist() == [1.0]


def test_files_without_replaced_rows_are_left_alone(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", rows(("shop", 1, 1.0)), rows(("shop", 2, 2.0)))
    before = set(DeltaTable(str(folder)).file_uris())
    replace_in_table(folder, rows(("shop", 1, 9.0)), FIRST, "r1")
    assert len(before & set(DeltaTable(str(folder)).file_uris())) == 1
    assert read(folder) == [("shop", 1, 9.0), ("shop", 2, 2.0)]


def test_rows_for_which_the_condition_is_unknown_stay(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", rows((None, 1, 1.0), ("shop", 1, 2.0)))
    replace_in_table(folder, rows(), FIRST, "r1")
    assert read(folder) == [(None, 1, 1.0)]


def test_nothing_may_be_left_or_come(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", rows(("shop", 1, 1.0)))
    replace_in_table(folder, rows(), MINE, "r1")
    assert DeltaTable(str(folder)).file_uris() == []
    replace_in_table(folder, rows(("shop", 1, 2.0)), MINE, "r2")
    assert read(folder) == [("shop", 1, 2.0)]


def test_types_of_an_engine_become_those_of_the_table(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", rows(("shop", 1, 1.0)))
    given = rows(("shop", 1, 2.0))
    at = given.schema.get_field_index("value")
    given = given.set_column(at, "value", pa.array([2], pa.int64()))
    replace_in_table(folder, given.select(given.column_names[::-1]), MINE, "r1")
    assert read(folder) == [("shop", 1, 2.0)]


@pytest.mark.parametrize("change", ["partitions", "column", "size", "checkpoint", "type"])
def test_what_only_spark_can_do_is_left_to_it_before_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    folder, given = tmp_path / "t", rows(("shop", 1, 1.0))
    if change == "partitions":
        write_deltalake(str(folder), given, partition_by="monitor")
    else:
        written(folder, *[given] * (CHECKPOINT_INTERVAL if change == "checkpoint" else 1))
    if change == "column":
        given = given.append_column("new", pa.array([1]))
    if change == "size":
        monkeypatch.setattr(replacements, "MOST_REWRITTEN_BYTES", 1)
    if change == "type":
        at = given.schema.get_field_index("day")
        given = given.set_column(at, "day", pa.array(["no day"]))
    before = sorted(os.listdir(folder / "_delta_log"))
    with pytest.raises(CommitRequiresSpark):
        replace_in_table(folder, given, MINE, "r1")
    assert sorted(os.listdir(folder / "_delta_log")) == before


def test_what_another_writer_added_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "t", rows(("shop", 1, 1.0), ("shop", 2, 2.0)))
    commit = replacements.committed_replacement

    def late(*given: Any) -> bool:
        if DeltaTable(str(folder)).version() == 0:
            written(folder, rows(("shop", 1, 5.0), ("other", 1, 6.0)))
        return commit(*given)

    monkeypatch.setattr(replacements, "committed_replacement", late)
    assert replace_in_table(folder, rows(("shop", 1, 9.0)), FIRST, "r1") == 2
    assert read(folder) == [("other", 1, 6.0), ("shop", 1, 9.0), ("shop", 2, 2.0)]
