"""The rows of a small table on a local disk, read by pyarrow: no Spark session has to start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.io.delta.snapshot import LogUnreadable, local_log, local_snapshot
from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.table_facts import ColumnFacts, PartitionDistance
from modelwatch.model.sources.tables import TableAddress
from modelwatch.pipelines.onboarding.table_rows import RequestedMetric, SampleFacts
from modelwatch.spark.days import DAY, EIGHT_DIGITS
from modelwatch.spark.onboarding.sample_facts import facts_of_table
from modelwatch.stats.day_numbers import day_number, numbered_day

MOST_BYTES = 64 << 20
"""Bytes of the files of a table that is read as a whole."""
MOST_READ_VALUES = 40_000_000
"""Values of a table that is read as a whole: its rows by its columns."""
_TYPES = {
    "string": ("string", pa.string()),
    "long": ("bigint", pa.int64()),
    "integer": ("int", pa.int32()),
    "short": ("smallint", pa.int16()),
    "byte": ("tinyint", pa.int8()),
    "double": ("double", pa.float64()),
    "float": ("float", pa.float32()),
    "boolean": ("boolean", pa.bool_()),
    "date": ("date", pa.date32()),
    "timestamp": ("timestamp", pa.timestamp("us", "UTC")),
    "timestamp_ntz": ("timestamp_ntz", pa.timestamp("us")),
}
"""By the name of a type in the log, its name in Spark and its type in Arrow."""
_PARTED = r"^(?P<day>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})"


class LocalRows:
    """The rows of a table that ``local_rows`` has read."""

    def __init__(
        self,
        address: TableAddress,
        columns: tuple[ColumnFacts, ...],
        partitions: tuple[str, ...],
        rows: pa.Table,
    ) -> None:
        self.address = address
        self.columns = columns
        self.partitions = partitions
        self.rows = rows

    def distance(self, time: str, partition: str, time_zone: str) -> PartitionDistance:
        """As ``TableRows``."""
        day = self.days(time, time_zone)
        apart = np.abs(_numbers(self.rows.column(partition)) - _numbers(day))
        timed = len(self.rows) - day.null_count
        return PartitionDistance(
            time,
            partition,
            len(self.rows),
            without_time=day.null_count,
            elsewhere=timed - int((apart == 0).sum()),
            apart=timed - int((apart <= 1).sum()),
        )

    def first_facts(self, count: int) -> tuple[ColumnFacts, ...]:
        """As ``TableRows``."""
        return facts_of_table(self.rows.slice(0, count), self._types)[1]

    def rows_by_day(self, day: DayGuess, time_zone: str) -> dict[date, int]:
        """As ``TableRows``."""
        counted = pc.value_counts(self.days(day.column, time_zone).drop_null())
        days = counted.field("values").to_pylist()
        return dict(zip(days, counted.field("counts").to_pylist(), strict=True))

    def sample_facts(
        self, day: DayGuess, time_zone: str, days: Sequence[date], held: int, wanted: int
    ) -> SampleFacts:
        """As ``TableRows``."""
        dated = self.dated(day, time_zone)
        rows = dated.filter(pc.is_in(dated.column(DAY), pa.array(list(days), pa.date32())))
        if held > wanted:
            drawn = np.random.default_rng(0).choice(len(rows), wanted, replace=False)
            rows = rows.take(pa.array(np.sort(drawn)))
        types = dict(self._types)
        if types[day.column] in ("string", "int", "bigint"):
            # As in Spark, strings and integers that contain the day are dates in these rows.
            at = rows.schema.get_field_index(day.column)
            rows = rows.set_column(at, day.column, rows.column(DAY))
        return facts_of_table(rows, types)

    def metrics_by_day(
        self, day: DayGuess, time_zone: str, days: Sequence[date], asked: Sequence[RequestedMetric]
    ) -> Mapping[str, Mapping[date, float]]:
        """As ``TableRows``."""
        dated = self.dated(day, time_zone)
        among = pc.is_in(dated.column(DAY), pa.array(list(days), pa.date32()))
        rows = dated.filter(among)
        of = _numbers(rows.column(DAY)).astype(np.int64)
        distinct, at = np.unique(of, return_inverse=True)
        named_days = [numbered_day(int(number)) for number in distinct]
        found = {}
        for one in asked:
            values = _metric_values(rows.column(one.column), one)
            daily = _by_group(values, at, len(distinct), one.what == "sd")
            known = zip(named_days, daily.tolist(), strict=True)
            found[one.key] = {d: value for d, value in known if np.isfinite(value)}
        return found

    def arrivals(
        self, label: str, day: str, known: str | None, time_zone: str
    ) -> Sequence[tuple[date, int, int]]:
        """As ``TableRows``."""
        of = _numbers(self.days(day, time_zone))
        late = _numbers(self.days(known, time_zone)) - of if known else np.zeros(len(of))
        valid = self.rows.column(label).is_valid().to_numpy() & np.isfinite(of) & np.isfinite(late)
        pairs = np.stack((of[valid], late[valid])).astype(np.int64)
        distinct, counts = np.unique(pairs, axis=1, return_counts=True)
        return [
            (numbered_day(int(d)), int(k), int(n))
            for d, k, n in zip(distinct[0], distinct[1], counts, strict=True)
        ]

    def dated(self, day: DayGuess, time_zone: str) -> pa.Table:
        """The rows that have a day, with it."""
        days = self.days(day.column, time_zone)
        return self.rows.append_column(DAY, days).filter(days.is_valid())

    def days(self, name: str, time_zone: str) -> pa.ChunkedArray:
        """A column of dates in any form, as dates of Python's calendar."""
        column = self.rows.column(name)
        if pa.types.is_timestamp(column.type) and column.type.tz is None:
            # A time without zone has its own date.
            found = pc.floor_temporal(column, unit="day").cast(pa.date32())
        elif pa.types.is_timestamp(column.type):
            local = pd.DatetimeIndex(column.to_pandas(date_as_object=False)).tz_convert(time_zone)
            found = pa.chunked_array([pa.array(local.tz_localize(None)).cast(pa.date32(), False)])
        elif pa.types.is_date(column.type):
            found = column
        else:
            found = _spelled(column.cast(pa.string()))
        first, last = (pa.scalar(day_number(end), pa.int32()) for end in (date.min, date.max))
        numbers = found.cast(pa.int32())
        within = pc.and_(pc.greater_equal(numbers, first), pc.less_equal(numbers, last))
        return pc.if_else(within, found, pa.scalar(None, pa.date32()))

    @property
    def _types(self) -> dict[str, str]:
        return {column.name: column.spark_type for column in self.columns}


