"""The process that Python workers are forked from."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import modelwatch
from modelwatch.spark.worker_daemon import MODULE, READERS, TASKS

_STARTED = """
import gc, json, runpy, sys
import pyspark.daemon

pyspark.daemon.manager = lambda: print(json.dumps([gc.get_freeze_count(), sorted(sys.modules)]))
runpy.run_module("modelwatch.spark.worker_daemon", run_name="__main__")
"""


def test_it_has_imported_and_frozen_what_tasks_need_when_it_begins_to_fork() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _STARTED], capture_output=True, text=True, check=True
    )
    # Spark reads a port from the output: nothing else may be in it.
    frozen, imported = json.loads(done.stdout)
    named = {f"modelwatch.spark.{name}" for name in (*TASKS, *READERS)}
    assert named | {"numpy", "pyarrow.parquet"} <= set(imported)
    assert frozen > 50_000


def test_every_module_that_hands_functions_to_workers_is_among_those_imported() -> None:
    folder = Path(modelwatch.__file__).parent
    calls = (" in_python(", " sorted_in_python(")
    calling = {
        path
        for path in folder.rglob("*.py")
        if any(call in path.read_text("utf-8") for call in calls)
    }
    assert {path.relative_to(folder) for path in calling} == {
        Path("spark", *name.split(".")).with_suffix(".py") for name in (*TASKS, "python_tasks")
    }


def test_it_forks_a_worker_for_each_connection_and_ends_with_spark() -> None:
    """Spark's side of the conversation, as ``PythonWorkerFactory`` has it."""
    with subprocess.Popen(
        [sys.executable, "-m", MODULE, "pyspark.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHON_WORKER_FACTORY_SECRET": "secret"},
    ) as daemon:
        assert daemon.stdin is not None
        assert daemon.stdout is not None
        (port,) = struct.unpack(">i", daemon.stdout.read(4))
        workers = set()
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                workers.add(struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL)))
                connection.sendall(struct.pack(">i", 6) + b"secret")
                assert connection.recv(6, socket.MSG_WAITALL) == struct.pack(">i", 2) + b"ok"
        assert len(workers - {(daemon.pid,)}) == 2
        daemon.stdin.close()
        daemon.wait(60)
