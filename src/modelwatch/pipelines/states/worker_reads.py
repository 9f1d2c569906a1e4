"""The rows from which states are computed, read from files by Python workers or by Spark.

Both ways pass the same batches to the same aggregation, so the states are equal. Spark reads
everything for which this is not proven, and the run records the reason.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from pyspark.sql import DataFrame, SparkSession

from modelwatch.capabilities import no_file_access
from modelwatch.evaluation.batch_functions import BatchFunction
from modelwatch.evaluation.states.batches import BatchLayout
from modelwatch.io.delta.footers import RequiresSpark
from modelwatch.io.delta.snapshot import Snapshot
from modelwatch.io.delta.source_files import (
    TYPES_OF_SPARK,
    RequestedColumn,
    TableFiles,
    check_field,
    dealt_parts,
    pinned_snapshot,
)
from modelwatch.io.delta.sources import Source
from modelwatch.io.session.task_limits import cores, most_rows_per_batch
from modelwatch.log import LOG
from modelwatch.model.config.column_types import INTEGER_TYPES, TIMESTAMP_TYPES
from modelwatch.model.config.configuration import DaySource, MonitorConfig
from modelwatch.model.days import begins_twice, day_ranges, joined_ranges
from modelwatch.model.profile.features import Feature, Schema, find_column
from modelwatch.model.profile.options import Segmentation as SegmentChoice
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.spark.days import MOST_RANGES, day_starts
from modelwatch.spark.sources.file_rows import (
    NO_DAY,
    FileColumn,
    FileDays,
    FileReading,
    ValueForm,
    rows_of_files,
)
from modelwatch.stats.day_numbers import day_number, numbered_day

Reader = Literal["files", "spark"]
VALUES_A_TASK = 8_000_000
"""Number of values per task: a few tenths of a second, so that cores finish together."""
FEW_VALUES = 200_000
"""Number of values up to which a second task costs more than it saves."""
TEXT_TYPES = INTEGER_TYPES | {"string", "boolean"}
"""Types that Arrow and Spark cast to the same strings."""
_NUMERIC_FORMS: dict[str, ValueForm] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "float", "double", "boolean"), "double"),
    "bigint": "long",
    "date": "day",
}
_UTC = "UTC"
_LAST_DAY = day_number(date.max)


@dataclass(frozen=True)
class TableRead:
    """The reader of the rows of a role, and the reason if it is Spark."""

    role: str
    reader: Reader
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The read as a struct of the table ``runs``."""
        return {"role": self.role, "reader": self.reader, "reason": self.reason}


@dataclass(frozen=True)
class FileRows:
    """The features and segments to read from one table, on some days.

    ``config``: without predictions if the rows have none. ``roles``: number of roles in which rows
    are counted. ``days``: None for all rows, including those of a table without days.
    """

    role: str
    config: MonitorConfig
    features: tuple[Feature, ...]
    splits: tuple[SegmentChoice, ...]
    days: Collection[date] | None
    roles: int = 2


@dataclass(frozen=True)
class ReadByWorkers:
    """A DataFrame of tasks, and the function that maps it to scored rows in a layout."""

    frame: DataFrame
    taken: BatchFunction
    layout: BatchLayout


def read_by_workers(sources: Sources, wanted: FileRows) -> ReadByWorkers | TableRead:
    """The rows that Python workers read from the files of a table, or why Spark reads them."""
    try:
        return _read_by_workers(sources, wanted)
    except RequiresSpark as error:
        LOG.debug("Spark reads the rows of %s: %s", wanted.role, error)
        return TableRead(wanted.role, "spark", str(error))


def _read_by_workers(sources: Sources, wanted: FileRows) -> ReadByWorkers:
    source = _readable(sources, wanted)
    session, config = source.session, wanted.config
    snapshot = pinned_snapshot(str(source.place.path), source.version)
    types = {f.name: f.dataType.simpleString() for f in sources.frames[wanted.role].schema.fields}
    asked = _RequestedColumns(types)
    named_version = config.predictions.model_version if config.predictions else None
    version = None
    if named_version is not None and named_version.column is not None:
        version = asked.position(named_version.column, "version")
    segments = tuple(
        tuple(asked.position(column, "text") for column in split.columns or ())
        for split in wanted.splits
    )
    columns = tuple(asked.position(f.column, form_of(f)) for f in wanted.features)
    days = _days_of(session, snapshot, source.day, config.time_zone, wanted.days)
    files = TableFiles(snapshot, tuple(asked.columns), *days, _near_days(wanted.days or ()))
    taken, parts = list(files.columns()), files.parts()
    if version is None:
        # The version is the same for all rows: a constant per file.
        constant = sum(column.constant is not None for column in taken)
        taken.append(FileColumn("version", constant=constant))
        version = len(taken)
        name = None if named_version is None else str(named_version.literal)
        parts = [replace(part, values=(*part.values, name)) for part in parts]
    reading = FileReading(files.days, tuple(taken), most_rows_per_batch(session))
    values = sum(part.rows for part in parts) * len(taken)
    tasks = dealt_parts(parts, tasks_of(values, cores(session)))
    frame, rows = rows_of_files(session, tasks, reading)
    everywhere = (None,) * wanted.roles
    layout = BatchLayout(0, version, everywhere, everywhere, segments, columns)
    return ReadByWorkers(frame, rows, layout)


