"""What a Spark application has done: jobs, stages and the work of its tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from modelwatch.capabilities import OUT_OF_REACH


@dataclass(frozen=True)
class Effort:
    """Work of a Spark application; None if the platform does not report it.

    ``jobs``: Spark jobs in ``stages`` stages. ``bytes_read`` from storage.
    """

    jobs: int | None
    stages: int | None
    bytes_read: int | None

    def minus(self, earlier: Effort) -> Effort:
        """The work between an earlier time and this one."""
        return Effort(
            None if self.jobs is None or earlier.jobs is None else self.jobs - earlier.jobs,
            None if self.stages is None or earlier.stages is None else self.stages - earlier.stages,
            None
            if self.bytes_read is None or earlier.bytes_read is None
            else self.bytes_read - earlier.bytes_read,
        )


def effort(session: SparkSession) -> Effort:
    """The work of the application up to now.

    Read from the status store of the Spark context, which Python's public interface lacks. If it
    cannot be accessed (Spark Connect, some platforms), all values are None.
    """
    try:
        context: Any = session.sparkContext._jsc.sc()
        # Events are delivered asynchronously.
        context.listenerBus().waitUntilEmpty()
        store = context.statusStore()
        executors = store.executorList(False)
        # The status store drops old jobs and stages, but ids keep increasing. The newest is first.
        return Effort(
            jobs=max((job.jobId() for job in _newest(store.jobsList(None))), default=-1) + 1,
            stages=max((s.stageId() for s in _newest(_stages(session, store))), default=-1) + 1,
            bytes_read=sum(executors.apply(i).totalInputBytes() for i in range(executors.size())),
        )
    except OUT_OF_REACH:
        return Effort(None, None, None)


@dataclass(frozen=True)
class Work:
    """The total work of the tasks of some stages.

    ``executor_seconds`` of all tasks. ``bytes_read`` and ``rows_read`` from storage,
    ``shuffle_bytes`` written for other tasks, and ``spill_bytes`` to disk for lack of memory.
    """

    executor_seconds: float = 0.0
    tasks: int = 0
    bytes_read: int = 0
    rows_read: int = 0
    shuffle_bytes: int = 0
    spill_bytes: int = 0


def work(session: SparkSession, earlier: Effort) -> Work | None:
    """The work of all tasks since an earlier time; None if it cannot be determined.

    Summed over stages, because for an executor that is the driver itself, Spark reports its age
    instead.
    """
    try:
        context: Any = session.sparkContext._jsc.sc()
        context.listenerBus().waitUntilEmpty()
        stages = _stages(session, context.statusStore())
        done = Work()
        for i in range(stages.size()):
            stage = stages.apply(i)
            if stage.stageId() < (earlier.stages or 0):
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
    except OUT_OF_REACH:
        return None


def _stages(session: SparkSession, store: Any) -> Any:
    gateway: Any = session.sparkContext._gateway
    quantiles = gateway.new_array(gateway.jvm.double, 0)
    return store.stageList(None, False, False, quantiles, gateway.jvm.java.util.ArrayList())


def _newest(items: Any) -> list[Any]:
    return [items.apply(0)] if items.size() else []
