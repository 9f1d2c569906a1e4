"""The Spark session, and its metrics of the work done."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any
from weakref import WeakSet

import pyspark
from pyspark.sql import SparkSession

from modelwatch.capabilities import OUT_OF_REACH, jvm_of, set_if_allowed, sql_settings
from modelwatch.io.session.connect import connected_session, is_connect_wanted
from modelwatch.io.session.shipping import ship_package
from modelwatch.log import LOG
from modelwatch.model.errors import SessionError


@dataclass(frozen=True)
class Setting:
    """An SQL setting of the session; a ``forced`` one overrides the user's."""

    key: str
    value: str
    reason: str
    forced: bool = False


_TIME_ZONE = "spark.sql.session.timeZone"
MAX_RECORDS_PER_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
MOST_ROWS_PER_BATCH = 32_768
"""Number of rows above which longer batches gain nothing."""

SETTINGS: tuple[Setting, ...] = (
    Setting(
        _TIME_ZONE,
        "UTC",
        "Days are cut in the monitor's time zone by explicit conversion from UTC.",
        forced=True,
    ),
    Setting(
        MAX_RECORDS_PER_BATCH,
        str(MOST_ROWS_PER_BATCH),
        "Longer batches spread the cost of each numpy call over more rows; the default is 10000. "
        "A run lowers it where rows or states are wide.",
    ),
    Setting(
        "spark.sql.execution.arrow.pyspark.enabled",
        "true",
        "Rows that the driver holds become a relation of Spark's own, which no Python worker has "
        "to unpickle in a job whenever it is read (spark/local_frames.py).",
        forced=True,
    ),
    Setting(
        "spark.sql.requireAllClusterKeysForCoPartition",
        "false",
        "Inputs and predictions of many days are joined day by day: rows that are together by day "
        "are together by id and day as well, and need no further shuffle.",
        forced=True,
    ),
    Setting(
        "spark.sql.optimizer.windowGroupLimitThreshold",
        "-1",
        "Of each id the first row counts, and nearly none repeats: to look for those that do "
        "before the shuffle as well is to sort all rows twice.",
    ),
    Setting(
        "spark.sql.ui.explainMode",
        "simple",
        "Spark writes down the plan of each query for its UI before it runs it; in the long form "
        "that is a quarter of the time of a small run.",
    ),
    Setting(
        "spark.sql.sources.parallelPartitionDiscovery.parallelism",
        "64",
        "VACUUM lists the folders of a table in this many tasks, however few they are; the default "
        "is 10000, of which the upkeep of small tables would consist.",
    ),
    Setting(
        "spark.sql.maxConcurrentOutputFileWriters",
        "8",
        "Most output tables are partitioned by monitor: Spark would sort all rows of a write by "
        "that one value. With a few files open at a time it does not sort.",
    ),
    Setting(
        "spark.sql.inMemoryColumnarStorage.compressed",
        "false",
        "What a run persists is read a few times and dropped: choosing an encoding for each column "
        "takes longer than it saves.",
    ),
    Setting(
        "spark.databricks.delta.snapshotPartitions",
        "2",
        "The state of a Delta log is read in this many tasks; the default of 50 costs seconds.",
    ),
)
"""Settings that the job needs in any session: under spark-submit, in Python, or on a platform."""


