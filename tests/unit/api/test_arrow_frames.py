"""Frames of any library become one Arrow table, and their columns what states take."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from modelwatch.api.arrow_frames import FrameError, arrow_table, day_numbers, frame_columns


class OtherLibrary:
    """A frame of a library that is known by the Arrow stream alone, as Polars is."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


def columns_of(frame: object, **options: Any) -> dict[str, tuple[str, str, list[object]]]:
    columns, _ = frame_columns(arrow_table(frame), **options)
    return {c.name: (c.kind, c.unit, c.values.to_pylist()) for c in columns}


def test_frames_of_all_libraries_are_the_same() -> None:
    values = {"n": [1.5, None, 2.5], "s": ["a", None, "b"]}
    expected = {
        "n": ("numeric", "number", [1.5, None, 2.5]),
        "s": ("categorical", "number", ["a", None, "b"]),
    }
    table = pa.table(values)
    polars = table.set_column(1, "s", table.column("s").cast(pa.large_string()))
    frames = [values, table, table.to_batches()[0], table.to_pandas(), OtherLibrary(polars)]
    assert all(columns_of(frame) == expected for frame in frames)


def test_categories_of_pandas_are_categorical_whatever_they_hold() -> None:
    frame = pd.DataFrame({"a": pd.Categorical(["x", None]), "b": pd.Categorical([7, 8])})
    assert columns_of(frame) == {
        "a": ("categorical", "number", ["x", None]),
        "b": ("categorical", "number", ["7", "8"]),
    }


def test_the_index_of_pandas_is_no_column() -> None:
    assert arrow_table(pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="i"))).column_names == [
        "a"
    ]


def test_nan_is_missing_in_pandas_and_a_value_elsewhere() -> None:
    assert columns_of(pd.DataFrame({"a": [1.0, np.nan]}))["a"][2] == [1.0, None]
    assert np.isnan(columns_of({"a": np.array([1.0, np.nan])})["a"][2][1])


def test_a_type_has_the_kind_and_the_unit_of_the_job() -> None:
    moment = datetime(1970, 1, 2, tzinfo=timezone.utc)
    frame = pa.table(
        {
            "whole": pa.array([7], pa.uint64()),
            "decimal": pa.array([Decimal("1.25")]),
            "date": pa.array([date(1970, 1, 3)]),
            "moment": pa.array([moment], pa.timestamp("ns", "Europe/Zurich")),
            "flag": pa.array([True]),
        }
    )
    assert columns_of(frame) == {
        "whole": ("numeric", "number", [7.0]),
        "decimal": ("numeric", "number", [1.25]),
        "date": ("numeric", "day", [2.0]),
        "moment": ("numeric", "microsecond", [86_400e6]),
        "flag": ("categorical", "number", ["true"]),
    }


def test_a_number_may_be_counted_value_by_value() -> None:
    assert columns_of({"code": [7, 8]}, categorical=["code"]) == {
        "code": ("categorical", "number", ["7", "8"])
    }


def test_a_column_of_another_type_is_named_with_its_type() -> None:
    _, without = frame_columns(arrow_table({"a": [[1]], "b": [None], "c": [b"x"]}))
    assert without == {"a": "type list<item: int64>", "b": "type null", "c": "type binary"}


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ([1, 2], "frame is a list, not a pandas DataFrame"),
        (pd.DataFrame({"x": ["a", 1]}), "cannot be converted to Arrow: .*column x"),
        ({"x": [1], "y": [1, 2]}, "cannot be converted to Arrow"),
        ({"x": [2**70]}, "cannot be converted to Arrow: Python int too large"),
        ({"x": ["\ud800"]}, "cannot be converted to Arrow: .*surrogates not allowed"),
        (pa.table([[1], [2]], names=["x", "x"]), "several columns named 'x'"),
    ],
)
def test_a_frame_that_cannot_be_read_is_refused(frame: object, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        arrow_table(frame)


def test_an_unknown_column_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(FrameError, match="no column 'b'; its columns are 'a'"):
        frame_columns(arrow_table({"a": [1]}), categorical=["b"])


@pytest.mark.parametrize(
    "days",
    [
        pa.array([date(1970, 1, 1), date(1970, 1, 11)]),
        pa.array(["1970-01-01", "1970-01-11"]),
        pa.array([datetime(1970, 1, 1, 23), datetime(1970, 1, 11, 1)], pa.timestamp("ns")),
    ],
)
def test_a_day_is_a_date_a_timestamp_or_a_string(days: pa.Array) -> None:
    assert day_numbers(pa.table({"day": days}), "day").tolist() == [0, 10]


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ([date(2020, 1, 1), None], "1 rows without a day in 'day'"),
        (["yesterday"], "column 'day' of frame is not a day"),
        ([20200101], "has type int64, which is not a day"),
    ],
)
def test_a_column_without_days_is_refused(days: list[object], message: str) -> None:
    with pytest.raises(FrameError, match=message):
        day_numbers(pa.table({"day": days}), "day")
