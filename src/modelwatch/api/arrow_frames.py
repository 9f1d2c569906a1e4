"""Data frames of any library as Arrow tables, and their columns as states take them."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.errors import ModelwatchError
from modelwatch.stats.arrays import Counts
from modelwatch.stats.summary import FeatureKind, Unit

Frame = Any
"""A pandas DataFrame, an Arrow table or record batch, a mapping of columns, or any object with
``__arrow_c_stream__``, such as a Polars DataFrame."""
_MICROSECONDS_PER_DAY = 86_400_000_000


class FrameError(ModelwatchError, ValueError):
    """A frame that cannot be read, or a column that is missing or has the wrong type."""


@dataclass(frozen=True)
class FrameColumn:
    """A column of a frame that has states: ``values`` are doubles or strings, with nulls.

    Dates are days, timestamps are microseconds since 1970-01-01 UTC, as ``unit`` says.
    """

    name: str
    kind: FeatureKind
    unit: Unit
    values: pa.ChunkedArray


def arrow_table(frame: Frame, name: str = "frame") -> pa.Table:
    """The frame as an Arrow table; without a copy where the library allows it.

    NaN in a pandas DataFrame is a missing value and becomes null. ``name`` is what the frame is
    called in a FrameError.
    """
    try:
        table = _arrow_table(frame, name)
    except pa.ArrowException as error:
        reason = ": ".join(str(part) for part in error.args)
        raise FrameError(f"{name} cannot be converted to Arrow: {reason}") from error
    repeated = [column for column in table.column_names if table.column_names.count(column) > 1]
    if repeated:
        raise FrameError(f"{name} has several columns named {repeated[0]!r}")
    return table


def _arrow_table(frame: Frame, name: str) -> pa.Table:
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        return pa.Table.from_pandas(frame, preserve_index=False)
    library = type(frame).__module__.partition(".")[0]
    if library == "pyspark":
        raise FrameError(
            f"{name} is a Spark DataFrame, which modelwatch.Monitor is for; "
            "convert a small one with toPandas()"
        )
    if isinstance(frame, Mapping):
        return pa.table({str(column): _array(values) for column, values in frame.items()})
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(frame).read_all()
    raise FrameError(
        f"{name} is a {type(frame).__name__}, not a pandas DataFrame, an Arrow table, a mapping of "
        "columns, or an object with __arrow_c_stream__ such as a Polars DataFrame"
    )


def _array(values: Any) -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    return pa.array(values)


def column_of(table: pa.Table, column: str, name: str = "frame") -> pa.ChunkedArray:
    """A column by its name; FrameError if there is none."""
    if column not in table.column_names:
        known = ", ".join(map(repr, table.column_names))
        raise FrameError(f"{name} has no column {column!r}; its columns are {known}")
    return table.column(column)


def frame_columns(
    table: pa.Table, categorical: Collection[str] = (), *, left_out: Collection[str] = ()
) -> tuple[list[FrameColumn], dict[str, str]]:
    """The columns that have states, and why the others have none, by name.

    Numbers, dates and timestamps are numeric, strings and booleans are categorical. A number in
    ``categorical`` is counted value by value.
    """
    for column in categorical:
        column_of(table, column)
    columns, without = [], {}
    for column in table.column_names:
        if column in left_out:
            continue
        given = table.column(column)
        values, kind = _decoded(given), _natural_kind(given.type)
        if kind is None:
            without[column] = f"type {given.type}"
        elif kind == "categorical" or column in categorical:
            columns.append(FrameColumn(column, "categorical", "number", values.cast(pa.string())))
        else:
            columns.append(FrameColumn(column, kind, _unit(values.type), doubles(values)))
    return columns, without


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without its dictionary, which Arrow has for pandas' and Polars' categories."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _natural_kind(kind: pa.DataType) -> FeatureKind | None:
    types = pa.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "numeric"
    if types.is_date(kind) or types.is_timestamp(kind):
        return "numeric"
    if types.is_dictionary(kind):
        return None if _natural_kind(kind.value_type) is None else "categorical"
    return "categorical" if types.is_boolean(kind) or _is_string(kind) else None


def _is_string(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view")


def _unit(kind: pa.DataType) -> Unit:
    if pa.types.is_date(kind):
        return "day"
    return "microsecond" if pa.types.is_timestamp(kind) else "number"


def doubles(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A numeric column as doubles: days of dates, microseconds of timestamps, since 1970."""
    kind = column.type
    if pa.types.is_date(kind):
        column = column.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64())
    return column.cast(pa.float64(), safe=False)


def day_numbers(table: pa.Table, day: str | None, name: str = "frame") -> Counts:
    """The day of each row as a number since 1970-01-01; 0 for all rows without a day column.

    Takes dates, timestamps (the day in UTC) and strings such as ``2024-03-01``.
    """
    if day is None:
        return np.zeros(table.num_rows, dtype=np.int64)
    column = _decoded(column_of(table, day, name))
    kind = column.type
    if column.null_count:
        raise FrameError(f"{name} has {column.null_count} rows without a day in {day!r}")
    try:
        if _is_string(kind):
            column, kind = column.cast(pa.string()).cast(pa.date32()), pa.date32()
    except pa.ArrowInvalid as error:
        raise FrameError(f"column {day!r} of {name} is not a day: {error}") from error
    if pa.types.is_timestamp(kind):
        micros = column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64()).to_numpy()
        return np.asarray(micros // _MICROSECONDS_PER_DAY, dtype=np.int64)
    if not pa.types.is_date(kind):
        raise FrameError(f"column {day!r} of {name} has type {kind}, which is not a day")
    return np.asarray(column.cast(pa.date32()).cast(pa.int32()).to_numpy(), dtype=np.int64)


Scalar = bool | int | float | str


def equals(column: pa.ChunkedArray, value: Scalar) -> pa.ChunkedArray:
    """Whether each value equals one of the configuration, as the job compares them.

    A boolean matches booleans, a number matches numbers, and anything else matches as text.
    """
    column = _decoded(column)
    numeric = _natural_kind(column.type) == "numeric" and _unit(column.type) == "number"
    if isinstance(value, bool):
        return pc.equal(column.cast(pa.string()), "true" if value else "false")
    if isinstance(value, (int, float)) and numeric:
        return pc.equal(column.cast(pa.float64(), safe=False), float(value))
    return pc.equal(column.cast(pa.string()), str(value))


def without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with null in place of NaN."""
    column = _decoded(column)
    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
