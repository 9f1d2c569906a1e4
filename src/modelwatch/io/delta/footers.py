"""Footers of Parquet files: row groups, and whether the columns have the expected types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from modelwatch.errors import ModelwatchError
from modelwatch.model.config.column_types import TIMESTAMP_TYPES
from modelwatch.spark.sources.file_rows import DAY_MICROS
from modelwatch.stats.day_numbers import day_number

_REBASED_BEFORE = day_number(date(1900, 1, 1))
"""Spark may rebase earlier dates and timestamps of other writers to another calendar."""
_SPARK_VERSION = b"org.apache.spark.version"
_LEGACY = (b"org.apache.spark.legacyDateTime", b"org.apache.spark.legacyINT96")
_TELLS_CALENDAR = (3, 1)
"""First version of Spark whose files state whether their dates use the old calendar."""


class RequiresSpark(ModelwatchError):
    """Only Spark can read the rows, or equal results without Spark are not proven."""


@dataclass(frozen=True)
class RowGroup:
    """A row group: its index, its number of rows, and the first and last day of a column."""

    at: int
    rows: int
    least: int | None = None
    greatest: int | None = None


@dataclass(frozen=True)
class Footer:
    """The footer of a file whose columns have the expected types.

    ``timed``: the date and timestamp columns that are read, with their index in the file.
    """

    metadata: pq.FileMetaData
    schema: pa.Schema
    timed: Mapping[str, int]

    def groups(self, day_column: str | None) -> list[RowGroup]:
        """The row groups, with the days of a date or timestamp column, if the file has it."""
        groups = range(self.metadata.num_row_groups)
        return [self._group(at, day_column) for at in groups]

    def _group(self, at: int, column: str | None) -> RowGroup:
        held = self.metadata.row_group(at)
        # Statistics of INT96, the older timestamps of Spark, are not reliable.
        if column is None or column not in self.timed or self._in_nanoseconds(column):
            return RowGroup(at, held.num_rows)
        stated = held.column(self.timed[column]).statistics
        if stated is None or not stated.has_min_max:
            return RowGroup(at, held.num_rows)
        kind, ends = self.schema.field(column).type, (stated.min_raw, stated.max_raw)
        if not all(isinstance(end, int) for end in ends):
            return RowGroup(at, held.num_rows)
        a_day = 1
        if pa.types.is_timestamp(kind):
            a_day = DAY_MICROS if kind.unit == "us" else DAY_MICROS // 1000
        return RowGroup(at, held.num_rows, ends[0] // a_day, ends[1] // a_day)

    def _in_nanoseconds(self, column: str) -> bool:
        kind = self.schema.field(column).type
        return bool(pa.types.is_timestamp(kind) and kind.unit == "ns")

    def check_calendar(self, path: Path) -> None:
        """Raises RequiresSpark if Spark may rebase a date or timestamp to another calendar."""
        stated = self.metadata.metadata or {}
        writer = stated.get(_SPARK_VERSION, b"").decode("ascii", "replace")
        version = re.match(r"(\d+)\.(\d+)", writer)
        if (
            version is not None
            and (int(version[1]), int(version[2])) >= _TELLS_CALENDAR
            and not any(key in stated for key in _LEGACY)
        ):
            return
        for name, number in self.timed.items():
            for group in self.groups(name):
                known = self.metadata.row_group(group.at).column(number).statistics
                nulls = known.null_count if known is not None and known.has_null_count else None
                if group.rows in (0, nulls):
                    continue
                if group.least is None or group.least < _REBASED_BEFORE:
                    raise RequiresSpark(f"{path} may have dates of the old calendar in {name!r}")


def footer_of(path: Path, read: Mapping[str, str]) -> Footer:
    """The footer of a file. ``read``: the columns to read, with their Spark types.

    Raises RequiresSpark if a column is stored as a different type, or if Spark may rebase it.
    """
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    except (OSError, pa.ArrowException) as error:
        # Spark then fails on the same file, and its error is reported.
        raise RequiresSpark(f"the footer of {path} can't be read: {error}") from error
    of_time = {name for name, kind in read.items() if kind == "date" or kind in TIMESTAMP_TYPES}
    numbers: dict[str, int] = {}
    if of_time:
        numbers = {metadata.schema.column(at).path: at for at in range(metadata.num_columns)}
    held = {name.lower(): name for name in schema.names}
    timed = {}
    for name, kind in read.items():
        spelled = held.get(name.lower())
        if "." in name and name.partition(".")[0].lower() in held:
            raise RequiresSpark(f"{path} has columns that {name!r} could mean")
        if spelled is None:
            continue  # the file is older than the column, which is null in it
        if spelled != name or schema.names.count(name) != 1:
            raise RequiresSpark(f"{path} has the column {name!r} as {spelled!r}")
        if name in of_time:
            if name not in numbers:
                raise RequiresSpark(f"{path} has {name!r} as a nested column")
            timed[name] = numbers[name]
        physical = metadata.schema.column(timed[name]).physical_type if name in timed else ""
        stored = schema.field(name).type
        if not _STORED[kind](stored, physical):
            raise RequiresSpark(f"{path} has {name!r} as {stored}, and the table as {kind}")
    footer = Footer(metadata, schema, timed)
    footer.check_calendar(path)
    return footer


def _is_text(kind: pa.DataType) -> bool:
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(values) or pa.types.is_large_string(values))


def _is_moment(kind: pa.DataType, physical: str) -> bool:
    if physical == "INT96":
        return True
    known = pa.types.is_timestamp(kind) and kind.unit in ("ms", "us")
    return bool(known and kind.tz is not None)


def _is_local_moment(kind: pa.DataType, physical: str) -> bool:
    known = pa.types.is_timestamp(kind) and kind.unit in ("ms", "us")
    return bool(known and kind.tz is None and physical == "INT64")


def _is_small(kind: pa.DataType, _: str) -> bool:
    return kind in (pa.int8(), pa.int16(), pa.int32())


_STORED: Mapping[str, Callable[[pa.DataType, str], bool]] = {
    "tinyint": _is_small,
    "smallint": _is_small,
    "int": _is_small,
    "bigint": lambda kind, _: kind == pa.int64(),
    "float": lambda kind, _: kind == pa.float32(),
    "double": lambda kind, _: kind == pa.float64(),
    "boolean": lambda kind, _: kind == pa.bool_(),
    "string": lambda kind, _: _is_text(kind),
    "date": lambda kind, _: kind == pa.date32(),
    "timestamp": _is_moment,
    "timestamp_ntz": _is_local_moment,
}
"""Per Spark type, whether an Arrow type and a Parquet type are stored values of that type."""
