"""The job in a process of its own, and what can be done to it from outside."""

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
"""Longest that a run may take."""
ROW_SECONDS = 360
"""Longest that a driver may take to end once its Java is gone."""


@dataclass
class Job:
    """A run: its process, whose session holds Java and the Python workers too, and its log."""

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
        """All that it has said."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ready(self) -> Job:
        """Itself, as soon as its session is open; ended if whoever waits is."""
        try:
            self.wait_for(lambda: READY in self.text)
        except BaseException:
            self.end()
            raise
        return self

    def start(self) -> None:
        """Let it begin."""
        self.began = time.monotonic()
        self.go.touch()

    def wait_for(self, seen: Callable[[], bool], pause: float = 0.02) -> bool:
        """Wait until something is seen; False if the process ended before."""
        end = time.monotonic() + SECONDS
        while not seen():
            if self.process.poll() is not None:
                return seen()
            if time.monotonic() > end:
                raise NotSurvived(f"nothing for {SECONDS} s; its log ends: {self.text[-500:]}")
            time.sleep(pause)
        return True

    def says(self, words: str) -> bool:
        """Wait for words in its log; False if it ended without them."""
        return self.wait_for(lambda: words in self.text)

    def code(self) -> int:
        """Its exit code, once it has ended."""
        try:
            code = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise NotSurvived(f"not done after {SECONDS} s: {self.text[-500:]}") from None
        finally:
            self.end()
        return code

    def seconds(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def peak(self) -> Sample | None:
        """The moment of most memory since it began."""
        return self.watch.peak(self.began, time.monotonic())

    def pids(self, java: bool | None = None) -> list[int]:
        """Its processes, or those that are Java, or the others."""
        found = processes(self.process.pid)
        return [pid for pid, is_java in found if java is None or is_java == java]

    def kill(self, manner: str) -> None:
        """SIGKILL of the Python driver ('python'), of its Java ('java'), or of all ('all').

        Waits until the rest has ended too: what is orphaned may still finish what it had begun.
        """
        victims = {
            "python": [self.process.pid],
            "java": self.pids(java=True),
            "all": self.pids(),
        }[manner]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # A Python whose Java is gone still writes the run's row, by a session that it starts.
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(ROW_SECONDS)
        end = time.monotonic() + 30
        while self.pids(java=True) and time.monotonic() < end:
            time.sleep(0.05)
        self.end()

    def end(self) -> None:
        """End what is left of it."""
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
    """A run of the job; with ``wait`` it waits for ``start`` when its session is open.

    ``folder``: of its log. ``settings``: of Spark, beside the packaged ones.
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