_CODE_GENERATION = {
    True: {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"},
    False: {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"},
}
"""Settings for whether Spark generates code for its queries."""

_STOP_SECONDS = 60.0
_OPENED_HERE: WeakSet[SparkSession] = WeakSet()


def open_session(app_name: str, *, brief: bool = False) -> SparkSession:
    """The session of the job: the active one, otherwise a new one.

    If ``SPARK_REMOTE`` has an address, a new session is one of Spark Connect. Otherwise it uses the
    packaged stack. Under spark-submit, the configuration is the submitted one, so driver and
    executors use the same stack. ``brief``: a new session only runs some queries on small tables.
    SessionError if there is no Java to start or no server, or if a jar differs from the pinned one.
    """
    session = SparkSession.getActiveSession()
    if session is None:
        session = _new_session(app_name, brief)
        _OPENED_HERE.add(session)
    return prepare_session(session, brief=brief)


def _new_session(app_name: str, brief: bool) -> SparkSession:
    if is_connect_wanted(os.environ):
        return connected_session(app_name)
    # A client of Spark Connect has no py4j, which would start the JVM.
    from modelwatch.io.session.launch import launched_session

    return launched_session(app_name, _CODE_GENERATION[False] if brief else {}, brief=brief)


def prepare_session(session: SparkSession, *, brief: bool = False) -> SparkSession:
    """The session, set up for the job, regardless of who started it.

    ``brief``: the session runs no Python worker.
    """
    # pydeequ raises on import without it.
    os.environ.setdefault("SPARK_VERSION", ".".join(pyspark.__version__.split(".")[:2]))
    _apply_settings(session)
    _keep_classes(session)
    _only_raise_errors()
    if not brief:
        ship_package(session)
    return session


def opened_here(session: SparkSession) -> bool:
    """Whether this process opened the session by ``open_session`` for itself."""
    return session in _OPENED_HERE


def close_session(session: SparkSession) -> None:
    """Stop a session and its JVM; if the JVM does not end in time, its process is killed."""
    stopping = Thread(target=_stop, args=(session,), name="modelwatch stops Spark", daemon=True)
    stopping.start()
    stopping.join(_STOP_SECONDS)
    java = _started_java()
    if stopping.is_alive() and java is not None:
        java.kill()


def _started_java() -> Any | None:
    """The process of the Java that this process has started; None if it has started none."""
    try:
        from pyspark import SparkContext
    except ImportError:
        return None
    return getattr(SparkContext._gateway, "proc", None)


def _stop(session: SparkSession) -> None:
    # The command has finished its output, and a JVM that has died need not be stopped.
    with suppress(*OUT_OF_REACH):
        session.stop()


@contextmanager
def code_generation(session: SparkSession, wanted: bool) -> Iterator[None]:
    """A block in which Spark generates code for its queries, or interprets them.

    Code generation pays off for millions of rows. For few rows, it is a fifth of the processor time
    of a run. Settings of the user are kept.
    """
    with unless_given(session, _CODE_GENERATION[wanted]):
        yield


@contextmanager
def rows_per_batch(session: SparkSession, rows: int) -> Iterator[None]:
    """A block in which Python gets at most so many rows at a time, unless the user has said."""
    with unless_given(session, {MAX_RECORDS_PER_BATCH: str(rows)}):
        yield


@contextmanager
def unless_given(session: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """A block with other SQL settings, unless the user has set any of them."""
    if settings.keys() & _given_settings(session).keys():
        yield
    else:
        with sql_settings(session, settings):
            yield


_OFTEN_ASKED = ("functions", "PythonUtils", "PythonRDD", "SerDeUtil", "SimplePythonFunction")


def _keep_classes(session: SparkSession) -> None:
    """Let Python cache the classes that it requests from the JVM for every column and frame.

    Otherwise, it requests them by their short names each time, and Java searches all jars for each
    possible package: a twentieth of the time of a small run.
    """
    jvm = jvm_of(session)
    if jvm is not None:
        for name in _OFTEN_ASKED:
            setattr(jvm, name, getattr(jvm, name))


_ERROR_LOGGERS = ("DataFrameQueryContextLogger", "SQLQueryContextLogger")


def _only_raise_errors() -> None:
    """Keep errors of queries from the terminal: Spark 4 raises them, and prints them as JSON."""
    try:
        from pyspark.logger import PySparkLogger  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return
    for name in _ERROR_LOGGERS:
        PySparkLogger.getLogger(name).disabled = True


def _apply_settings(session: SparkSession) -> None:
    given = _given_settings(session)
    settings = {s.key: s.value for s in SETTINGS if s.forced or s.key not in given}
    if "spark.sql.shuffle.partitions" not in given:
        cores = _default_parallelism(session)
        if cores:
            # States are small, and the default of 200 is for large data. Adaptive execution merges
            # the partitions that are still too many.
            settings["spark.sql.shuffle.partitions"] = str(max(2, 2 * cores))
    refused = [key for key, value in settings.items() if not set_if_allowed(session, key, value)]
    if _TIME_ZONE in refused:
        raise SessionError(
            f"the session does not let {_TIME_ZONE} be set to UTC, by which days are cut: set it "
            "for the session, or choose another kind of compute"
        )
    if refused:
        LOG.info("the session does not let these be set: %s", ", ".join(refused))


def _given_settings(session: SparkSession) -> dict[str, str]:
    try:
        return dict(session.sparkContext.getConf().getAll())
    except OUT_OF_REACH:
        # Spark Connect has no Spark context; the job then applies its own settings.
        return {}


def _default_parallelism(session: SparkSession) -> int | None:
    try:
        return session.sparkContext.defaultParallelism
    except OUT_OF_REACH:
        return None
