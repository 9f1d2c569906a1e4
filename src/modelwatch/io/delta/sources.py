"""Source tables, pinned to a version: their days, and their changed days."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Generic, TypeVar
from urllib.parse import unquote

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.io.delta import table_changes
from modelwatch.io.delta.addresses import Place, not_delta, source_place
from modelwatch.io.delta.file_days import DayFiles, DayVolume, days_between, file_days, local_days
from modelwatch.io.delta.log import DeltaLog, delta_log, table_location, unglobbed
from modelwatch.io.delta.snapshot import LogUnreadable
from modelwatch.io.delta.table_changes import table_id
from modelwatch.io.failures import first_line, with_remedy
from modelwatch.model.config.column_paths import ColumnPath
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.sources.change import SourceChange
from modelwatch.model.sources.tables import DaySource, TableAddress
from modelwatch.query_failures import QUERY_FAILURES
from modelwatch.spark.days import day_of, named, type_of
from modelwatch.spark.sources.rows import spells_days, taken_rows

_MAX_FILES_ASKED = 10_000

Result = TypeVar("Result")


class CachedPerSource(Generic[Result]):
    """A property of a source that is computed once.

    Before Python 3.12, ``cached_property`` has one lock for all instances, so sources would wait
    for one another.
    """

    def __init__(self, ask: Callable[[Source], Result]) -> None:
        """Wraps a function of the source."""
        self._ask, self._name = ask, ask.__name__
        self.__doc__ = ask.__doc__

    def __get__(self, source: Source, owner: type[Source]) -> Result:
        """Computes the value, which is then stored in the source."""
        found = source.__dict__[self._name] = self._ask(source)
        return found


@dataclass(frozen=True)
class Source:
    """A source table at one Delta version.

    ``log`` is None if the platform does not allow reading its files. The table is then queried,
    which costs a scan of one column. ``day`` is None for a table without days. ``paths``: paths
    that may lead into its nested columns. ``opened``: its rows, because opening takes time.
    """

    session: SparkSession
    role: str
    address: TableAddress
    day: DaySource | None
    time_zone: str
    version: int
    log: DeltaLog | None
    paths: tuple[ColumnPath, ...] = ()
    opened: DataFrame | None = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> Place:
        """Its location."""
        return source_place(self.address)

    def frame(self) -> DataFrame:
        """Its rows at the version, as a run uses them. SourceError if they cannot be read."""
        return taken_rows(self.stored(), self.day, self.paths)

    def stored(self) -> DataFrame:
        """Its rows at the version, as stored. SourceError if they cannot be read."""
        if self.opened is not None:
            return self.opened
        try:
            return self.place.read(self.session, self.version)
        except QUERY_FAILURES as error:
            raise self.error(
                f"version {self.version} can't be read: {with_remedy(error)}"
            ) from error

    @CachedPerSource
    def table_id(self) -> str | None:
        """Id with which the table was created; None where it is not known."""
        log = self.log
        return self.reading(log.created_id) if log else table_id(self.session, self.place)

    @CachedPerSource
    def inventory(self) -> tuple[DayFiles, ...]:
        """Its files by days, from the log alone if possible."""
        if self.day is None:
            raise ValueError(f"{self.role} has no day")
        if self.log is not None:
            try:
                return self._spelled(self.reading(self._logged_inventory))
            except LogUnreadable:
                # The checkpoint has a newer format, or files lack statistics.
                pass
        return self._spelled(self.reading(self._scanned_inventory))

    def _spelled(self, inventory: tuple[DayFiles, ...]) -> tuple[DayFiles, ...]:
        """The inventory; SourceError if the day column is a string that never contains a day."""
        name = self.day.column if self.day else None
        if inventory or name is None:
            return inventory
        stored = self.stored().select(named(name))
        if spells_days(stored.schema.fields[0].dataType):
            example = self.reading(stored.first)
            if example is not None:
                raise self.error(
                    f"no value of {name!r}, the day column, can be parsed: "
                    f"{example[0]!r} is neither yyyymmdd nor yyyy-mm-dd"
                )
        return inventory

    def present(self, before: date | None = None) -> frozenset[date]:
        """Days that may have rows, before a day if given.

        Exact if days are partitions. If they come from statistics, days without rows in between may
        be included.
        """
        days: set[date] = set()
        for group in self.inventory:
            days.update(days_between(group.first, group.last))
        return frozenset(day for day in days if before is None or day < before)

    def volume(self, days: Collection[date]) -> DayVolume:
        """Files, bytes, and rows that a scan of some days reads."""
        wanted = set(days)
        groups = [
            group
            for group in self.inventory
            if not wanted.isdisjoint(days_between(group.first, group.last))
        ]
        rows = [group.rows for group in groups]
        return DayVolume(
            sum(group.files for group in groups),
            sum(group.bytes for group in groups),
            None if None in rows else sum(row for row in rows if row is not None),
        )

    def rows_by_day(self) -> dict[date, float]:
        """Rows of each day, empty if unknown; the rows of a file with several days are spread
        evenly over them."""
        found: dict[date, float] = {}
        for group in self.inventory:
            if group.rows is None:
                return {}
            days = days_between(group.first, group.last)
            for day in days:
                found[day] = found.get(day, 0.0) + group.rows / len(days)
        return found

    def change(self, from_version: int | None, table_id: str | None = None) -> SourceChange:
        """The changes since a version of the table with an id.

        Compaction and other rewrites without changed rows do not count. ``all_days`` if the log
        does not show the changes: it was cleaned up, the version went backward, or the table was
        created again. SourceError if rows that a new version added are lost.
        """
        days: frozenset[date] | None = frozenset()
        if from_version != self.version:
            self._check_newest_commit()
        if from_version is None or self.is_another(from_version, table_id):
            days = None
        elif from_version < self.version:
            days = self._changed_days(from_version)
        return SourceChange(
            role=self.role,
            table=str(self.address),
            version=self.version,
            from_version=from_version,
            days=days or frozenset(),
            all_days=days is None,
            present=self.present() if self.day is not None else None,
        )

    def broken_file(self, frame: DataFrame) -> str | None:
        """What is wrong with a file of some rows, with its name; None if all can be opened.

        Used after a failed read, because Spark does not always name the file.
        """
        files = frame.inputFiles()[:_MAX_FILES_ASKED]
        try:
            if files:
                footers = self.session.read.option("mergeSchema", "true")
                _ = footers.parquet(*(unglobbed(unquote(file)) for file in files)).schema
        except QUERY_FAILURES as error:
            return f"{self.role} in {self.address}: {with_remedy(error)}"
        return None

    def error(self, message: str) -> SourceError:
        """An error that names the table."""
        return _source_error(self.role, self.address, message)

    def _check_newest_commit(self) -> None:
        """Raises SourceError if the commit is empty: the run would skip the version forever."""
        log = self.log
        if log is None:
            return
        empty = self.reading(lambda: log.empty_commit(self.version))
        if empty is not None:
            raise self.error(with_remedy(LogUnreadable(f"the commit {empty} is empty")))

    def is_another(self, from_version: int, table_id: str | None) -> bool:
        """Whether the table is not the one with a version and id, but was created later."""
        if from_version > self.version:
            return True
        return table_id is not None and self.table_id is not None and table_id != self.table_id

    def _changed_days(self, from_version: int) -> frozenset[date] | None:
        if self.log is None:
            return self.reading(lambda: self._days_differing(from_version))
        try:
            actions = self.log.actions(from_version, self.version)
            touched = actions.select(F.coalesce("add", "remove").alias("add")).where(
                "add.dataChange"
            )
            if self.day is None:
                changed = self.reading(lambda: touched.limit(1).collect())
                return None if changed else frozenset()
            return self.reading(lambda: self._days_of(touched))
        except LogUnreadable:
            return None

    def _days_differing(self, from_version: int) -> frozenset[date] | None:
        """The same where the files of the log are out of reach: two versions are compared."""
        session, place, day, zone = self.session, self.place, self.day, self.time_zone
        if table_changes.keeps_rows(session, place, from_version, self.version):
            return frozenset()
        then = table_changes.rows_at(session, place, from_version)
        if day is None or then is None:
            return None
        before = taken_rows(then, day, self.paths)
        return table_changes.changed_days(before, self.frame(), lambda r: day_of(r, day, zone))

    def _days_of(self, files: DataFrame) -> frozenset[date]:
        """Days of the rows of some files; LogUnreadable if neither log nor files contain them."""
        spans = file_days(files, self.logged_day, self.day_type, self.time_zone)
        days: set[date] = set()
        asked: list[str] = []
        for row in spans.select("first", "last", "asked").distinct().collect():
            if row.asked is not None:
                asked.append(row.asked)
            elif row["first"] is not None:
                days.update(days_between(row["first"], row["last"]))
        return frozenset(days | self._days_in_files(asked))

    def _days_in_files(self, paths: list[str]) -> set[date]:
        """Days of files whose days are not in the log."""
        if not paths:
            return set()
        if len(paths) > _MAX_FILES_ASKED:
            raise LogUnreadable("too many files without statistics")
        log = present(self.log, "log")
        # Folder names are not columns of these files.
        reader = self.session.read.option("recursiveFileLookup", "true")
        try:
            files = reader.parquet(*(unglobbed(log.data_path(path)) for path in paths))
            rows = taken_rows(files, self.logged_day)
            day = day_of(rows, self.logged_day, self.time_zone)
            found = rows.select(day.alias("day")).distinct()
            return {row.day for row in found.collect() if row.day is not None}
        except AnalysisException as error:
            # Removed files may be deleted already.
            raise LogUnreadable(first_line(error)) from error

    def _logged_inventory(self) -> tuple[DayFiles, ...]:
        log = present(self.log, "log")
        if known := local_days(log, self.version, present(self.day, "day")):
            return known
        files = log.files(self.version)
        spans = file_days(files, self.logged_day, self.day_type, self.time_zone)
        grouped = spans.groupBy("first", "last", F.col("asked").isNotNull().alias("asked")).agg(
            F.count(F.lit(1)).alias("files"),
            F.sum("add.size").alias("bytes"),
            F.sum("rows").alias("rows"),
            F.count("rows").alias("counted"),
        )
        groups = grouped.collect()
        if any(group.asked for group in groups):
            raise LogUnreadable("files whose days are not in the log")
        return tuple(
            DayFiles(
                group["first"],
                group["last"],
                group.files,
                group.bytes or 0,
                group.rows if group.counted == group.files else None,
            )
            for group in groups
            if group["first"] is not None
        )

    def _scanned_inventory(self) -> tuple[DayFiles, ...]:
        frame = self.frame()
        day = day_of(frame, present(self.day, "day"), self.time_zone)
        by_file = (
            frame.select(day.alias("day"), "_metadata.file_path", "_metadata.file_size")
            .where("day is not null")
            .groupBy("day", "file_path", "file_size")
            .count()
        )
        by_day = by_file.groupBy("day").agg(
            F.count(F.lit(1)).alias("files"),
            F.sum("file_size").alias("bytes"),
            F.sum("count").alias("rows"),
        )
        return tuple(
            DayFiles(row.day, row.day, row.files, row.bytes, row.rows) for row in by_day.collect()
        )

    @CachedPerSource
    def day_type(self) -> str:
        """Spark's type of the day column."""
        day = present(self.day, "day")
        return type_of(self.frame(), str(day.column or day.time_column))

    @CachedPerSource
    def logged_day(self) -> DaySource:
        """The day columns by their names in files and log."""
        day, log = present(self.day, "day"), present(self.log, "log")
        shown = self.session.sql(f"SHOW TBLPROPERTIES {self.place.identifier}").collect()
        properties = {row.key: row.value for row in shown}
        names = {field.lower(): field for field in self.stored().columns}
        changed = {}
        for role in ("column", "time_column", "partition_column"):
            name = getattr(day, role)
            if name is not None:
                name = names.get(name.lower(), name)
                if properties.get("delta.columnMapping.mode", "none") != "none":
                    name = log.physical_name(name, self.version)
                changed[role] = name
        return day.model_copy(update=changed)

    def reading(self, action: Callable[[], Result]) -> Result:
        """An action on the table's log or files, whose failure names the table."""
        try:
            return action()
        except QUERY_FAILURES as error:
            raise self.error(f"its log or files can't be read: {with_remedy(error)}") from error


