"""The vital signs of a Spark session: the only module that knows how to query them."""

from __future__ import annotations

import gc
import os
import re
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from pyspark.sql import SparkSession

from modelwatch.capabilities import OUT_OF_REACH, capabilities
from modelwatch.io.session.processes import Process, command, descendants, processes

_STAGE_COUNTERS = (
    *("numCompleteTasks", "numFailedTasks", "numActiveTasks"),
    *("inputBytes", "inputRecords", "outputBytes", "outputRecords"),
    *("shuffleReadBytes", "shuffleReadRecords", "shuffleWriteBytes", "shuffleWriteRecords"),
    *("memoryBytesSpilled", "diskBytesSpilled"),
)
"""Metrics of an active stage. Heartbeats of executors contain those of running tasks."""
_TASK_THREAD = "Executor task launch worker"
_WAITS_FOR_PYTHON = re.compile(r"PythonArrowOutput|PythonRunner")
_DUMPED_EXECUTORS = 8
_EXIT_SECONDS = 2.0
_DEATHS: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""By gateway, the Java map in which threads record the error that they died of."""


@dataclass(frozen=True)
class Answer:
    """The work reported by Spark. ``executors`` other than the driver; None in local mode."""

    counters: Mapping[str, int] = field(default_factory=dict)
    tasks: int | None = None
    executors: int | None = None
    dead_threads: tuple[str, ...] = ()


class VitalSigns:
    """A session, as far as it can be queried: with a JVM, or without one on Spark Connect.

    A call may take forever if the JVM hangs, so calls must be made in a separate thread.
    """

    def __init__(self, session: SparkSession) -> None:
        """Determines what can be queried. From now on, threads of the JVM record their errors when
        they die.

        ``java_id``: its process; None if it is not visible. ``local``: whether tasks run in it.
        """
        self.local = False
        self.java_id: int | None = None
        self.settings: dict[str, str] = {}
        self._context: Any = None
        is_connect = capabilities(session).interface == "connect"
        self._connected: Any = session if is_connect else None
        self._deaths: Any = None
        self._died_before: set[int] = set()
        self._active_before: set[int] = set()
        with suppress(*OUT_OF_REACH):
            context: Any = session.sparkContext
            self._gateway: Any = context._gateway
            self._jvm: Any = self._gateway.jvm
            self.settings = dict(context.getConf().getAll())
            self.local = bool(context._jsc.sc().isLocal())
            management = self._jvm.java.lang.management.ManagementFactory
            java = int(management.getRuntimeMXBean().getName().partition("@")[0])
            # A platform may run the JVM in a separate container, with its own process ids.
            self.java_id = java if command(java) == "java" else None
            self._context = context
            self._deaths = _deaths(self._gateway)
            self._died_before = {thread for thread, _, _ in self._dead()}
            self._active_before = self._active_jobs()

    @property
    def at_hand(self) -> bool:
        """Whether Spark can be queried at all."""
        return self._context is not None

    def answer(self) -> Answer:
        """The current state of Spark; raises one of OUT_OF_REACH if it cannot be queried."""
        if self._context is None:
            return Answer()
        context = self._context._jsc.sc()
        counters = {f"job {job}": 1 for job in self._active_jobs()}
        tasks = 0
        stages = context.statusStore().activeStages()
        for i in range(stages.size()):
            stage = stages.apply(i)
            of_stage = f"stage {stage.stageId()}.{stage.attemptId()}"
            for name in _STAGE_COUNTERS:
                counters[f"{of_stage} {name}"] = int(getattr(stage, name)())
            tasks += counters[f"{of_stage} numActiveTasks"]
        dead = tuple(f"{n}: {e}" for t, n, e in self._dead() if t not in self._died_before)
        return Answer(counters, tasks, None if self.local else len(self._executors()), dead)

    def waiting_for_python(self) -> int:
        """The number of tasks that wait for their Python worker."""
        context = self._context._jsc.sc()
        waiting = 0
        for executor in ["driver"] if self.local else self._executors()[:_DUMPED_EXECUTORS]:
            dump = context.getExecutorThreadDump(executor)
            for thread in dump.get() if dump.isDefined() else ():
                if str(thread.threadName()).startswith(_TASK_THREAD):
                    stack = thread.stackTrace().toString()
                    waiting += bool(_WAITS_FOR_PYTHON.search(stack))
        return waiting

    def usable(self) -> bool:
        """Whether the session still accepts queries; may take forever if the JVM hangs."""
        try:
            return self._context is None or not self._context._jsc.sc().isStopped()
        except OUT_OF_REACH:
            return False

    def cancel(self) -> None:
        """Cancel the jobs that began since, over Spark Connect those of the session; their Python
        workers end with their tasks.

        Spark does not say who started a job: in a session with several threads, it may be
        another's.
        """
        if self._connected is not None:
            self._connected.interruptAll()
        if self._context is not None:
            for job in self._active_jobs() - self._active_before:
                self._context._jsc.sc().cancelJob(job, "the run of modelwatch is ended")

    def cut_connections(self) -> None:
        """Release all Python threads that wait for an answer of the JVM, with an error."""
        if self._context is None:
            return
        from py4j.clientserver import ClientServerConnection

        client = self._gateway._gateway_client
        # py4j lists idle connections. Connections in use belong to the threads that wait on them.
        for connection in [one for one in gc.get_objects() if type(one) is ClientServerConnection]:
            if connection.java_client is client and connection.socket is not None:
                # Otherwise, py4j would repeat the call over a new connection.
                connection.initiated_from_client = False
                with suppress(OSError):
                    connection.socket.shutdown(socket.SHUT_RDWR)

    def java_ended(self) -> bool:
        """Whether the process of the JVM is known to have ended."""
        process = self._java_process()
        return (process is not None and process.poll() is not None) or self._java_is_gone()

    def java_exit_code(self) -> int | None:
        """Exit code of a JVM that has ended, negative for a signal; None if not started here."""
        process = self._java_process()
        if process is not None:
            # Not poll(): it says nothing while another thread calls it.
            with suppress(subprocess.TimeoutExpired):
                return process.wait(_EXIT_SECONDS)
        return None

    def processes(self) -> dict[int, Process] | None:
        """The driver, the JVM, and their descendants; None if the machine does not show them."""
        found = processes()
        if found is None:
            return None
        return descendants(found, [os.getpid(), *([self.java_id] if self.java_id else [])])

    def kill_java(self) -> None:
        """Kill the JVM and the Python workers that it started, including stopped ones."""
        if self.java_id is None or self._java_is_gone():
            return
        found = processes()
        victims = {self.java_id} if found is None else set(descendants(found, [self.java_id]))
        for process_id in victims - {os.getpid()} - _started_by_us(found, self.java_id):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process_id, signal.SIGKILL)

    @property
    def started_java(self) -> bool:
        """Whether this process started the JVM, instead of spark-submit or a platform."""
        return self._java_process() is not None

    def _java_process(self) -> subprocess.Popen[bytes] | None:
        return None if self._context is None else getattr(self._gateway, "proc", None)

    def _java_is_gone(self) -> bool:
        if self.java_id is None:
            return False
        found = processes()
        if found is None:
            return False
        java = found.get(self.java_id)
        return java is None or java.ended

    def _active_jobs(self) -> set[int]:
        return set(self._context._jsc.sc().statusTracker().getActiveJobIds())

    def _executors(self) -> list[str]:
        listed = self._context._jsc.sc().statusStore().executorList(True)
        ids = [str(listed.apply(i).id()) for i in range(listed.size())]
        return [executor for executor in ids if executor != "driver"]

    def _dead(self) -> list[tuple[int, str, str]]:
        """Threads that died of a Java error: identity, name, and error."""
        if self._deaths is None or not self._deaths.size():
            return []
        of_java = self._jvm.java.lang.Class.forName("java.lang.Error")
        found = []
        for entry in self._deaths.entrySet():
            thread, error = entry.getKey(), entry.getValue()
            if of_java.isInstance(error):
                name = re.sub(r"\S*/", "", str(thread.getName()))
                message = re.sub(r"^(?:[\w$]+\.)+", "", str(error.toString()))
                found.append((int(thread.getId()), name, message))
        return found


def _started_by_us(found: dict[int, Process] | None, java: int) -> set[int]:
    """The driver and its descendants if the JVM is its parent, as under spark-submit."""
    if found is None or os.getpid() not in descendants(found, [java]):
        return set()
    return set(descendants(found, [os.getpid()]))


def _deaths(gateway: Any) -> Any:
    """The map in which threads of a JVM record the error that they die of; None if it cannot be
    installed.

    In local mode, Spark leaves such threads to Java, which prints the error and continues; whoever
    waits for the thread waits forever. An existing default handler is kept: executors on a cluster
    have Spark's, which ends them. The handler consists of Java's method handles, so no call goes
    back to Python: (thread, error) -> map.put(thread, error).
    """
    if gateway in _DEATHS:
        return _DEATHS[gateway]
    java = gateway.jvm.java.lang
    if java.Thread.getDefaultUncaughtExceptionHandler() is not None:
        return None
    deaths = gateway.jvm.java.util.concurrent.ConcurrentHashMap()
    of_object = java.Class.forName("java.lang.Object")
    arguments = gateway.new_array(java.Class, 1)
    arguments[0] = of_object
    signature = java.invoke.MethodType.methodType(of_object, of_object, arguments)
    lookup = java.invoke.MethodHandles.publicLookup()
    put = lookup.findVirtual(deaths.getClass(), "put", signature).bindTo(deaths)
    of_handler = java.Class.forName("java.lang.Thread$UncaughtExceptionHandler")
    handler = java.invoke.MethodHandleProxies.asInterfaceInstance(of_handler, put)
    java.Thread.setDefaultUncaughtExceptionHandler(handler)
    _DEATHS[gateway] = deaths
    return deaths
