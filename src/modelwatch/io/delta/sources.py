"""Source tables: pinned to a version, with the days that they hold and the days that changed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar
from urllib.parse import unquote

from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.io.delta.addresses import Place, source_place
from modelwatch.io.delta.day_files import DayFiles, DayVolume
from modelwatch.io.delta.file_days import file_days
from modelwatch.io.delta.log import DeltaLog, LogUnreadable, delta_log, unglobbed
from modelwatch.io.failures import advised, first_line
from modelwatch.model.config.column_paths import ColumnPath
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.sources.change import SourceChange
from modelwatch.model.sources.tables import DaySource, TableAddress
from modelwatch.spark.days import day_of, named, type_of
from modelwatch.spark.sources.rows import spells_days, taken_rows

_MAX_FILES_ASKED = 10_000

Result = TypeVar("Result")


class OncePerSource(Generic[Result]):
    """A property of a source that is asked once.

    The lock of ``cached_property`` is one for all sources before Python 3.12: their tables would
    be waited for one after the other.
    """

    def __init__(self, ask: Callable[[Source], Result]) -> None:
        """Of what is asked."""
        self._ask, self._name = ask, ask.__name__
        self.__doc__ = ask.__doc__

    def __get__(self, source: Source, owner: type[Source]) -> Result:
        """What is asked, which then stands in the source."""
        found = source.__dict__[self._name] = self._ask(source)
        return found


@dataclass(frozen=True)
class Source:
    """A source table at one Delta version.

    ``log`` is None where the platform does not let its files be read: then the table itself is
    asked, which costs a scan of one column. ``day`` is None for a table without days. ``paths``:
    those that may lead into its nested columns.
    """

    session: SparkSession
    role: str
    address: TableAddress
    day: DaySource | None
    time_zone: str
    version: int
    log: DeltaLog | None
    paths: tuple[ColumnPath, ...] = ()

    @property
    def place(self) -> Place:
        """Where the table is."""
        return source_place(self.address)

    def frame(self) -> DataFrame:
        """Its rows at the version as a run takes them. SourceError if they can't be read."""
        return taken_rows(self.stored(), self.day, self.paths)

    def stored(self) -> DataFrame:
        """Its rows at the version as they are stored. SourceError if they can't be read."""
        try:
            return self.place.read(self.session, self.version)
        except (PySparkException, Py4JError) as error:
            raise self.error(f"version {self.version} can't be read: {advised(error)}") from error

    @OncePerSource
    def table_id(self) -> str | None:
        """Id with which the table was created; None where it is not known."""
        return self.reading(self.log.created_id) if self.log else None

    @OncePerSource
    def inventory(self) -> tuple[DayFiles, ...]:
        """Its files by days, from the log alone where that says it."""
        if self.day is None:
            raise ValueError(f"{self.role} has no day")
        if self.log is not None:
            try:
                return self._spelled(self.reading(self._logged_inventory))
            except LogUnreadable:
                # Checkpoints of a newer form, or files without statistics.
                pass
        return self._spelled(self.reading(self._scanned_inventory))

    def _spelled(self, inventory: tuple[DayFiles, ...]) -> tuple[DayFiles, ...]:
        """The inventory; SourceError if the column of the day is text that never spells one."""
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
        """Days that may have rows, those before a day if given.

        Exact where days are partitions; where they come from statistics, a day without rows
        between others may be among them.
        """
        days: set[date] = set()
        for group in self.inventory:
            days.update(_days_between(group.first, group.last))
        return frozenset(day for day in days if before is None or day < before)

    def volume(self, days: Collection[date]) -> DayVolume:
        """Files, bytes and rows that a scan of some days reads."""
        wanted = set(days)
        groups = [
            group
            for group in self.inventory
            if not wanted.isdisjoint(_days_between(group.first, group.last))
        ]
        rows = [group.rows for group in groups]
        return DayVolume(
            sum(group.files for group in groups),
            sum(group.bytes for group in groups),
            None if None in rows else sum(row for row in rows if row is not None),
        )

    def rows_by_day(self) -> dict[date, float]:
        """Rows of each day, empty where the table does not tell; those of a file of several days as
        if each had as many."""
        found: dict[date, float] = {}
        for group in self.inventory:
            if group.rows is None:
                return {}
            days = _days_between(group.first, group.last)
            for day in days:
                found[day] = found.get(day, 0.0) + group.rows / len(days)
        return found

    def change(self, from_version: int | None, table_id: str | None = None) -> SourceChange:
        """What happened since a version, of the table that was created with an id.

        Compaction and other rewrites that change no row are no change. ``all_days`` where the log
        can't tell: it was cleaned, the version went backwards, the table was created anew.
        SourceError if what a new version added is lost.
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

        For a read that has failed: Spark does not always say in which file.
        """
        files = frame.inputFiles()[:_MAX_FILES_ASKED]
        try:
            if files:
                footers = self.session.read.option("mergeSchema", "true")
                _ = footers.parquet(*(unglobbed(unquote(file)) for file in files)).schema
        except (PySparkException, Py4JError) as error:
            return f"{self.role} in {self.address}: {advised(error)}"
        return None

    def error(self, message: str) -> SourceError:
        """An error that names the table."""
        return _source_error(self.role, self.address, message)

    def _check_newest_commit(self) -> None:
        """SourceError if it is empty: the run would pass over the version, and never look again."""
        log = self.log
        if log is None:
            return
        empty = self.reading(lambda: log.empty_commit(self.version))
        if empty is not None:
            raise self.error(advised(LogUnreadable(f"the commit {empty} is empty")))

    def is_another(self, from_version: int, table_id: str | None) -> bool:
        """Whether the table is not the one that had a version and an id, but made since."""
        if from_version > self.version:
            return True
        return table_id is not None and self.table_id is not None and table_id != self.table_id

    def _changed_days(self, from_version: int) -> frozenset[date] | None:
        if self.log is None:
            return None
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

    def _days_of(self, files: DataFrame) -> frozenset[date]:
        """Days of the rows of some files; LogUnreadable if neither log nor files tell."""
        spans = file_days(files, self.logged_day, self.day_type, self.time_zone)
        days: set[date] = set()
        asked: list[str] = []
        for row in spans.select("first", "last", "asked").distinct().collect():
            if row.asked is not None:
                asked.append(row.asked)
            elif row["first"] is not None:
                days.update(_days_between(row["first"], row["last"]))
        return frozenset(days | self._days_in_files(asked))

    def _days_in_files(self, paths: list[str]) -> set[date]:
        """Days in files that the log names without telling their days."""
        if not paths:
            return set()
        if len(paths) > _MAX_FILES_ASKED:
            raise LogUnreadable("too many files without statistics")
        log = present(self.log, "log")
        # The folders' names are no columns of these files.
        reader = self.session.read.option("recursiveFileLookup", "true")
        try:
            files = reader.parquet(*(unglobbed(log.data_path(path)) for path in paths))
            rows = taken_rows(files, self.logged_day)
            day = day_of(rows, self.logged_day, self.time_zone)
            found = rows.select(day.alias("day")).distinct()
            return {row.day for row in found.collect() if row.day is not None}
        except AnalysisException as error:
            # Removed files are deleted in time.
            raise LogUnreadable(first_line(error)) from error

    def _logged_inventory(self) -> tuple[DayFiles, ...]:
        files = present(self.log, "log").files(self.version)
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

    @OncePerSource
    def day_type(self) -> str:
        """Spark's type of the column that tells the day."""
        day = present(self.day, "day")
        return type_of(self.frame(), str(day.column or day.time_column))

    @OncePerSource
    def logged_day(self) -> DaySource:
        """The day's columns by the names that files and log use."""
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
        except (PySparkException, Py4JError) as error:
            raise self.error(f"its log or files can't be read: {advised(error)}") from error


