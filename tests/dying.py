"""Runs under which something dies for real: ``python -m dying FOLDER DEATH...``

Each is a run of the command line, whose planning is replaced by a Spark job, or a wait, in which
the death happens. After each, a line of JSON says how the run ended.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark import SparkContext
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch import cli
from modelwatch.io.delta.addresses import Place
from modelwatch.io.delta.locks import table_lock
from modelwatch.io.session.java import find_java_home
from modelwatch.io.session.spark_session import open_session
from modelwatch.io.session.stack import stack_settings
from modelwatch.pipelines.maintenance import upkeep
from modelwatch.pipelines.runs import monitor
from modelwatch.spark.python_tasks import in_python

STALL_SECONDS = 5
HOLDER = "holder"
"""File with the id of a process that whoever tries this must end."""
CONFIG = """
monitor: {name}
output: {{path: {folder}/monitor}}
inputs: {{table: {{path: {folder}/inputs}}, day: {{column: day}}}}
references: [{{name: start, days: 2024-01-01..2024-01-02}}]
progress: {{stall_seconds: {seconds}, executor_stall_seconds: {seconds}}}
"""
Batches = Iterable[pa.RecordBatch]
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # So little that wide rows do not fit, and all else does.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:MaxDirectMemorySize=48m",
}


def worker_gets(number: int) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """A function of batches whose worker gets a signal."""

    def task(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            os.kill(os.getpid(), number)
            yield batch

    return task


def waits_for_itself(batches: Batches) -> Iterator[pa.RecordBatch]:
    lock = threading.Lock()
    for batch in batches:
        lock.acquire()
        lock.acquire()
        yield batch


def computes(batches: Batches) -> Iterator[pa.RecordBatch]:
    """For longer than a run may go without progress."""
    for batch in batches:
        end = time.monotonic() + 2.5 * STALL_SECONDS
        while time.monotonic() < end:
            sum(range(10_000))
        yield batch


def sleeps(batches: Batches) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        time.sleep(60)
        yield batch


def passes(batches: Batches) -> Iterator[pa.RecordBatch]:
    yield from batches


def tasks(spark: SparkSession, function: Any, rows: int = 10, characters: int = 1) -> None:
    """A Spark job of tasks in Python."""
    text = F.expr(f"repeat('x', {characters}) || id").alias("text")
    frame = spark.range(0, rows, 1, 2).select(text)
    in_python(frame, function, pa.schema([("text", pa.string())])).agg(F.count("*")).collect()


def in_a_job(spark: SparkSession, act: Callable[[], object]) -> None:
    """Act as soon as a task in Python is active, which is a little after its worker has started."""
    tracker: Any = spark.sparkContext._jsc.sc().statusStore()

    def wait() -> None:
        # To ask is work for Java too, which its watchdog takes for progress: not for long.
        end = time.monotonic() + 60
        while not any(s.numActiveTasks() for s in stages()) and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(1.0)
        act()

    def stages() -> list[Any]:
        found = tracker.activeStages()
        return [found.apply(i) for i in range(found.size())]

    threading.Thread(target=wait, daemon=True).start()


def java(spark: SparkSession) -> int:
    management: Any = spark.sparkContext._jvm.java.lang.management.ManagementFactory
    return int(management.getRuntimeMXBean().getName().partition("@")[0])


def signalled_java(spark: SparkSession, number: int) -> None:
    process = java(spark)
    in_a_job(spark, lambda: os.kill(process, number))
    tasks(spark, sleeps)


def signalled_driver(spark: SparkSession, number: int) -> None:
    in_a_job(spark, lambda: os.kill(os.getpid(), number))
    tasks(spark, sleeps)


def cut_connection(spark: SparkSession) -> None:
    client: Any = spark.sparkContext._gateway._gateway_client
    connection = client.get_thread_connection()
    in_a_job(spark, lambda: reset(connection.socket))
    tasks(spark, sleeps)


def reset(connection: socket.socket) -> None:
    """Have the kernel break a connection, as it does when a host on the way forgets it.

    An orderly end would be no test: py4j sends the call once more then.
    """
    no_address = struct.pack("H14x", socket.AF_UNSPEC)
    if ctypes.CDLL(None, use_errno=True).connect(connection.fileno(), no_address, 16):
        raise OSError(ctypes.get_errno(), "the connection could not be reset")


def other_process_writes(spark: SparkSession) -> None:
    """A table is being written by a process of somebody else that was stopped meanwhile."""
    folder = Path(sys.argv[1])
    place = Place(path=str(folder / "monitor" / "verdicts"))
    if not (child := os.fork()):
        if not os.fork():
            with table_lock(place):
                (folder / HOLDER).write_text(str(os.getpid()))
                os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(child, 0)
    while not (folder / HOLDER).exists():
        time.sleep(0.1)
    time.sleep(1.0)
    with table_lock(place):
        pass


def java_waits(spark: SparkSession) -> None:
    """A call that is no Spark job, as a commit to a storage that does not answer."""
    jvm: Any = spark.sparkContext._jvm
    jvm.java.lang.Thread.sleep(3_600_000)


DEATHS: dict[str, Callable[[SparkSession], object]] = {
    "writer out of memory": lambda spark: tasks(spark, passes, 40_000, 4_000),
    "worker killed": lambda spark: tasks(spark, worker_gets(signal.SIGKILL)),
    "worker stopped": lambda spark: tasks(spark, worker_gets(signal.SIGSTOP)),
    "worker deadlocked": lambda spark: tasks(spark, waits_for_itself),
    "worker computes": lambda spark: tasks(spark, computes, 2),
    "task out of memory": lambda spark: (
        spark.range(1)
        .selectExpr("length(concat_ws('', array_repeat(repeat('x', 500000000), 4)))")
        .collect()
    ),
    "connection cut": cut_connection,
    "other process writes": other_process_writes,
    "commit hangs": java_waits,
    "java killed": lambda spark: signalled_java(spark, signal.SIGKILL),
    "java stopped": lambda spark: signalled_java(spark, signal.SIGSTOP),
    "terminated": lambda spark: signalled_driver(spark, signal.SIGTERM),
    "interrupted": lambda spark: signalled_driver(spark, signal.SIGINT),
    "python waits": lambda spark: threading.Event().wait(),
}

OF_UPKEEP = {"upkeep stopped": "worker stopped"}
"""Deaths under `modelwatch maintain`, which writes no row of a run that failed."""


class Passed(Exception):
    """Nothing died: the run had gone on."""


def main() -> int:
    try:
        return ran()
    finally:
        java: Any = SparkContext._gateway and SparkContext._gateway.proc  # type: ignore[attr-defined]
        if java is not None:
            # One that was stopped would not end by itself.
            java.kill()


def ran() -> int:
    folder, *names = sys.argv[1:]
    own, names = names[:1] == ["--own"], [name for name in names if name != "--own"]
    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("MASTER", "local[2]")
    if not own:
        builder = SparkSession.builder.master(os.environ["MASTER"])
        for key, value in {**stack_settings(), **SETTINGS}.items():
            builder = builder.config(key, value)
        builder.getOrCreate()
        open_session("dying")
    code = 0
    for name in names:
        config = Path(folder, f"{name.replace(' ', '_')}.yaml")
        of = {"name": config.stem, "folder": folder, "seconds": STALL_SECONDS}
        config.write_text(CONFIG.format(**of), encoding="utf-8")

        def request(spark: SparkSession, *_: object, name: str = name, **__: object) -> None:
            DEATHS[OF_UPKEEP.get(name, name)](spark)
            raise Passed

        monitor._request = request  # type: ignore[assignment]
        upkeep.maintain = request  # type: ignore[assignment]
        began = time.monotonic()
        with redirect_stderr(StringIO()) as said:
            code = cli.main(["maintain" if name in OF_UPKEEP else "run", str(config)])
        seconds = round(time.monotonic() - began, 1)
        wording = {"death": name, "code": code, "said": said.getvalue(), "seconds": seconds}
        print(json.dumps(wording), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
