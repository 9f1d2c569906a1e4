"""Upkeep of output tables: merging and removing files, and deleting rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch.capabilities import refused_settings, sql_settings
from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.alterations import MAINTENANCE_COMMAND
from modelwatch.io.delta.concurrent_changes import retried
from modelwatch.io.delta.store_locks import writing_lock
from modelwatch.io.delta.table_changes import table_detail

_APPEND_ONLY = "delta.appendOnly"
_USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


@dataclass(frozen=True)
class Compacted:
    """Number of files that were merged, and of those that they became."""

    removed: int
    added: int


def compact(session: SparkSession, place: Place) -> Compacted:
    """Merge a table's small files. Rows do not change, and runs can write at the same time."""
    rows = retried(session, lambda: session.sql(f"OPTIMIZE {place.identifier}").collect(), place)
    metrics = rows[0]["metrics"]
    return Compacted(metrics["numFilesRemoved"], metrics["numFilesAdded"])


def vacuum(session: SparkSession, place: Place, hours: int, *, dry_run: bool) -> int | None:
    """Remove files that left the table a number of hours ago; for a dry run, count them.

    Delta itself refuses less than a week. None if Delta does not report the number.
    """
    mode = " DRY RUN" if dry_run else ""
    statement = f"VACUUM {place.identifier} RETAIN {int(hours)} HOURS{mode}"
    with writing_lock(session, place):
        rows = session.sql(statement).collect()
    return len(rows) if dry_run else None


def delete(session: SparkSession, place: Place, condition: str) -> int:
    """Delete rows of an append-only table; their number.

    The table accepts deletions only during this call; a concurrent append is repeated.
    """
    with _deletable(session, place):
        if _USER_METADATA in refused_settings(session):
            return _overwritten(session, place, condition)
        statement = f"DELETE FROM {place.identifier} WHERE {condition}"
        rows = retried(session, lambda: session.sql(statement).collect(), place)
    return int(rows[0]["num_affected_rows"])


def _overwritten(session: SparkSession, place: Place, condition: str) -> int:
    """``delete`` for sessions that cannot mark a statement as maintenance: a marked overwrite."""
    held = place.read(session)
    count = held.where(condition).count()
    none, mark = held.limit(0), ("userMetadata", MAINTENANCE_COMMAND)

    def overwrite() -> None:
        if place.path is not None:
            writer = none.write.format("delta").mode("overwrite").option(*mark)
            writer.option("replaceWhere", condition).save(place.path)
        else:
            none.writeTo(place.identifier).option(*mark).overwrite(F.expr(condition))

    retried(session, overwrite, place)
    return count


@contextmanager
def _deletable(session: SparkSession, place: Place) -> Iterator[None]:
    _set_append_only(session, place, False)
    try:
        with sql_settings(session, {_USER_METADATA: MAINTENANCE_COMMAND}):
            yield
    finally:
        _set_append_only(session, place, True)


def _set_append_only(session: SparkSession, place: Place, value: bool) -> None:
    setting = f"'{_APPEND_ONLY}' = '{str(value).lower()}'"
    statement = f"ALTER TABLE {place.identifier} SET TBLPROPERTIES ({setting})"
    retried(session, lambda: session.sql(statement), place)


def file_count(session: SparkSession, place: Place) -> int | None:
    """Number of files of the newest version; None if unknown."""
    detail = table_detail(session, place)
    return None if detail is None else int(detail["numFiles"])
