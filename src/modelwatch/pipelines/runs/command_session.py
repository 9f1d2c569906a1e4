"""The Spark session of a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING

from modelwatch.stats.library_warnings import warnings_to_log

# Spark is imported by the commands that need it, so that a wrong argument is reported immediately.
if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from modelwatch.model.config.configuration import MonitorConfig
    from modelwatch.model.runs.progress import StallLimits


@contextmanager
def command_session(
    app_name: str, *, brief: bool = False, limits: StallLimits | None = None
) -> Iterator[SparkSession]:
    """A Spark session; an existing one is left running.

    ``brief`` as in ``open_session``. With ``limits``, the command is watched and ends if something
    dies; a run is watched separately. Warnings of libraries go to the log during the block.
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


def monitor_session(command: str, config: MonitorConfig) -> AbstractContextManager[SparkSession]:
    """The session of a command on a monitor, watched with the limits of its configuration."""
    return command_session(f"modelwatch {command} {config.monitor}", limits=config.progress)


@contextmanager
def session_if_needed(
    app_name: str, limits: StallLimits | None = None
) -> Iterator[Callable[[], SparkSession]]:
    """A function that returns the session of a brief command, which is opened by its first call."""
    with ExitStack() as opened, warnings_to_log():

        @cache
        def session() -> SparkSession:
            return opened.enter_context(command_session(app_name, brief=True, limits=limits))

        yield session