def open_source(
    session: SparkSession,
    role: str,
    address: TableAddress,
    day: DaySource | None,
    time_zone: str,
    version: int | None = None,
) -> Source:
    """The source table at a version, the newest if none is given; no Spark job.

    SourceError if there is no such Delta table, or if a column that tells the day is missing.
    """
    place = source_place(address)
    log = None
    unlisted = ""
    try:
        location = _location(session, place)
        log = delta_log(session, location)
    except LogUnreadable as error:
        unlisted = str(error)
    except (PySparkException, Py4JError) as error:
        raise _source_error(role, address, f"no such table: {first_line(error)}") from error
    if version is None:
        version = log.version if log else _newest_version(session, role, address, unlisted)
    source = Source(session, role, address, day, time_zone, version, log)
    columns = {name.lower() for name in source.frame().columns}
    for name in day.columns if day else ():
        if name.lower() not in columns:
            raise source.error(f"has no column {name!r}, the day column")
    return source


def _location(session: SparkSession, place: Place) -> str:
    if place.path is not None:
        return place.path.rstrip("/") or "/"
    described = session.sql(f"DESCRIBE TABLE EXTENDED {place.identifier}").collect()
    for row in described:
        if row.col_name == "Location":
            return str(row.data_type).rstrip("/")
    raise LogUnreadable("the catalog has no location for it")


def _newest_version(session: SparkSession, role: str, address: TableAddress, unlisted: str) -> int:
    """Where the log can't be listed, the table's history still tells."""
    place = source_place(address)
    try:
        newest = session.sql(f"DESCRIBE HISTORY {place.identifier} LIMIT 1").first()
    except (PySparkException, Py4JError) as error:
        raise _source_error(role, address, f"not a Delta table: {first_line(error)}") from error
    if newest is None:
        raise _source_error(role, address, f"not a Delta table: {unlisted}")
    return int(newest.version)


def _source_error(role: str, address: TableAddress, message: str) -> SourceError:
    return SourceError([Problem(role, None, message)], origin=str(address))


def _days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
