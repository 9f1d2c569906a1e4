"""A job in a separate process, and functions that disturb it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench.memory import MemoryWatch, Sample, processes
from scripts.soak.fault import NotSurvived
from scripts.soak.settings import SMALL
from scripts.soak.worker import READY

SECONDS = 900
"""Limit of a run."""
ROW_SECONDS = 360
"""Limit for the end of a driver after its Java was killed."""


@dataclass
class Job:
    """A run: its process, in a process session with Java and the Python workers, and its log."""

    process: subprocess.Popen[bytes]
    log: Path
    go: Path
    began: float = 0.0
    watch: MemoryWatch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = MemoryWatch(self.process.pid)
        self.watch.start()

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def text(self) -> str:
        """Its output so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ready(self) -> Job:
        """Wait until its session is open; end it if the wait is interrupted."""
        try:
            self.wait_for(lambda: READY in self.text)
        except BaseException:
            self.end()
            raise
        return self

    def start(self) -> None:
        """Start the waiting job."""
        self.began = time.monotonic()
        self.go.touch()

    def wait_for(self, seen: Callable[[], bool], pause: float = 0.02) -> bool:
        """Wait until a condition is true; False if the process ended before."""
        end = time.monotonic() + SECONDS
        while not seen():
            if self.process.poll() is not None:
                return seen()
            if time.monotonic() > end:
                raise NotSurvived(f"nothing for {SECONDS} s; its log ends: {self.text[-500:]}")
            time.sleep(pause)
        return True

    def says(self, words: str) -> bool:
        """Wait for text in its log; False if it ended without it."""
        return self.wait_for(lambda: words in self.text)

    def code(self) -> int:
        """Wait for its end; return the exit code."""
        try:
            code = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise NotSurvived(f"not done after {SECONDS} s: {self.text[-500:]}") from None
        finally:
            self.end()
        return code

    def seconds(self) -> float:
        """Seconds since it started."""
        return time.monotonic() - self.began

    def peak(self) -> Sample | None:
        """The peak of its memory."""
        return self.watch.peak(self.began, time.monotonic())

    def pids(self, java: bool | None = None) -> list[int]:
        """All of its processes, those of Java, or the others."""
        found = processes(self.process.pid)
        return [pid for pid, is_java in found if java is None or is_java == java]

    def kill(self, manner: str) -> None:
        """SIGKILL of the Python driver ('python'), of its Java ('java'), or of all ('all').

        Waits until all other processes have ended, because orphans may still complete a write.
        """
        victims = {
            "python": [self.process.pid],
            "java": self.pids(java=True),
            "all": self.pids(),
        }[manner]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # Without its Java, the Python driver starts a new session to write the row of the run.
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(ROW_SECONDS)
        end = time.monotonic() + 30
        while self.pids(java=True) and time.monotonic() < end:
            time.sleep(0.05)
        self.end()

    def end(self) -> None:
        """End its remaining processes."""
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        if self.watch.is_alive():
            self.watch.stop()


def started(
    command: list[str],
    folder: Path,
    *,
    wait: bool = False,
    master: str = "local[2]",
    settings: Mapping[str, str] = SMALL,
) -> Job:
    """Start a run; with ``wait`` it opens its session and waits for ``start``.

    ``folder``: for its log. ``settings``: Spark properties in addition to the packaged ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".log", dir=folder)
    os.close(handle)
    log = Path(name)
    go = log.with_suffix(".go")
    if not wait:
        go.touch()
    environment = {**os.environ, "MASTER": master, "SPARK_LOCAL_IP": "127.0.0.1"}
    for variable in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"):
        environment.pop(variable, None)
    given = {"spark.ui.enabled": "false", **settings}
    worker = [sys.executable, "-m", "scripts.soak.worker", str(go), json.dumps(given)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*worker, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    job = Job(process, log, go)
    job.began = time.monotonic()
    return job
