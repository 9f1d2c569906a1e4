"""The Spark session of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from modelwatch.model.runs.stall_limits import StallLimits
from modelwatch.stats.library_warnings import warnings_to_log

# Spark is imported by the commands that need it, so that a wrong argument is reported at once.
if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextmanager
def command_session(
    app_name: str, *, brief: bool = False, limits: StallLimits | None = None
) -> Iterator[SparkSession]:
    """A Spark session; one that was there before is left running.

    ``brief`` as in ``open_session``. With ``limits`` the command is watched and ends whatever dies
    under it; a run is watched by itself. Warnings of libraries go to the log meanwhile.
    """
    from pyspark.sql import SparkSession

    from modelwatch.io.session.spark_session import close_session, open_session
    from modelwatch.pipelines.runs.ending import watched

    shared = SparkSession.getActiveSession() is not None
    spark = open_session(app_name, brief=brief)
    try:
        with warnings_to_log(), watched(spark, limits, app_name) if limits else nullcontext():
            yield spark
    finally:
        if not shared:
            close_session(spark)
