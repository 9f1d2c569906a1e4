"""Which versions of a source table can still be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.delta.addresses import source_place
from modelwatch.io.delta.log import DeltaLog, unglobbed
from modelwatch.io.delta.snapshot import LogUnreadable
from modelwatch.io.delta.sources import Source, open_source
from modelwatch.io.failures import reason
from modelwatch.model.errors import SourceError
from modelwatch.model.sources.tables import TableAddress
from modelwatch.query_failures import QUERY_FAILURES

_MOST_FILES = 100_000
_UNREADABLE: tuple[type[Exception], ...] = (SourceError, *QUERY_FAILURES)


@dataclass(frozen=True)
class SourceRead:
    """A version of a source that a past run read; ``table_id`` is None if it was unknown."""

    role: str
    table: TableAddress
    version: int
    table_id: str | None


def why_unreadable(
    session: SparkSession, read: SourceRead, rows: Callable[[Source], DataFrame] | None = None
) -> str | None:
    """Why a version can no longer be read, and which ones can; None if it can.

    ``rows``: the required rows of the version, because files of other days may be gone; None: files
    are not checked. No Spark job except for the first commit of the log, and for listing the
    table's folder if something is gone.
    """
    wording = f"{read.role} {read.table}: version {read.version}, which the run read,"
    try:
        newest = open_source(session, read.role, read.table, None, "UTC")
    except SourceError as error:
        return f"{wording} is unavailable with its table: {error.problems[0].message}"
    created = newest.table_id
    if read.table_id is not None and created is not None and created != read.table_id:
        return f"{wording} belongs to another table: this one replaced it"
    if read.version > newest.version:
        return f"{wording} does not exist; the newest is {newest.version}. The table was restored"
    try:
        there = open_source(session, read.role, read.table, None, "UTC", read.version)
        files = [] if rows is None else rows(there).inputFiles()
        _check_files(session, files)
    except _UNREADABLE as error:
        message = str(error) if isinstance(error, SourceError) else reason(error)
        return f"{wording} can no longer be read. {_expired(newest) or f'It says: {message}'}"
    return None


def first_whole_version(source: Source) -> int | None:
    """The earliest version whose log and files are complete; None if unknown.

    One job on the log, and a listing of the table's folder.
    """
    log = source.log
    if log is None or not log.commits:
        return None
    oldest = min([version for version in (0,) if version in log.commits] + [*log.checkpoints])
    after = min(log.commits) - 1
    try:
        removed = log.actions(after, log.version).where("remove is not null")
    except LogUnreadable:
        return None
    gone = removed.select("version", F.col("remove.path").alias("path")).collect()
    held = set(_names(_listed(source.session, log)))
    lost = [int(row["version"]) for row in gone if _name(row["path"]) not in held]
    return max([oldest, *lost])


def _expired(source: Source) -> str | None:
    """Which versions can still be read, in a sentence; None if unknown."""
    try:
        first = first_whole_version(source)
        if first is None:
            return None
        moment = _written(source, first)
    except QUERY_FAILURES:
        return None
    when = "" if moment is None else f", written {moment:%Y-%m-%d %H:%M} UTC"
    return (
        f"Versions {first}{when}, to {source.version} can: older ones were vacuumed or their log "
        "was cleaned up"
    )


def _written(source: Source, version: int) -> datetime | None:
    history = source.session.sql(f"DESCRIBE HISTORY {source_place(source.address).identifier}")
    row = history.where(F.col("version") == version).select("timestamp").first()
    return None if row is None else row["timestamp"].astimezone(timezone.utc)


def _check_files(session: SparkSession, files: list[str]) -> None:
    """Raises PySparkException that names a missing file; no file is opened."""
    if files:
        paths = (unglobbed(unquote(file)) for file in files[:_MOST_FILES])
        session.read.schema("nothing int").parquet(*paths)


def _listed(session: SparkSession, log: DeltaLog) -> list[str]:
    reader = session.read.format("binaryFile").option("recursiveFileLookup", "true")
    return reader.option("pathGlobFilter", "*.parquet").load(unglobbed(log.location)).inputFiles()


def _names(paths: Iterable[str]) -> Iterable[str]:
    return (_name(path) for path in paths)


def _name(path: str) -> str:
    """The file name, which Delta makes unique."""
    return unquote(path).rsplit("/", 1)[-1]
