"""The Spark session, and what it says about the work done in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any
from weakref import WeakSet

import pyspark
from py4j.protocol import Py4JError
from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from modelwatch.io.session.launch import launched_session
from modelwatch.io.session.shipping import ship_package


@dataclass(frozen=True)
class Setting:
    """A SQL setting of the session; a ``forced`` one holds whatever the user has set."""

    key: str
    value: str
    reason: str
    forced: bool = False


_ROWS_PER_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "spark.sql.session.timeZone",
        "UTC",
        "Days are cut in the monitor's time zone by explicit conversion from UTC.",
        forced=True,
    ),
    Setting(
        "spark.sql.ansi.enabled",
        "false",
        "A predicate of the configuration means the same wherever the job runs.",
        forced=True,
    ),
    Setting(
        _ROWS_PER_BATCH,
        "32768",
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
"""What the job needs of any session, under spark-submit, in Python or on a platform."""


_CODE_GENERATION = {
    True: {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"},
    False: {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"},
}
"""Settings by whether Spark generates code of its queries."""

_OUT_OF_REACH = (AttributeError, RuntimeError, PySparkException, Py4JError)
"""What Spark Connect and closed platforms raise instead of giving their context."""


_STOP_SECONDS = 60.0
_OPENED_HERE: WeakSet[SparkSession] = WeakSet()


def open_session(app_name: str, *, brief: bool = False) -> SparkSession:
    """The session of the job: the active one, else a new one on the packaged stack.

    Under spark-submit the configuration is the submitted one, so that one stack is used in driver
    and executors. ``brief``: a new one is for some questions to small tables, and ends then.
    SessionError if there is no Java to start, or if a jar is not the one that was pinned.
    """
    session = SparkSession.getActiveSession()
    if session is None:
        session = launched_session(app_name, _CODE_GENERATION[False] if brief else {}, brief=brief)
        _OPENED_HERE.add(session)
    return prepare_session(session)


def prepare_session(session: SparkSession) -> SparkSession:
    """The session, set up as the job needs it, whoever has started it."""
    # pydeequ raises on import without it.
    os.environ.setdefault("SPARK_VERSION", ".".join(pyspark.__version__.split(".")[:2]))
    _apply_settings(session)
    _keep_classes(session)
    ship_package(session)
    return session


def opened_here(session: SparkSession) -> bool:
    """Whether this process has opened the session by ``open_session``, for nobody else."""
    return session in _OPENED_HERE


def close_session(session: SparkSession) -> None:
    """Stop a session and its Java; where Java does not end in time, its process is ended."""
    stopping = Thread(target=_stop, args=(session,), name="modelwatch stops Spark", daemon=True)
    stopping.start()
    stopping.join(_STOP_SECONDS)
    java: Any = getattr(SparkContext._gateway, "proc", None)
    if stopping.is_alive() and java is not None:
        java.kill()


def _stop(session: SparkSession) -> None:
    # What a command has to say is said: a Java that is gone need not be stopped.
    with suppress(*_OUT_OF_REACH, OSError):
        session.stop()


@contextmanager
def code_generation(session: SparkSession, wanted: bool) -> Iterator[None]:
    """A block in which Spark generates code of its queries, or evaluates them as they are.

    Code that Spark writes and Java compiles twice pays for millions of rows; for few it is a fifth
    of the processor time of a run. Where the user has set either, that stays.
    """
    with unless_given(session, _CODE_GENERATION[wanted]):
        yield


@contextmanager
def rows_per_batch(session: SparkSession, rows: int) -> Iterator[None]:
    """A block in which Python gets at most so many rows at a time, unless the user has said."""
    with unless_given(session, {_ROWS_PER_BATCH: str(rows)}):
        yield


@contextmanager
def unless_given(session: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """A block in which SQL settings are others, none of which is if the user has set any."""
    if settings.keys() & _given_settings(session).keys():
        yield
    else:
        with sql_settings(session, settings):
            yield


@contextmanager
def sql_settings(session: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """A block in which SQL settings of a session are others; then they are as before."""
    before = {key: session.conf.get(key, None) for key in settings}
    for key, value in settings.items():
        session.conf.set(key, value)
    try:
        yield
    finally:
        for key, earlier in before.items():
            if earlier is None:
                session.conf.unset(key)
            else:
                session.conf.set(key, earlier)


_OFTEN_ASKED = ("functions", "PythonUtils", "PythonRDD", "SerDeUtil", "SimplePythonFunction")


def _keep_classes(session: SparkSession) -> None:
    """Have Python keep the classes that it asks the JVM for with every column and frame.

    It would ask for them by their short names each time, and Java look through all jars for each
    package that the name might be of: a twentieth of the time of a small run.
    """
    try:
        jvm: Any = session.sparkContext._jvm
        for name in _OFTEN_ASKED:
            setattr(jvm, name, getattr(jvm, name))
    except _OUT_OF_REACH:
        # Spark Connect has no JVM to ask.
        return


def _apply_settings(session: SparkSession) -> None:
    given = _given_settings(session)
    settings = {s.key: s.value for s in SETTINGS if s.forced or s.key not in given}
    if "spark.sql.shuffle.partitions" not in given:
        cores = _default_parallelism(session)
        if cores:
            # States are small and the default of 200 is for terabytes; adaptive execution merges
            # what is still too many.
            settings["spark.sql.shuffle.partitions"] = str(max(2, 2 * cores))
    for key, value in settings.items():
        if session.conf.get(key, None) != value:
            session.conf.set(key, value)


def _given_settings(session: SparkSession) -> dict[str, str]:
    try:
        return dict(session.sparkContext.getConf().getAll())
    except _OUT_OF_REACH:
        # Spark Connect has no context; then the job's own settings are applied.
        return {}


def _default_parallelism(session: SparkSession) -> int | None:
    try:
        return session.sparkContext.defaultParallelism
    except _OUT_OF_REACH:
        return None


@dataclass(frozen=True)
class Effort:
    """Work of a Spark application; None where the platform does not tell.

    ``jobs`` Spark jobs in ``stages`` stages, and ``bytes_read`` from storage.
    """

    jobs: int | None
    stages: int | None
    bytes_read: int | None

    def since(self, earlier: Effort) -> Effort:
        """The work between an earlier moment and this one."""
        return Effort(
            None if self.jobs is None or earlier.jobs is None else self.jobs - earlier.jobs,
            None if self.stages is None or earlier.stages is None else self.stages - earlier.stages,
            None
            if self.bytes_read is None or earlier.bytes_read is None
            else self.bytes_read - earlier.bytes_read,
        )


def effort(session: SparkSession) -> Effort:
    """The work of the application up to now.

    Read from the status store of the Spark context, which Python's public interface lacks; where
    that is out of reach (Spark Connect, some platforms) every figure is None.
    """
    try:
        context: Any = session.sparkContext._jsc.sc()
        # Events are delivered asynchronously.
        context.listenerBus().waitUntilEmpty()
        store = context.statusStore()
        executors = store.executorList(False)
        # The store forgets old jobs and stages, but numbers go on; the newest comes first.
        return Effort(
            jobs=max((job.jobId() for job in _newest(store.jobsList(None))), default=-1) + 1,
            stages=max((s.stageId() for s in _newest(_stages(session, store))), default=-1) + 1,
            bytes_read=sum(executors.apply(i).totalInputBytes() for i in range(executors.size())),
        )
    except _OUT_OF_REACH:
        return Effort(None, None, None)


@dataclass(frozen=True)
class Work:
    """What the tasks of some stages did, all together.

    ``executor_seconds`` of all tasks; ``bytes_read`` and ``rows_read`` from storage,
    ``shuffle_bytes`` written for other tasks, ``spill_bytes`` to disk for want of memory.
    """

    executor_seconds: float = 0.0
    tasks: int = 0
    bytes_read: int = 0
    rows_read: int = 0
    shuffle_bytes: int = 0
    spill_bytes: int = 0


def work(session: SparkSession, since: Effort) -> Work | None:
    """The work of all tasks since an earlier moment; None where that is out of reach.

    Summed over stages: of an executor that is the driver itself, Spark tells its age instead.
    """
    try:
        context: Any = session.sparkContext._jsc.sc()
        context.listenerBus().waitUntilEmpty()
        stages = _stages(session, context.statusStore())
        done = Work()
        for i in range(stages.size()):
            stage = stages.apply(i)
            if stage.stageId() < (since.stages or 0):
                break
            done = Work(
                done.executor_seconds + stage.executorRunTime() / 1000.0,
                done.tasks + stage.numCompleteTasks(),
                done.bytes_read + stage.inputBytes(),
                done.rows_read + stage.inputRecords(),
                done.shuffle_bytes + stage.shuffleWriteBytes(),
                done.spill_bytes + stage.diskBytesSpilled(),
            )
        return done
    except _OUT_OF_REACH:
        return None


def _stages(session: SparkSession, store: Any) -> Any:
    gateway: Any = session.sparkContext._gateway
    quantiles = gateway.new_array(gateway.jvm.double, 0)
    return store.stageList(None, False, False, quantiles, gateway.jvm.java.util.ArrayList())


def _newest(items: Any) -> list[Any]:
    return [items.apply(0)] if items.size() else []
