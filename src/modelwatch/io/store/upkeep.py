"""Upkeep of output tables: few files, no old ones, and rows that are no longer kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.alterations import MAINTENANCE
from modelwatch.io.delta.turns import turn
from modelwatch.io.session.spark_session import sql_settings
from modelwatch.io.store.output_tables import retried

_APPEND_ONLY = "delta.appendOnly"
_USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


@dataclass(frozen=True)
class Compacted:
    """Files that were merged, and those that they became."""

    removed: int
    added: int


def compact(session: SparkSession, place: Place) -> Compacted:
    """Merge a table's small files; not a row changes, and runs may go on writing."""
    rows = retried(lambda: session.sql(f"OPTIMIZE {place.identifier}").collect(), place)
    metrics = rows[0]["metrics"]
    return Compacted(metrics["numFilesRemoved"], metrics["numFilesAdded"])


def vacuum(session: SparkSession, place: Place, hours: int, *, dry_run: bool) -> int | None:
    """Remove files that left the table so many hours ago; of a dry run, how many there are.

    Delta itself refuses less than a week. None where Delta does not say how many it removed.
    """
    mode = " DRY RUN" if dry_run else ""
    statement = f"VACUUM {place.identifier} RETAIN {int(hours)} HOURS{mode}"
    with turn(place):
        rows = session.sql(statement).collect()
    return len(rows) if dry_run else None


def delete(session: SparkSession, place: Place, condition: str) -> int:
    """Delete rows of an append-only table, and how many there were.

    The table takes deletions only while this lasts; a run that appends meanwhile tries again.
    """
    with _deletable(session, place):
        statement = f"DELETE FROM {place.identifier} WHERE {condition}"
        rows = retried(lambda: session.sql(statement).collect(), place)
    return int(rows[0]["num_affected_rows"])


@contextmanager
def _deletable(session: SparkSession, place: Place) -> Iterator[None]:
    _set_append_only(session, place, False)
    try:
        with sql_settings(session, {_USER_METADATA: MAINTENANCE}):
            yield
    finally:
        _set_append_only(session, place, True)


def _set_append_only(session: SparkSession, place: Place, value: bool) -> None:
    setting = f"'{_APPEND_ONLY}' = '{str(value).lower()}'"
    statement = f"ALTER TABLE {place.identifier} SET TBLPROPERTIES ({setting})"
    retried(lambda: session.sql(statement), place)


def file_count(session: SparkSession, place: Place) -> int | None:
    """Files of the newest version; None where the table does not say."""
    try:
        detail = session.sql(f"DESCRIBE DETAIL {place.identifier}").first()
    except (PySparkException, Py4JError):
        return None
    return None if detail is None else int(detail["numFiles"])
