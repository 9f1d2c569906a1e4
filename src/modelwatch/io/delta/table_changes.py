"""Facts about a table, and its changes, without reading the files of its log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.delta.addresses import Place
from modelwatch.query_failures import QUERY_FAILURES

_KEEP_ROWS = (
    *("OPTIMIZE", "VACUUM START", "VACUUM END", "COMPUTE STATS", "CLUSTER BY", "REORG"),
    *("SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "UPGRADE PROTOCOL", "ADD CONSTRAINT"),
    *("DROP CONSTRAINT", "CHANGE COLUMN", "ADD COLUMNS", "SET TABLE LOCATION", "COMMENT"),
)
"""Operations of a table's history that change no row."""


def table_detail(session: SparkSession, place: Place) -> Row | None:
    """The row of DESCRIBE DETAIL about a table; None if there is none."""
    try:
        return session.sql(f"DESCRIBE DETAIL {place.identifier}").first()
    except QUERY_FAILURES:
        return None


def table_id(session: SparkSession, place: Place) -> str | None:
    """The id with which a table was created; None if unknown."""
    detail = table_detail(session, place)
    return None if detail is None else str(detail["id"])


def newest_version(session: SparkSession, place: Place) -> int | None:
    """The newest version of a table; None if its history is empty."""
    newest = session.sql(f"DESCRIBE HISTORY {place.identifier} LIMIT 1").first()
    return None if newest is None else int(newest["version"])


def keeps_rows(session: SparkSession, place: Place, after: int, upto: int) -> bool:
    """Whether no version in ``(after, upto]`` changed a row, according to the history."""
    history = session.sql(f"DESCRIBE HISTORY {place.identifier}")
    versions = (F.col("version") > after) & (F.col("version") <= upto)
    found = history.where(versions).select("version", "operation").collect()
    return len(found) == upto - after and all(row["operation"] in _KEEP_ROWS for row in found)


def rows_at(session: SparkSession, place: Place, version: int) -> DataFrame | None:
    """The rows of a version; None if it is no longer kept."""
    try:
        return place.read(session, version)
    except AnalysisException:
        return None


def changed_days(
    then: DataFrame, now: DataFrame, day: Callable[[DataFrame], Column]
) -> frozenset[date]:
    """The days whose rows per file differ between two versions; two scans.

    ``day``: returns the day of a row. A rewritten file counts as changed, even by a compaction.
    """

    def files(rows: DataFrame) -> DataFrame:
        placed = rows.select(day(rows).alias("day"), F.col("_metadata.file_path").alias("file"))
        return placed.where("day is not null").groupBy("day", "file").count()

    before, after = files(then), files(now)
    differing = before.exceptAll(after).union(after.exceptAll(before))
    return frozenset(row["day"] for row in differing.select("day").distinct().collect())
