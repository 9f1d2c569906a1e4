"""Whether the tasks of a session read files of a local disk as the driver does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from modelwatch.capabilities import OUT_OF_REACH
from modelwatch.io.session.spark_session import MAX_RECORDS_PER_BATCH, MOST_ROWS_PER_BATCH

_LENIENT = ("spark.sql.files.ignoreMissingFiles", "spark.sql.files.ignoreCorruptFiles")
_DEFAULT_FILES = "fs.defaultFS"


def no_file_access(session: SparkSession) -> str | None:
    """Why the Python workers of a session cannot read local files of the driver; None if they
    can."""
    try:
        context: Any = session.sparkContext
        default = str(context._jsc.hadoopConfiguration().get(_DEFAULT_FILES))
    except OUT_OF_REACH:
        return "the session is another machine's"
    if urlsplit(default).scheme not in ("", "file"):
        return f"a path is one of {default}"
    lenient = [key for key in _LENIENT if str(session.conf.get(key, "false")).lower() == "true"]
    return f"{lenient[0]} is set" if lenient else None


def cores(session: SparkSession) -> int:
    """Number of tasks that a session runs at a time. Requires a Spark context."""
    return max(1, int(session.sparkContext.defaultParallelism))


def most_rows_per_batch(session: SparkSession) -> int:
    """Maximum number of rows that a session passes to Python at a time; the default of a run if the
    session sets no limit."""
    limit = int(session.conf.get(MAX_RECORDS_PER_BATCH, None) or 0)
    return limit if limit > 0 else MOST_ROWS_PER_BATCH