def tasks_of(values: int, at_once: int) -> int:
    """Number of tasks for a number of values, given the number of parallel tasks."""
    if values <= FEW_VALUES:
        return 1
    return at_once * -(-values // (VALUES_A_TASK * at_once))


def _readable(sources: Sources, wanted: FileRows) -> Source:
    """The source table. Raises RequiresSpark if its rows require Spark."""
    config, source = wanted.config, sources.opened[wanted.role]
    if config.read == "spark":
        raise RequiresSpark("the configuration says so (read: spark)")
    if not isinstance(source, Source):
        raise RequiresSpark("it is not a Delta table")
    if source.address.path is None:
        raise RequiresSpark("it is a catalog table, which may have access rules")
    if any(rule.sets_apart for rule in sources.config.rules_of(wanted.role)):
        raise RequiresSpark("rules exclude or quarantine its rows")
    if any(split.columns is None for split in wanted.splits):
        raise RequiresSpark("a segmentation has a predicate")
    reason = no_file_access(source.session)
    if reason is not None:
        raise RequiresSpark(reason)
    return source


def form_of(feature: Feature) -> ValueForm:
    """The form of a feature in scored rows, as in ``scored_rows.feature_value``.

    Raises RequiresSpark if Spark computes the values.
    """
    kind = feature.spark_type
    if feature.sensitive:
        raise RequiresSpark(f"the values of {feature.name!r} are hashed")
    if feature.kind == "categorical":
        if kind not in TEXT_TYPES:
            raise RequiresSpark(f"{feature.name!r}, of type {kind}, is counted by its text")
        return "text"
    if kind in TIMESTAMP_TYPES:
        return "micros"
    if kind in _NUMERIC_FORMS:
        return _NUMERIC_FORMS[kind]
    raise RequiresSpark(f"{feature.name!r} is a number of type {kind}")


class _RequestedColumns:
    """The requested columns of a table, each once per form."""

    def __init__(self, types: Schema) -> None:
        self._types = types
        self.columns: list[RequestedColumn] = []

    def position(self, column: str, form: ValueForm) -> int:
        """The position of a column in the layout, after the day, which comes first."""
        name = find_column(self._types, column)
        if name is None:
            raise RequiresSpark(f"there is no column {column!r}")
        kind = self._types[name]
        if form in ("text", "version") and kind not in TEXT_TYPES:
            raise RequiresSpark(f"{name!r}, of type {kind}, is read as text")
        one = RequestedColumn(name, form, kind)
        if one not in self.columns:
            self.columns.append(one)
        return 1 + self.columns.index(one)


def _days_of(
    session: SparkSession,
    snapshot: Snapshot,
    source: DaySource | None,
    time_zone: str,
    days: Collection[date] | None,
) -> tuple[FileDays, str | None, str | None]:
    """How the day is determined: by a column, by a partition, or by both."""
    if source is None:
        return FileDays(), None, None
    names = {name.lower(): name for name in snapshot.columns}
    partitions = frozenset(snapshot.metadata.get("partitionColumns") or ())
    numbers = None if days is None else tuple(sorted(map(day_number, set(days))))

    def found(column: str) -> tuple[str, str]:
        """The name of a column in the files, and its type."""
        name = names.get(column.lower())
        kind = None if name is None else snapshot.columns[name]["type"]
        if name is None or not isinstance(kind, str) or kind not in TYPES_OF_SPARK:
            raise RequiresSpark(f"the day column {column!r} is not a plain column")
        check_field(RequestedColumn(name, "day", TYPES_OF_SPARK[kind]), snapshot.columns[name])
        return name, TYPES_OF_SPARK[kind]

    if source.column is not None:
        name, kind = found(source.column)
        if name in partitions:
            return FileDays(wanted=numbers), name, None
        if kind != "date":
            raise RequiresSpark(f"the days in {name!r} are of type {kind}")
        return FileDays(name, "day", numbers), None, None
    name, kind = found(str(source.time_column))
    near = None if source.partition_column is None else found(source.partition_column)[0]
    if name in partitions or kind not in TIMESTAMP_TYPES:
        raise RequiresSpark(f"the time in {name!r} is a partition or of type {kind}")
    if near is not None and near not in partitions:
        raise RequiresSpark(f"{near!r} is not a partition column")
    starts = None
    if kind == "timestamp" and time_zone != _UTC:
        starts = _starts(session, numbers, time_zone)
    return FileDays(name, "micros", numbers, starts), None, near


def _near_days(days: Collection[date]) -> tuple[tuple[int, int], ...]:
    """The ranges of days in the condition of Spark that partitions have to be close to."""
    few = joined_ranges(day_ranges(days), MOST_RANGES)
    return tuple((day_number(one.first), day_number(one.last)) for one in few)


def _starts(
    session: SparkSession, days: tuple[int, ...] | None, time_zone: str
) -> tuple[tuple[int, int], ...]:
    """The times at which days of a time zone begin, with these days."""
    if days is None:
        raise RequiresSpark(f"all rows are read, each with its day in {time_zone}")
    if not days:
        return ()
    ends = sorted({*days, *(day + 1 for day in days)})
    if ends[-1] > _LAST_DAY or any(begins_twice(numbered_day(day), time_zone) for day in ends):
        raise RequiresSpark(f"clocks of {time_zone} change at midnight of a day")
    wanted = frozenset(days)
    moments = day_starts(session, ends, time_zone)
    return tuple((m, d if d in wanted else NO_DAY) for m, d in zip(moments, ends, strict=True))
