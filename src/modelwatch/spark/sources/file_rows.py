"""Scored rows that Python workers read from Parquet files without the JVM.

The driver determines the row groups and columns that each task reads. A task yields the batches
that Spark would pass to it, with strings as dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from modelwatch.errors import ModelwatchError, present
from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.day_numbers import day_number
from modelwatch.stats.value_names import NO_VERSION, value_name

ValueForm = Literal["text", "version", "double", "long", "day", "micros"]
"""The form of the values of a column: a string; the name of a model version, never null; a double;
a long; the days of a date since 1970, as a double; the microseconds of a timestamp since 1970, as a
long.
"""
STRING_FORMS = frozenset({"text", "version"})
DAY_MICROS = 86_400_000_000
NO_DAY = int(np.iinfo(np.int32).min)
"""The day number of a row that is not wanted."""
_FIRST_DAY, _LAST_DAY = day_number(date.min), day_number(date.max)
_TEXT = pa.dictionary(pa.int32(), pa.string())
_ARROW: Mapping[ValueForm, pa.DataType] = {
    "text": _TEXT,
    "version": _TEXT,
    "double": pa.float64(),
    "long": pa.int64(),
    "day": pa.float64(),
    "micros": pa.int64(),
}
_BUFFER_BYTES = 1 << 18
"""Buffer size in bytes for reading a column from a file."""


class FileUnreadable(ModelwatchError):
    """A task cannot read a file of a source table."""


@dataclass(frozen=True)
class FileColumn:
    """A column of the rows: either the column ``name`` of the files, or a constant per file, at
    position ``constant`` in the ``values`` of the file."""

    form: ValueForm
    name: str | None = None
    constant: int | None = None


@dataclass(frozen=True)
class FileDays:
    """The column that determines the day of a row, and the days to read.

    ``column``: name of a column of dates (form ``day``) or timestamps (``micros``); None if each
    file has rows of one wanted day only. ``wanted``: days since 1970; None for all days.
    ``starts``: for timestamps, the times in microseconds at which a wanted day begins or ends, in
    ascending order, each with the day that begins, or ``NO_DAY`` if it is not wanted; None for days
    in UTC.
    """

    column: str | None = None
    form: ValueForm = "day"
    wanted: tuple[int, ...] | None = None
    starts: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True)
class FilePart:
    """Row groups of a file. ``day``: of all rows, if they share it. ``values``: see FileColumn."""

    path: str
    row_groups: tuple[int, ...]
    rows: int
    day: int | None = None
    values: tuple[str | float | int | None, ...] = ()


@dataclass(frozen=True)
class FileReading:
    """What to read from all files: the day, then the columns in the order of a layout, in batches
    of at most ``batch_rows`` rows."""

    days: FileDays
    columns: tuple[FileColumn, ...]
    batch_rows: int

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns that are read from files."""
        named = [column.name for column in self.columns if column.name is not None]
        return tuple(dict.fromkeys([*named, *([self.days.column] if self.days.column else [])]))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The columns that are read as dictionaries if a file stores them as strings."""
        wanted = [c.name for c in self.columns if c.name is not None and c.form in STRING_FORMS]
        others = {c.name for c in self.columns if c.form not in STRING_FORMS} | {self.days.column}
        return tuple(name for name in dict.fromkeys(wanted) if name not in others)


def rows_of_files(
    session: SparkSession, tasks: Sequence[Sequence[FilePart]], reading: FileReading
) -> tuple[DataFrame, BatchFunction]:
    """A DataFrame with one row per task, and the function that maps its batches to scored rows."""
    held = tuple(tuple(parts) for parts in tasks)

    def rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for task in batch.column(0).to_pylist():
                for part in held[task]:
                    yield from part_rows(part, reading)

    return session.range(0, len(held), 1, max(1, len(held))), rows


def part_rows(part: FilePart, reading: FileReading) -> Iterator[pa.RecordBatch]:
    """The wanted rows of a part in batches. Raises FileUnreadable, which names the file."""
    try:
        yield from _part_rows(part, reading)
    except (OSError, pa.ArrowException) as error:
        # Errors of the operating system have a number. All others mean invalid bytes.
        refused = isinstance(error, OSError) and error.errno is not None
        why = error if refused else f"it is corrupt: {error}"
        raise FileUnreadable(f"the file {part.path} can't be read: {why}") from error


def _part_rows(part: FilePart, reading: FileReading) -> Iterator[pa.RecordBatch]:
    names = list(reading.names)
    if not names:
        for first in range(0, part.rows, reading.batch_rows):
            yield _taken(part, reading, {}, min(reading.batch_rows, part.rows - first))
        return
    with pq.ParquetFile(
        part.path,
        read_dictionary=list(reading.texts),
        coerce_int96_timestamp_unit="us",
        buffer_size=_BUFFER_BYTES,
        pre_buffer=False,
    ) as file:
        for record in file.iter_batches(
            reading.batch_rows, part.row_groups, columns=names, use_threads=False
        ):
            columns = dict(zip(record.schema.names, record.columns, strict=True))
            yield from _of_wanted_days(part, reading, columns, record.num_rows)


def _of_wanted_days(
    part: FilePart, reading: FileReading, columns: Mapping[str, pa.Array], rows: int
) -> Iterator[pa.RecordBatch]:
    if not rows:
        return
    if reading.days.column is None:
        yield _taken(part, reading, columns, rows)
        return
    numbers = day_numbers(columns.get(reading.days.column), reading.days, rows)
    mask = numbers != NO_DAY
    selected = int(np.count_nonzero(mask))
    if not selected:
        return
    if selected < rows:
        chosen = pa.array(mask)
        columns = {name: column.filter(chosen) for name, column in columns.items()}
        numbers = numbers[mask]
    yield _taken(part, reading, columns, selected, numbers)


def day_numbers(column: pa.Array | None, days: FileDays, rows: int) -> AnyArray:
    """The day numbers of rows, or NO_DAY if the day is null or not wanted."""
    if column is None or column.null_count == rows:
        return np.full(rows, NO_DAY, dtype=np.int32)
    longs = _longs(column).fill_null(0).to_numpy(zero_copy_only=False)
    if days.starts is not None:
        moments, begun = np.array(days.starts, dtype=np.int64).reshape(-1, 2).T
        # Times before the first one have index -1, which is the day appended last.
        numbers = np.append(begun, NO_DAY)[np.searchsorted(moments, longs, side="right") - 1]
        held = numbers != NO_DAY
    else:
        numbers = longs if days.form == "day" else np.floor_divide(longs, DAY_MICROS)
        if days.wanted is None:
            held = (numbers >= _FIRST_DAY) & (numbers <= _LAST_DAY)
        else:
            held = np.isin(numbers, np.array(days.wanted, dtype=np.int64))
    if column.null_count:
        held = held & column.is_valid().to_numpy(zero_copy_only=False)
    found: AnyArray = np.where(held, numbers, NO_DAY).astype(np.int32)
    return found


def _taken(
    part: FilePart,
    reading: FileReading,
    columns: Mapping[str, pa.Array],
    rows: int,
    numbers: AnyArray | None = None,
) -> pa.RecordBatch:
    """Rows in the order of a layout: the day, then each column in its form."""
    if numbers is None:
        numbers = np.full(rows, present(part.day, "day"), dtype=np.int32)
    arrays = [pa.array(numbers, pa.int32()).view(pa.date32())]
    for column in reading.columns:
        if column.constant is not None:
            arrays.append(_constant(part.values[column.constant], column.form, rows))
            continue
        held = columns.get(present(column.name, "name"))
        # Files that are older than a column do not have it.
        arrays.append(
            _constant(None, column.form, rows) if held is None else formed(held, column.form)
        )
    return pa.RecordBatch.from_arrays(arrays, [f"c{at}" for at in range(len(arrays))])


def formed(column: pa.Array, form: ValueForm) -> pa.Array:
    """A file column converted to a form."""
    if form in STRING_FORMS:
        texts = _texts(column)
        return _versions(texts) if form == "version" else texts
    if form == "double":
        return column if pa.types.is_float64(column.type) else _doubles(column)
    if form == "day":
        return _longs(column).cast(pa.float64())
    return _longs(column)


def _doubles(column: pa.Array) -> pa.Array:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return column.cast(pa.float64())


def _longs(column: pa.Array) -> pa.Array:
    """Integers, days, and microseconds as longs."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", column.type.tz)).view(pa.int64())
    if pa.types.is_date32(column.type):
        column = column.view(pa.int32())
    return column if pa.types.is_int64(column.type) else column.cast(pa.int64())


def _texts(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        # A writer may have declared a narrower type of indices.
        wide = pa.types.is_int32(column.type.index_type)
        return column if wide else column.cast(pa.dictionary(pa.int32(), column.type.value_type))
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    return column.dictionary_encode()


def _versions(texts: pa.Array) -> pa.Array:
    """The distinct names of versions."""
    indices = texts.indices.fill_null(len(texts.dictionary)).to_numpy(zero_copy_only=False)
    met, places = np.unique(indices, return_inverse=True)
    values = [*texts.dictionary.to_pylist(), None]
    names = [NO_VERSION if values[at] is None else value_name(values[at]) for at in met]
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(names))


def _constant(value: str | float | int | None, form: ValueForm, rows: int) -> pa.Array:
    if form == "version":
        value = NO_VERSION if value is None else value_name(str(value))
    if form in STRING_FORMS:
        places = pa.nulls(rows, pa.int32()) if value is None else pa.array(np.zeros(rows, np.int32))
        return pa.DictionaryArray.from_arrays(places, pa.array([value or ""], pa.string()))
    kind = _ARROW[form]
    return pa.nulls(rows, kind) if value is None else pa.repeat(pa.scalar(value, kind), rows)
