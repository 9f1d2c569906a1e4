"""Messages about runs that lost a process or thread: what died, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from modelwatch.errors import ModelwatchError

FIX = "Fix: "
DIRECT_MEMORY = (
    "give Java more memory outside its heap: a larger spark.driver.memory, or "
    "-XX:MaxDirectMemorySize=2g in spark.driver.extraJavaOptions (on a cluster the same of "
    "spark.executor); or configure fewer slices and segments, then run again"
)
HEAP_MEMORY = (
    "raise spark.driver.memory (on a cluster spark.executor.memory too), or configure fewer "
    "features, slices and segments, then run again"
)
MACHINE_MEMORY = (
    "if the memory of the machine or container ran out (see the kernel log), give it more, or "
    "lower spark.driver.memory or the number of cores; on a cluster raise "
    "spark.executor.memoryOverhead. Then run again"
)
RUN_AGAIN = "run again: this run published nothing, and the next one does its work"
_NO_EXECUTOR = (
    "check why the cluster manager allocates no executors (free cores, memory, lost workers, "
    "quotas), then run again"
)
_STOPPED = (
    "find what stopped it (SIGSTOP, a debugger, a paused container), resume or end it, "
    "then run again"
)
_STUCK_AGAIN = (
    f"{RUN_AGAIN}. If it gets stuck again, see the log of the executor for an error in a thread "
    "that sends data to the worker, and the stack of the worker"
)
_OTHER_HOLDS = "end the process that writes there if it hangs, then run again"
CONNECTION_BROKEN = "the connection between Python and the Spark JVM broke"
APPLICATION_ENDED = "the Spark application ended during the run"
_SIGNALED = "the process was told to stop by "
_OUT_OF_MEMORY_CODE = 52
"""Exit code with which the JVM of Spark ends itself if memory runs out."""
_OUT_OF_MEMORY = "ran out of memory"


class RunLostError(ModelwatchError):
    """A run that lost a process or thread. The message says what died, and what to do."""


@dataclass(frozen=True)
class Symptoms:
    """What is known about a run that has stopped making progress.

    ``stages`` that were active. ``quiet_seconds`` without progress. ``ended``: what has ended, as
    in ``java_end`` or the constants of this module. ``java_answers``: whether Java still responds.
    ``dead_threads`` of Java, each with its error. ``stopped``: processes that a signal has stopped.
    ``waiting_for_python``: tasks that wait for their Python worker. ``tasks`` that are active, and
    ``executors`` other than the driver; None if unknown. ``awaited``: tables that another process
    is writing.
    """

    stages: tuple[str, ...] = ()
    quiet_seconds: float = 0.0
    ended: str | None = None
    java_answers: bool = True
    dead_threads: tuple[str, ...] = ()
    stopped: tuple[int, ...] = ()
    waiting_for_python: int = 0
    tasks: int | None = None
    executors: int | None = None
    awaited: tuple[str, ...] = ()


def sentence(symptoms: Symptoms) -> str:
    """What died, as far as known, in which stage, and what to do."""
    what, way = _cause(symptoms)
    stages = ", ".join(symptoms.stages)
    where = f" in the stage {stages}" if stages else ""
    if symptoms.ended is not None:
        return f"{what}{where}. {FIX}{way}."
    for_seconds = f"the run made no progress for {symptoms.quiet_seconds:.0f} s{where}"
    return f"{for_seconds}: {what}. {FIX}{way}."


def java_end(exit_code: int | None) -> str:
    """How Java ended, by the exit code of its process: negative for a signal, None if unknown."""
    if exit_code is None:
        return "the Spark JVM ended"
    if exit_code == _OUT_OF_MEMORY_CODE:
        return f"the Spark JVM {_OUT_OF_MEMORY} (exit code 52)"
    if exit_code < 0:
        return f"the Spark JVM was ended by signal {-exit_code}"
    return f"the Spark JVM exited with code {exit_code}"


def signaled(signal_name: str) -> str:
    """How a run ends by a signal to its process, such as SIGTERM of a scheduler."""
    return f"{_SIGNALED}{signal_name}"


def _cause(seen: Symptoms) -> tuple[str, str]:
    if seen.ended is not None:
        return seen.ended, _way_of_end(seen.ended)
    if seen.stopped:
        processes = ", ".join(map(str, seen.stopped))
        of_java = "" if seen.java_answers else ", and the JVM does not respond"
        return f"a signal stopped process {processes}{of_java}", _STOPPED
    if not seen.java_answers:
        return "the Spark JVM does not respond", MACHINE_MEMORY
    if seen.dead_threads:
        died, *others = seen.dead_threads
        died += f", and {len(others)} more" if others else ""
        waits = ", and a Python worker waits for its input" if seen.waiting_for_python else ""
        return f"a Java thread died ({died}){waits}", remedy_after_death(died) or RUN_AGAIN
    if seen.awaited:
        return f"another process is writing {', '.join(seen.awaited)}", _OTHER_HOLDS
    if seen.executors == 0:
        return "Spark has no executor", _NO_EXECUTOR
    if seen.waiting_for_python:
        return "a Python worker is stuck: it uses no CPU and does not respond", _STUCK_AGAIN
    if seen.tasks:
        return (
            f"{seen.tasks} Spark tasks are stuck: they neither read, write nor compute",
            "check that the source and output storage, spark.local.dir and the network to the "
            "executors respond, then run again",
        )
    return (
        "no Spark task is active, and the driver is waiting",
        "check that the output storage and the catalog respond, then run again",
    )


def _way_of_end(ended: str) -> str:
    if ended == APPLICATION_ENDED:
        return _NO_EXECUTOR
    if ended == CONNECTION_BROKEN or ended.startswith(_SIGNALED):
        return RUN_AGAIN
    return HEAP_MEMORY if _OUT_OF_MEMORY in ended else MACHINE_MEMORY


_WAYS = (
    (r"direct buffer memory|[Dd]irect memory|OutOfDirectMemoryError", DIRECT_MEMORY),
    (r"OutOfMemoryError|Java heap space|GC overhead limit", HEAP_MEMORY),
    (r"Python worker exited unexpectedly", MACHINE_MEMORY),
    (r"ExecutorLostFailure|Master removed our application|ExecutorDeadException", MACHINE_MEMORY),
)


def remedy_after_death(text: str) -> str | None:
    """What to do about an error of a task that died with its process or for lack of memory; None
    for other errors."""
    return next((way for signs, way in _WAYS if re.search(signs, text)), None)
