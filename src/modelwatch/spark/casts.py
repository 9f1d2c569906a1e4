"""Casts that are null where there is no value, in ANSI mode too."""

from __future__ import annotations

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

ANSI = "spark.sql.ansi.enabled"
"""In this mode, the default from Spark 4, a cast that fails is an error instead of null."""
_NATIVE = hasattr(Column, "try_cast")
"""Whether columns have it, as they do from Spark 4 on."""


def try_cast(column: Column, spark_type: str) -> Column:
    """A column in another type, given in SQL; null where a value has none in it."""
    if _NATIVE:
        return column.try_cast(spark_type)  # type: ignore[operator, no-any-return]
    if not _may_raise():
        return column.cast(spark_type)
    # Spark 3.5 offers it in SQL only, which cannot contain a Python expression.
    tried = F.expr(f"value -> try_cast(value AS {spark_type})")
    return F.get(F.call_function("transform", F.array(column), tried), F.lit(0))


def _may_raise() -> bool:
    # A separate thread has no active session.
    session = SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()
    return str(session.conf.get(ANSI, "false")).lower() == "true"