def open_source(
    session: SparkSession,
    role: str,
    address: TableAddress,
    day: DaySource | None,
    time_zone: str,
    version: int | None = None,
) -> Source:
    """The source table at a version, by default the newest; no Spark job.

    SourceError if there is no such Delta table, or if a day column is missing.
    """
    place = source_place(address)
    log, unlisted = None, ""
    try:
        location = table_location(session, place)
        log = delta_log(session, location)
    except LogUnreadable as error:
        unlisted = str(error)
    except QUERY_FAILURES as error:
        raise _source_error(role, address, f"no such table: {first_line(error)}") from error
    if version is None:
        version = log.version if log else _newest_version(session, role, address, unlisted)
    closed = Source(session, role, address, day, time_zone, version, log)
    source = replace(closed, opened=closed.stored())
    columns = {name.lower() for name in source.frame().columns}
    for name in day.columns if day else ():
        if name.lower() not in columns:
            raise source.error(f"has no column {name!r}, the day column")
    return source


def _newest_version(session: SparkSession, role: str, address: TableAddress, unlisted: str) -> int:
    try:
        # If the log cannot be listed, the history of the table has the version.
        newest = table_changes.newest_version(session, source_place(address))
    except QUERY_FAILURES as error:
        raise _source_error(role, address, not_delta(address, first_line(error))) from error
    if newest is None:
        raise _source_error(role, address, not_delta(address, unlisted))
    return newest


def _source_error(role: str, address: TableAddress, message: str) -> SourceError:
    return SourceError([Problem(role, None, message)], origin=str(address))
