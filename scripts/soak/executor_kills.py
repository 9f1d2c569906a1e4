"""SIGKILL of executors of a standalone cluster on the loopback interface."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts.cluster import standalone_cluster
from scripts.soak.fault import Ended, Fault, Place, must, scenario
from scripts.soak.job import Job, started
from scripts.soak.prepared import Prepared
from scripts.soak.reader import differing
from scripts.soak.settings import SMALL

POINTS = (
    ("one executor, while states are computed", "computing the states", 1),
    ("one executor, while metrics are computed", "comparing them with", 1),
    ("all executors, while states are computed", "computing the states", 2),
)
"""Executors to kill, and the log text at which to kill them."""


@scenario(
    "executor kill",
    "A run that loses executors has the right result, or fails and the next run recovers.",
)
def faults(place: Place) -> Iterator[Fault]:
    tables = place.unlabelled()
    machines = place.folder / "cluster"
    machines.mkdir()
    with standalone_cluster(machines) as master:
        for name, words, count in POINTS:
            yield name, partial(_kill, place, tables, machines, master, words, count)


def _kill(
    place: Place, tables: Prepared, machines: Path, master: str, words: str, count: int
) -> Ended:
    tables.restore()
    reader, right = tables.reader, tables.after
    settings = {**SMALL, "spark.executor.memory": "512m"}
    with started(
        tables.command, place.folder / "logs", wait=True, master=master, settings=settings
    ).ready() as job:
        job.start()
        must(job.says(words), f"the run never reached this step: {job.text[-500:]}")
        victims = _executors(machines, job, count)
        must(len(victims) >= count, f"only {len(victims)} executors to kill")
        for pid in victims[:count]:
            os.kill(pid, signal.SIGKILL)
        code = job.code()
        text = job.text
    if code not in (0, 1):
        must(reader.run(tables.command) in (0, 1), f"it failed repeatedly: {text[-500:]}")
    seen = reader.seen(tables.world.output)
    must(seen == right, f"views differ: {differing(seen, right)}")
    ended = (
        "continued, and its result is right"
        if code in (0, 1)
        else "failed, and the next run recovered"
    )
    return Ended(f"{len(victims[:count])} killed; the run {ended}")


def _executors(machines: Path, job: Job, count: int) -> list[int]:
    """Wait for the executors of a cluster; return their process IDs."""
    found: list[int] = []
    end = time.monotonic() + 30
    while len(found) < count and time.monotonic() < end and job.process.poll() is None:
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                folder = (entry / "cwd").resolve()
            except OSError:
                continue  # it has ended
            if b"CoarseGrainedExecutorBackend" in command and folder.is_relative_to(machines):
                found.append(int(entry.name))
        time.sleep(0.1)
    return sorted(found)
