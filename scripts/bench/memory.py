"""Memory and processor time of a session's processes, read from /proc."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_SECONDS_BETWEEN = 0.2
_LISTED_EVERY = 5
"""Number of samples between updates of the list of processes, which are expensive."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = 1.0 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """Resident bytes at a time of the monotonic clock: of Java, and of all other processes.

    ``first``: bytes of the first process of the session, which is one of the others.
    """

    moment: float
    java: int
    other: int
    first: int = 0


class MemoryWatch(threading.Thread):
    """Samples the memory of a process session until stopped.

    Sums resident pages; those that forked processes share count in each of them.
    ``processor_seconds``: by process, as of the last update of the list.
    """

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.samples: list[Sample] = []
        self.processor_seconds: dict[int, float] = {}
        self._session = session
        self._done = threading.Event()

    def run(self) -> None:
        pids: list[tuple[int, bool]] = []
        table_lock = 0
        while not self._done.wait(_SECONDS_BETWEEN):
            if table_lock % _LISTED_EVERY == 0:
                listed = _listed(self._session)
                pids = [(pid, is_java) for pid, is_java, _ in listed]
                self.processor_seconds |= {pid: seconds for pid, _, seconds in listed}
            table_lock += 1
            java = other = first = 0
            for pid, is_java in pids:
                resident = _resident(pid)
                if is_java:
                    java += resident
                else:
                    other += resident
                if pid == self._session:
                    first = resident
            self.samples.append(Sample(time.monotonic(), java, other, first))

    def stop(self) -> None:
        """Stop sampling."""
        self._done.set()
        self.join()

    def peak(self, began: float, ended: float) -> Sample | None:
        """The sample with the most bytes of all processes between two times."""
        within = [s for s in self.samples if began <= s.moment <= ended + _SECONDS_BETWEEN]
        return max(within, key=lambda s: s.java + s.other, default=None)


def processes(session: int) -> list[tuple[int, bool]]:
    """Processes of a session, and whether each is Java."""
    return [(pid, is_java) for pid, is_java, _ in _listed(session)]


def _listed(session: int) -> list[tuple[int, bool, float]]:
    """Processes of a session, whether each is Java, and its seconds of processor time."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            reported = Path("/proc", entry, "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # the process has ended
        name, _, rest = reported.partition("(")[2].rpartition(")")
        fields = rest.split()
        if int(fields[3]) == session:
            seconds = (int(fields[11]) + int(fields[12])) * _TICK
            found.append((int(entry), name == "java", seconds))
    return found


def _resident(pid: int) -> int:
    try:
        fields = Path("/proc", str(pid), "statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0
