"""How many tasks a session runs at a time, and how many rows a task passes to Python at a time."""

from __future__ import annotations

from pyspark.sql import SparkSession

from modelwatch.io.session.spark_session import MAX_RECORDS_PER_BATCH, MOST_ROWS_PER_BATCH


def cores(session: SparkSession) -> int:
    """Number of tasks that a session runs at a time. Requires a Spark context."""
    return max(1, int(session.sparkContext.defaultParallelism))


def most_rows_per_batch(session: SparkSession) -> int:
    """Maximum number of rows that a session passes to Python at a time; the default of a run if the
    session sets no limit."""
    limit = int(session.conf.get(MAX_RECORDS_PER_BATCH, None) or 0)
    return limit if limit > 0 else MOST_ROWS_PER_BATCH