def local_rows(address: TableAddress) -> LocalRows | None:
    """The rows of a table; None where only Spark can read it, or where it is large.

    Read here are tables of a local folder without nested columns, deleted rows and mapped names.
    """
    folder = None if address.path is None else local_log(str(Path(address.path).absolute()))
    if folder is None:
        return None
    try:
        snapshot = local_snapshot(folder)
        kinds = {name: str(field["type"]) for name, field in snapshot.columns.items()}
        counts = [file.rows for file in snapshot.files]
        values = sum(count or 0 for count in counts) * max(len(kinds), 1)
        small = snapshot.bytes <= MOST_BYTES and None not in counts and values <= MOST_READ_VALUES
        if not small or not set(kinds.values()) <= set(_TYPES):
            return None
        schema = pa.schema([(name, _TYPES[kind][1]) for name, kind in kinds.items()])
        rows = snapshot.table(schema)
    except LogUnreadable:
        return None
    columns = tuple(ColumnFacts(name, _TYPES[kind][0]) for name, kind in kinds.items())
    return LocalRows(address, columns, tuple(snapshot.metadata.get("partitionColumns") or ()), rows)


def _spelled(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """The dates that texts spell, ``yyyymmdd`` or ``yyyy-mm-dd``; null for any other."""
    parts = [pc.utf8_slice_codeunits(text, *ends) for ends in ((0, 4), (4, 6), (6, 8))]
    digits = pc.binary_join_element_wise(*parts, "-")
    parted = pc.struct_field(pc.extract_regex(text, _PARTED), "day")
    chosen = pc.if_else(pc.match_substring_regex(text, EIGHT_DIGITS), digits, parted)
    return pc.strptime(chosen, format="%Y-%m-%d", unit="s", error_is_null=True).cast(pa.date32())


def _numbers(days: pa.ChunkedArray) -> np.ndarray:
    """Days as numbers since 1970, NaN for none."""
    numbers = days.cast(pa.int32()).cast(pa.float64())
    return np.asarray(numbers.fill_null(float("nan")).to_numpy())


def _metric_values(column: pa.ChunkedArray, asked: RequestedMetric) -> np.ndarray:
    """The values by row whose mean or deviation is the metric; NaN for other rows."""
    if asked.what == "nulls":
        return np.asarray(column.is_null().to_numpy(), dtype=np.float64)
    if asked.what == "share":
        same = pc.equal(column, pa.scalar(asked.value).cast(column.type)).cast(pa.float64())
        return np.asarray(same.fill_null(float("nan")).to_numpy())
    numbers = column.cast(pa.float64(), safe=False).fill_null(float("nan"))
    values = np.asarray(numbers.to_numpy())
    return np.where(np.isfinite(values), values, np.nan)


def _by_group(values: np.ndarray, at: np.ndarray, groups: int, spread: bool) -> np.ndarray:
    """The mean of the values by group, or their standard deviation; NaN without enough."""
    known = np.isfinite(values)
    count = np.bincount(at[known], minlength=groups).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(at[known], values[known], minlength=groups) / count
        if not spread:
            return np.asarray(mean)
        apart = np.where(known, values - mean[at], 0.0) ** 2
        return np.asarray(np.sqrt(np.bincount(at, apart, minlength=groups) / (count - 1)))
