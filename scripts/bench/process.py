"""Runs a measure in a separate process, and samples its memory."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.bench.case import CORES, Case
from scripts.bench.measures import Measure
from scripts.bench.memory import MemoryWatch, processes


@dataclass(frozen=True)
class Outcome:
    """Outcome of a measure: seconds of each run and peak bytes, or the reason of a failure.

    ``rows``: rows read. ``first``: seconds of the warm-up, if it was the same work.
    """

    measure: str
    rows: int
    seconds: tuple[float, ...] = ()
    first: float | None = None
    java_bytes: int | None = None
    python_bytes: int | None = None
    details: Any = None
    failure: str | None = None

    @property
    def median(self) -> float | None:
        """Median of the seconds."""
        return statistics.median(self.seconds) if self.seconds else None


def run_measure(
    measure: Measure, case: Case, python: Path, folder: Path, limit: float, runs: int | None
) -> Outcome:
    """Run a measure on the days that the case reads.

    ``folder``: for its log. ``limit``: seconds after which it is ended.
    """
    folder.mkdir(parents=True, exist_ok=True)
    result, log = folder / f"{measure.name}.json", folder / f"{measure.name}.log"
    result.unlink(missing_ok=True)
    count = measure.runs if runs is None or measure.runs == 1 else runs
    worker = [str(python), "-m", "scripts.bench.worker", measure.function, case.as_json()]
    command = [*worker, measure.warm_up, str(count), str(result)]
    environment = environment_of(python)
    if measure.connect:
        environment["SPARK_REMOTE"] = f"local[{CORES}]"
    ended = watched(command, log, environment, limit)
    failure = ended.failure
    if failure is None and not result.is_file():
        failure = f"the process ended with {ended.code}; see its log"
    rows = _rows(measure, case)
    if failure is not None:
        return Outcome(measure.name, rows, failure=failure)
    reported = json.loads(result.read_text(encoding="utf-8"))
    if "error" in reported:
        return Outcome(measure.name, rows, failure=reported["error"])
    spans = reported["spans"]
    peak = ended.watch.peak(spans[0][0], spans[-1][1])
    return Outcome(
        measure.name,
        rows,
        tuple(ended - began for began, ended in spans),
        reported["first"],
        peak.java if peak else None,
        peak.other if peak else None,
        reported["details"],
    )


@dataclass(frozen=True)
class Ended:
    """A process that has ended: exit code (None if the limit ended it), seconds, its memory."""

    code: int | None
    seconds: float
    watch: MemoryWatch
    failure: str | None = None


def watched(command: list[str], log: Path, environment: dict[str, str], limit: float) -> Ended:
    """Run a command in a new process session, on two cores.

    ``log``: file for its output. ``limit``: seconds after which it and all processes that it
    started are ended.
    """
    with log.open("w", encoding="utf-8") as output:
        began = time.monotonic()
        child = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
            preexec_fn=_on_two_cores,
        )
        watch = MemoryWatch(child.pid)
        watch.start()
        code, failure = None, None
        try:
            code = child.wait(limit)
        except subprocess.TimeoutExpired:
            failure = f"not done after {limit:.0f} s"
        finally:
            seconds = time.monotonic() - began
            watch.stop()
            _end_session(child)
    return Ended(code, seconds, watch, failure)


def _rows(measure: Measure, case: Case) -> int:
    if measure.name.startswith("wide"):
        return case.wide_rows
    if measure.name.startswith("increment"):
        return case.increment_rows
    return case.rows_read


def environment_of(python: Path) -> dict[str, str]:
    environment = {
        **os.environ,
        # Threads of BLAS would compete with those of Spark for the two cores.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": str(CORES),
        "POLARS_MAX_THREADS": str(CORES),
        # These two tools would send usage data.
        "WHYLOGS_NO_ANALYTICS": "True",
        "NML_DISABLE_USAGE_LOGGING": "1",
        "PYSPARK_PYTHON": str(python),
        "PYSPARK_DRIVER_PYTHON": str(python),
    }
    if str(python) != sys.executable:
        # The other tools include a different version of Spark.
        environment.pop("SPARK_HOME", None)
        environment.pop("VIRTUAL_ENV", None)
    return environment


def _on_two_cores() -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:CORES])


def _end_session(child: subprocess.Popen[bytes]) -> None:
    """End the remaining processes of the measure, by its process session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid, _ in processes(child.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(5)
