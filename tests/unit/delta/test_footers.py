"""A file whose columns Spark may read otherwise than Arrow is left to Spark, by its footer."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwatch.io.delta.footers import RequiresSpark, footer_of

MOMENTS = pa.array([datetime(2024, 1, 1)], pa.timestamp("us"))
OLD = pa.array([date(1500, 1, 1)])
SPARK = {"org.apache.spark.version": "3.5.9"}


def file_of(
    folder: Path, column: pa.Array, reported: dict[str, str] | None = None, **of: Any
) -> Path:
    path = folder / "file.parquet"
    pq.write_table(pa.table({"x": column}).replace_schema_metadata(reported), path, **of)
    return path


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pa.array([1.5], pa.float32()), "double"),
        (pa.array([1], pa.int32()), "bigint"),
        (pa.array([1], pa.uint8()), "int"),
        (pa.array([b"a"]), "string"),
        (MOMENTS, "timestamp"),
        (MOMENTS.cast(pa.timestamp("us", "UTC")), "timestamp_ntz"),
        (MOMENTS.cast(pa.timestamp("ns", "UTC")), "timestamp"),
        (pa.array([{"x": 1.0}]), "double"),
        (pa.array([{"x": OLD[0].as_py()}]), "date"),
    ],
)
def test_a_column_of_another_type_than_the_table_s_is_left_to_spark(
    tmp_path: Path, column: pa.Array, kind: str
) -> None:
    with pytest.raises(RequiresSpark, match="'x'"):
        footer_of(file_of(tmp_path, column), {"x": kind})


@pytest.mark.parametrize("read", ["X", "x.y"])
def test_a_column_that_several_names_could_mean_is_left_to_spark(tmp_path: Path, read: str) -> None:
    with pytest.raises(RequiresSpark):
        footer_of(file_of(tmp_path, pa.array([1.5])), {read: "double"})


def test_a_column_that_the_file_does_not_have_is_no_reason(tmp_path: Path) -> None:
    assert (
        footer_of(file_of(tmp_path, pa.array([1.5])), {"later": "double"}).groups(None)[0].rows == 1
    )


@pytest.mark.parametrize(
    ("column", "kind", "reported", "of"),
    [
        (OLD, "date", None, {}),
        (OLD, "date", {**SPARK, "org.apache.spark.legacyDateTime": ""}, {}),
        (OLD, "date", {"org.apache.spark.version": "2.4.8"}, {}),
        (pa.array([date(2024, 1, 1)]), "date", None, {"write_statistics": False}),
        (MOMENTS, "timestamp", None, {"use_deprecated_int96_timestamps": True}),
    ],
)
def test_dates_that_spark_may_shift_to_another_calendar_are_left_to_it(
    tmp_path: Path, column: pa.Array, kind: str, reported: dict[str, str] | None, of: dict[str, Any]
) -> None:
    with pytest.raises(RequiresSpark, match="old calendar"):
        footer_of(file_of(tmp_path, column, reported, **of), {"x": kind})


@pytest.mark.parametrize(
    ("column", "reported"),
    [(OLD, SPARK), (pa.array([date(2024, 1, 1), None]), None), (pa.nulls(3, pa.date32()), None)],
)
def test_dates_that_are_the_same_in_both_calendars_are_read(
    tmp_path: Path, column: pa.Array, reported: dict[str, str] | None
) -> None:
    assert footer_of(file_of(tmp_path, column, reported), {"x": "date"})


def test_a_row_group_shows_the_days_between_which_it_lies(tmp_path: Path) -> None:
    days = pa.array([date(1970, 1, 3), date(1970, 1, 2), None, date(1969, 12, 31)])
    path = file_of(tmp_path, days.cast(pa.timestamp("ms", "UTC")), row_group_size=2)
    groups = footer_of(path, {"x": "timestamp"}).groups("x")
    assert [(g.at, g.rows, g.least, g.greatest) for g in groups] == [(0, 2, 1, 2), (1, 2, -1, -1)]


def test_a_footer_that_can_t_be_read_is_left_to_spark_which_reports_it(tmp_path: Path) -> None:
    (tmp_path / "file.parquet").write_bytes(b"nothing")
    for name in ("file.parquet", "gone.parquet"):
        with pytest.raises(RequiresSpark, match=name):
            footer_of(tmp_path / name, {})
