"""What a Python worker makes of the columns of a Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwatch.evaluation.states.batches import texts_of
from modelwatch.spark.sources.file_rows import (
    NO_DAY,
    FileColumn,
    FileDays,
    FilePart,
    FileReading,
    FileUnreadable,
    ValueForm,
    day_numbers,
    formed,
    part_rows,
)
from modelwatch.stats.day_numbers import day_number

MOMENT = datetime(2024, 3, 10, 7, 0, 0, 1, tzinfo=timezone.utc)
MICROS = (MOMENT - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() * 1e6


@pytest.mark.parametrize(
    ("form", "stored", "expected"),
    [
        ("double", pa.array([1, None], pa.int8()), [1.0, None]),
        (
            "double",
            pa.array([0.1, None], pa.float32()),
            [pa.scalar(0.1, pa.float32()).as_py(), None],
        ),
        ("double", pa.array([True, False, None]), [1.0, 0.0, None]),
        ("long", pa.array([2**53 + 1, None]), [2**53 + 1, None]),
        ("day", pa.array([date(1969, 12, 31), None]), [-1.0, None]),
        ("micros", pa.array([MOMENT, None], pa.timestamp("us", "UTC")), [round(MICROS), None]),
        ("micros", pa.array([5, None], pa.timestamp("ms")), [5000, None]),
        ("text", pa.array([True, False, None]), ["true", "false", None]),
        ("text", pa.array([-5, None], pa.int16()), ["-5", None]),
        ("text", pa.array(["ä", "", None]).dictionary_encode(), ["ä", "", None]),
        ("version", pa.array(["v1", "(none)", None]), ["v1", '"(none)"', "(none)"]),
    ],
)
def test_a_column_is_in_the_form_that_spark_would_give_it(
    form: ValueForm, stored: pa.Array, expected: list[Any]
) -> None:
    assert formed(stored, form).to_pylist() == expected


def test_a_version_that_no_row_has_is_left_out() -> None:
    known = pa.DictionaryArray.from_arrays(pa.array([1, 1], pa.int32()), pa.array(["v1", "v2"]))
    assert formed(known, "version").dictionary.to_pylist() == ["v2"]


def test_a_large_dictionary_is_cut_to_the_values_of_the_batch() -> None:
    values = pa.array([f"{n}" for n in range(5000)])
    places = pa.array([4999, None, 7, 4999], pa.int32())
    texts = texts_of(pa.DictionaryArray.from_arrays(places, values))
    assert list(texts.dictionary) == ["7", "4999"]
    assert texts.indices.tolist() == [1, 2, 0, 1]


def found_days(column: pa.Array, days: FileDays) -> list[int | None]:
    numbers: Sequence[int] = day_numbers(column, days, len(column)).tolist()
    return [None if number == NO_DAY else number for number in numbers]


def test_a_day_begins_at_the_moment_that_is_reported() -> None:
    days = FileDays(
        "t", "micros", (-1, 0, 5), ((-100, -1), (50, 0), (70, NO_DAY), (90, 5), (99, NO_DAY))
    )
    column = pa.array([-101, -100, 49, 50, 69, 70, 89, 90, 98, 99, None], pa.timestamp("us"))
    assert found_days(column, days) == [None, -1, -1, 0, 0, None, None, 5, 5, None, None]


def test_a_day_of_utc_is_the_floor_of_its_moment() -> None:
    column = pa.array([-1, 0, 86_400_000_000], pa.timestamp("us"))
    assert found_days(column, FileDays("t", "micros", (-1, 1))) == [-1, None, 1]


def test_of_all_days_those_of_the_calendar_are_kept() -> None:
    beyond = day_number(date.max) + 1
    column = pa.array([0, beyond, None, day_number(date.min)], pa.int32()).view(pa.date32())
    assert found_days(column, FileDays("d", "day")) == [0, None, None, day_number(date.min)]


READING = FileReading(
    FileDays(wanted=(3,)), (FileColumn("version", constant=0), FileColumn("double", "x")), 10
)


def part_of(path: Path) -> FilePart:
    return FilePart(str(path), (0,), 100, 3, (None,))


def test_rows_of_a_partition_alone_need_no_file() -> None:
    reading = FileReading(FileDays(wanted=(3,)), (FileColumn("text", constant=0),), 64)
    batches = list(part_rows(FilePart("nowhere", (0,), 100, 3, ("a",)), reading))
    assert [batch.num_rows for batch in batches] == [64, 36]
    assert set(batches[0].column(1).to_pylist()) == {"a"}


def test_a_column_that_a_file_is_older_than_is_null(tmp_path: Path) -> None:
    pq.write_table(pa.table({"y": [1.0] * 5}), tmp_path / "old.parquet")
    (batch,) = part_rows(part_of(tmp_path / "old.parquet"), READING)
    assert batch.column(2).to_pylist() == [None] * 5


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"gone\.parquet can't be read: .*No such file"):
        list(part_rows(part_of(tmp_path / "gone.parquet"), READING))


def test_a_file_whose_pages_are_spoilt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "spoilt.parquet"
    pq.write_table(pa.table({"x": [float(n) for n in range(100)]}), path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[20:200] = b"\xff" * 180
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match=r"spoilt\.parquet can't be read: it is corrupt"):
        list(part_rows(part_of(path), READING))
