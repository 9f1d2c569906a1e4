"""New rows of a table that belong to no window, from its log and its new files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from modelwatch.capabilities import resolved
from modelwatch.errors import present
from modelwatch.io.delta.file_days import logged_date
from modelwatch.io.delta.log import unglobbed, with_stats
from modelwatch.io.delta.snapshot import LogUnreadable
from modelwatch.io.delta.sources import Source
from modelwatch.io.failures import first_line
from modelwatch.model.planning.outside_windows import Arrived, Cause, Outside
from modelwatch.spark.days import date_literal, in_calendar, local_date, named, type_of
from modelwatch.spark.local_frames import frame_of
from modelwatch.spark.sources.rows import day_of_text

_MAX_FILES_READ = 10_000
_UNREADABLE = "the log of the table does not show which files are new"


def arrived_rows(source: Source, after_version: int | None, as_of: date) -> Arrived:
    """The rows of the files written after a version; of the whole table if it is None.

    Counted from the statistics in the log if these are sufficient. Other files are read, in the
    columns of the day only. Rewritten files count as new, compacted ones do not. One Spark job, and
    another if files are read; none if the version is the newest.
    """
    day = present(source.day, "day")
    partitioned = day.partition_column is not None
    if source.log is None:
        return Arrived(source.role, None, partitioned=partitioned, reason=_UNREADABLE)
    if after_version == source.version:
        return Arrived(source.role, 0, partitioned=partitioned)
    try:
        return source.reading(lambda: _arrived(source, after_version, as_of))
    except LogUnreadable as error:
        reason = f"{_UNREADABLE}: {error}"
        return Arrived(source.role, None, partitioned=partitioned, reason=reason)


@dataclass
class _Found:
    rows: int = 0
    outside: dict[Cause, int] = field(default_factory=lambda: defaultdict(int))
    examples: dict[Cause, list[str]] = field(default_factory=lambda: defaultdict(list))
    future: dict[date, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, cause: Cause, rows: int, *examples: str | None) -> None:
        self.outside[cause] += rows
        self.examples[cause] += [example for example in examples if example is not None]


def _arrived(source: Source, after_version: int | None, as_of: date) -> Arrived:
    groups = _arrived_counts(source, _written_files(source, after_version), as_of).collect()
    found = _Found()
    asked = [group for group in groups if group["read"] is not None]
    for group in groups:
        if group["read"] is not None:
            continue
        found.rows += group["rows"]
        if group["nulls"]:
            found.add("missing_time", group["nulls"], *_ends(group))
        if group["future"] is not None:
            later = group["rows"] - group["nulls"]
            found.future[group["future"]] += later
            found.add("future_time", later, f"day {group['future']}")
    if len(asked) > _MAX_FILES_READ:
        raise LogUnreadable("too many files without statistics")
    for row in _read(source, asked, as_of) if asked else ():
        found.rows += row["rows"]
        if row["cause"] is not None:
            found.add(row["cause"], row["rows"], row["least"], row["greatest"])
        if row["future"] is not None:
            found.future[row["future"]] += row["rows"]
    written = max((g["written"] for g in groups if g["written"] is not None), default=None)
    zone = ZoneInfo(source.time_zone)
    return Arrived(
        source.role,
        found.rows,
        {
            cause: Outside(rows, tuple(sorted(set(found.examples[cause]))[:3]))
            for cause, rows in found.outside.items()
        },
        dict(found.future),
        None if written is None else datetime.fromtimestamp(written / 1000, zone).date(),
        present(source.day, "day").partition_column is not None,
    )


def _ends(group: Row) -> Sequence[str]:
    return sorted({f"in {group[end]}" for end in ("first_path", "last_path") if group[end]})


def _written_files(source: Source, after_version: int | None) -> DataFrame:
    """The files that were written since a version and still exist: one ``add`` per row."""
    log = present(source.log, "log")
    if after_version is None or after_version > source.version:
        return log.files(source.version)
    actions = log.actions(after_version, source.version).where(
        "coalesce(add.dataChange, remove.dataChange)"
    )
    by_path = actions.groupBy(F.coalesce("add.path", "remove.path").alias("path")).agg(
        F.min(F.when(F.col("add").isNotNull(), F.col("version"))).alias("added"),
        F.min(F.when(F.col("remove").isNotNull(), F.col("version"))).alias("removed"),
        F.max(F.when(F.col("add").isNotNull(), F.col("version"))).alias("last_added"),
        F.max(F.when(F.col("remove").isNotNull(), F.col("version"))).alias("last_removed"),
        F.max_by("add", F.when(F.col("add").isNotNull(), F.col("version"))).alias("add"),
    )
    # Adding a deletion vector to a file removes and adds the file in one version.
    new = F.col("removed").isNull() | (F.col("added") < F.col("removed"))
    stands = F.col("last_removed").isNull() | (F.col("last_added") >= F.col("last_removed"))
    return by_path.where(F.col("added").isNotNull() & new & stands).select("add")


def _arrived_counts(source: Source, files: DataFrame, as_of: date) -> DataFrame:
    """What the log says about the files; those that must be read have their path in a column.

    ``rows``; ``nulls``: rows without a day; ``future``: the day after the as-of day that all others
    have; ``first_path`` and ``last_path`` of files with nulls; ``partition``: the value of the
    configured column, or of the day's own column if that is a partition (``split``); ``written`` in
    milliseconds since 1970.
    """
    day = source.logged_day
    logged = with_stats(files, str(day.column or day.time_column))
    value, least, greatest = (
        logged_date(F.col(end), day, source.day_type, source.time_zone)
        for end in ("value", "least", "greatest")
    )
    split = F.col("partitioned")
    deleted = F.coalesce("add.deletionVector.cardinality", F.lit(0))
    partition = F.when(split, F.col("value"))
    if day.partition_column is not None:
        partition = F.col("add.partitionValues")[F.lit(day.partition_column)]
    logged = logged.select(
        F.col("add.path").alias("path"),
        F.col("add.modificationTime").alias("written"),
        partition.alias("partition"),
        (F.col("stated_rows") - deleted).alias("rows"),
        (deleted > 0).alias("thinned"),
        F.when(split, value).otherwise(least).alias("least"),
        F.when(split, value).otherwise(greatest).alias("greatest"),
        F.when(split, F.when(value.isNull(), F.col("stated_rows")).otherwise(0))
        .otherwise(F.col("nulls"))
        .alias("nulls"),
        split.alias("split"),
        "stated_rows",
    )
    empty = F.col("nulls") >= F.col("stated_rows")
    low, high = F.col("least"), F.col("greatest")
    dated = (low >= date_literal(date.min)) & (high <= date_literal(date.max))
    one_later = (low == high) & (low > F.lit(as_of))
    sure = dated & ((high <= F.lit(as_of)) | one_later)
    if day.partition_column is not None:
        held = day_of_text(F.col("partition"))
        near = (low >= F.date_sub(held, 1)) & (high <= F.date_add(held, 1))
        sure = sure & F.coalesce(near, F.lit(False))
    if _stored_type(source) != source.day_type:
        # A string between the minimum and the maximum may not be a day.
        sure = sure & F.col("split")
    # The log does not say how many of the rows deleted by a vector had no day.
    sure = empty | (sure & ((F.col("nulls") == 0) | ~F.col("thinned")))
    plain = F.coalesce(sure & F.col("stated_rows").isNotNull(), F.lit(False))
    without = F.when(empty, F.col("rows")).otherwise(F.col("nulls"))
    path_of_nulls = F.when(without > 0, F.col("path"))
    return logged.groupBy(
        F.when(~plain, F.col("path")).alias("read"),
        F.when(plain & ~empty & one_later, low).alias("future"),
    ).agg(
        F.sum("rows").alias("rows"),
        F.sum(F.when(plain, without)).alias("nulls"),
        F.min(path_of_nulls).alias("first_path"),
        F.max(path_of_nulls).alias("last_path"),
        F.first("partition").alias("partition"),
        F.first("split").alias("split"),
        F.max("written").alias("written"),
    )


def _stored_type(source: Source) -> str:
    """The stored type of the column of the day; a string may contain dates."""
    day = present(source.day, "day")
    return type_of(source.stored(), str(day.column or day.time_column))


def _read(source: Source, files: Sequence[Row], as_of: date) -> list[Row]:
    """Rows of some files by cause and day after the as-of day, with the first and last example in
    words.

    Deleted rows of a new file are included.
    """
    day, log = source.logged_day, source.log
    log = present(log, "log")
    column = str(day.column or day.time_column)
    # Folder names are not columns of these files, and a file may be older than the column.
    stored = _stored_type(source)
    schema = StructType().add(column, stored)
    reader = source.session.read.schema(schema).option("recursiveFileLookup", "true")
    try:
        paths = (unglobbed(log.data_path(file["read"])) for file in files)
        rows = resolved(reader.parquet(*paths))
    except AnalysisException as error:
        # A file that has been compacted since may be deleted already.
        raise LogUnreadable(first_line(error)) from error
    name = F.element_at(F.split("_metadata.file_path", "/"), -1)
    places = [(file["read"].rsplit("/", 1)[-1], file["partition"]) for file in files]
    if len({place for place, _ in places}) < len(places):
        raise LogUnreadable("files of several folders have one name")
    known = frame_of(source.session, places, "file string, partition string")
    found = rows.select(named(column).alias("time"), name.alias("file"))
    found = found.join(F.broadcast(known), "file", "left")
    if files[0]["split"]:
        date_of = logged_date(F.col("partition"), day, source.day_type, source.time_zone)
    elif day.column is not None:
        date_of = day_of_text(F.col("time").cast("string"))
    else:
        date_of = local_date(F.col("time"), stored, source.time_zone)
    found = found.withColumn("day", date_of)
    cause, future = _cause(day.partition_column is not None, as_of)
    spelled = F.concat(F.lit("day "), F.coalesce(F.col("day").cast("string"), F.lit("null")))
    unread = F.col("day").isNull() & F.col("time").isNotNull()
    as_stored = F.concat(F.lit("value "), F.col("time").cast("string"))
    parts = [F.when(unread, as_stored).otherwise(spelled)]
    if day.partition_column is not None:
        partition = F.coalesce("partition", F.lit("null"))
        parts.append(F.concat(F.lit("partition "), partition))
    words = F.concat_ws(", ", *parts, F.concat(F.lit("in "), F.col("file")))
    counted = found.groupBy(cause.alias("cause"), future.alias("future")).agg(
        F.count(F.lit(1)).alias("rows"),
        F.min(words).alias("least"),
        F.max(words).alias("greatest"),
    )
    return counted.collect()


def _cause(partitioned: bool, as_of: date) -> tuple[Column, Column]:
    """Why a row belongs to no window, null if it does, and its day if that is after the as-of
    day."""
    day, held = F.col("day"), day_of_text(F.col("partition"))
    cause = F.when(in_calendar(day).isNull(), F.lit("missing_time"))
    if partitioned:
        apart = held.isNull() | (F.abs(F.datediff(day, held)) > 1)
        cause = cause.when(apart, F.lit("partition_mismatch"))
    cause = cause.when(day > F.lit(as_of), F.lit("future_time"))
    return cause, F.when(cause == "future_time", day)
