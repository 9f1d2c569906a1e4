"""Data frames of any library as Arrow tables, and their columns in the form that states need."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.api.arrow_types import is_text, spark_type
from modelwatch.errors import ModelwatchError
from modelwatch.evaluation.states.batches import numbers_of
from modelwatch.model.config.column_types import FLOATING_TYPES, exact_digits, outer_type
from modelwatch.model.profile.features import natural_kind
from modelwatch.stats.arrays import Counts
from modelwatch.stats.profile.metric import FeatureKind, Unit

_UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
FrameLike = Any
"""A pandas DataFrame, an Arrow table or record batch, a mapping of columns, or any object with
``__arrow_c_stream__``, such as a Polars DataFrame."""
_UNITS_PER_DAY = {unit: 86_400 * 10**digits for unit, digits in _UNIT_DIGITS.items()}


class FrameError(ModelwatchError, ValueError):
    """A frame that cannot be read, or a column that is missing or has the wrong type."""


@dataclass(frozen=True)
class FrameColumn:
    """A column of a frame for which states are computed, with nulls.

    ``values`` are doubles, longs, 128-bit decimals, or strings. Dates are days, and timestamps are
    microseconds, since 1970-01-01 UTC; ``unit`` says which. ``digits``: decimal places of numbers
    that may not fit a double; None for others. ``spark_type``: the name of the type in Spark.
    """

    name: str
    kind: FeatureKind
    unit: Unit
    values: pa.ChunkedArray
    spark_type: str
    digits: int | None = None

    @property
    def is_floating(self) -> bool:
        """Whether the column contains floats or doubles."""
        return outer_type(self.spark_type) in FLOATING_TYPES

    def as_doubles(self) -> FrameColumn:
        """The same numbers, each rounded to the nearest double."""
        return replace(self, values=doubles(self.values), digits=None)


def arrow_table(frame: FrameLike, name: str = "frame") -> pa.Table:
    """The frame as an Arrow table, without a copy if the library allows it.

    NaN in a pandas DataFrame is a missing value and becomes null. ``name`` is the name of the frame
    in the message of a FrameError.
    """
    try:
        table = _arrow_table(frame, name)
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        wording = (str(error),) if isinstance(error, UnicodeError) else error.args
        reason = ": ".join(str(part) for part in wording)
        raise FrameError(f"{name} cannot be converted to Arrow: {reason}") from error
    repeated = [column for column in table.column_names if table.column_names.count(column) > 1]
    if repeated:
        raise FrameError(f"{name} has several columns named {repeated[0]!r}")
    return table


def _arrow_table(frame: FrameLike, name: str) -> pa.Table:
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
    """The columns for which states are computed, and why the others are left out, by name.

    Numbers, dates, and timestamps are numeric; strings and booleans are categorical. Each value of
    a number in ``categorical`` is counted separately.
    """
    for column in categorical:
        column_of(table, column)
    columns, without = [], {}
    for column in table.column_names:
        if column in left_out:
            continue
        given = table.column(column)
        values, kind, named = decoded(given), _natural_kind(given.type), spark_type(given.type)
        if kind is None:
            without[column] = f"type {given.type}"
        elif kind == "categorical" or column in categorical:
            texts = values.cast(pa.string())
            columns.append(FrameColumn(column, "categorical", "number", texts, named))
        else:
            try:
                numbers = exact_numbers(values)
            except pa.ArrowInvalid:
                without[column] = _BEYOND[_unit(values.type)]
                continue
            unit, digits = _unit(values.type), exact_digits(named)
            columns.append(FrameColumn(column, kind, unit, numbers, named, digits))
    return columns, without


_BEYOND: Mapping[Unit, str] = {
    "number": "decimals of more than 38 digits",
    "day": "dates beyond those of a number of 32 bits",
    "microsecond": "times beyond those of a number of 64 bits in microseconds",
}


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without dictionary encoding, which Arrow uses for categories of pandas and
    Polars."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _natural_kind(kind: pa.DataType) -> FeatureKind | None:
    natural = natural_kind(spark_type(kind))
    return "categorical" if natural and pa.types.is_dictionary(kind) else natural


def _unit(kind: pa.DataType) -> Unit:
    if pa.types.is_date(kind):
        return "day"
    return "microsecond" if pa.types.is_timestamp(kind) else "number"


def exact_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A numeric column as doubles, longs, or 128-bit decimals, without loss.

    Dates become days and timestamps become microseconds, since 1970. Decimals of up to 15 digits
    become doubles, as in the job. pa.ArrowInvalid if a value does not fit.
    """
    kind = column.type
    if pa.types.is_date(kind):
        return column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64())
    if pa.types.is_timestamp(kind):
        return _microseconds(column)
    if pa.types.is_floating(kind):
        return column.cast(pa.float64())
    if kind == pa.uint64():
        small = not len(column) or (pc.max(column).as_py() or 0) < 2**63
        return column.cast(pa.int64() if small else pa.decimal128(20, 0))
    if pa.types.is_decimal(kind):
        wide = column.cast(pa.decimal128(38, max(0, kind.scale)))
        return wide if exact_digits(spark_type(kind)) is not None else doubles(wide)
    return column.cast(pa.int64())


def _microseconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Microseconds since 1970; nanoseconds are rounded down."""
    longs = column.cast(pa.int64())
    if column.type.unit == "ns":
        whole = pc.divide(longs, 1000)
        below = pc.less(longs, pc.multiply(whole, 1000))
        return pc.subtract(whole, below.cast(pa.int64()))
    return pc.multiply_checked(longs, 10 ** (6 - _UNIT_DIGITS[column.type.unit]))


def doubles(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers as the nearest doubles; dates and decimals as in ``exact_numbers``."""
    if not pa.types.is_decimal(column.type) or column.type.bit_width != 128:
        column = exact_numbers(column)
    if not pa.types.is_decimal(column.type):
        return column.cast(pa.float64(), safe=False)
    # Arrow's own cast of decimals is not the nearest double.
    chunks = [numbers_of(chunk) for chunk in column.chunks]
    arrays = [pa.array(one.values, mask=one.nulls) for one in chunks]
    return pa.chunked_array(arrays, type=pa.float64())


def day_numbers(table: pa.Table, day: str | None, name: str = "frame") -> Counts:
    """The day of each row as days since 1970-01-01; 0 for all rows without a day column.

    Accepts dates, timestamps (the day in UTC), and strings such as ``2024-03-01``.
    """
    if day is None:
        return np.zeros(table.num_rows, dtype=np.int64)
    column = decoded(column_of(table, day, name))
    kind = column.type
    if column.null_count:
        raise FrameError(f"{name} has {column.null_count} rows without a day in {day!r}")
    try:
        if is_text(kind):
            column, kind = column.cast(pa.string()).cast(pa.date32()), pa.date32()
    except pa.ArrowInvalid as error:
        raise FrameError(f"column {day!r} of {name} is not a day: {error}") from error
    if pa.types.is_timestamp(kind):
        longs = column.cast(pa.int64()).to_numpy()
        return np.asarray(longs // _UNITS_PER_DAY[kind.unit], dtype=np.int64)
    if not pa.types.is_date(kind):
        raise FrameError(f"column {day!r} of {name} has type {kind}, which is not a day")
    return np.asarray(column.cast(pa.date32()).cast(pa.int32()).to_numpy(), dtype=np.int64)
