"""Memory of a session's processes over time, read from /proc."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_SECONDS_BETWEEN = 0.2
_LISTED_EVERY = 5
"""Samples for which the list of processes is used: listing costs more than reading."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """Bytes resident at a moment of the monotonic clock: of Java, and of all other processes."""

    moment: float
    java: int
    other: int


class MemoryWatch(threading.Thread):
    """Samples the memory of a session of processes until stopped.

    Resident pages are added up: those that forked processes share count in each.
    """

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.samples: list[Sample] = []
        self._session = session
        self._done = threading.Event()

    def run(self) -> None:
        pids: list[tuple[int, bool]] = []
        turn = 0
        while not self._done.wait(_SECONDS_BETWEEN):
            if turn % _LISTED_EVERY == 0:
                pids = processes(self._session)
            turn += 1
            java = other = 0
            for pid, is_java in pids:
                if is_java:
                    java += _resident(pid)
                else:
                    other += _resident(pid)
            self.samples.append(Sample(time.monotonic(), java, other))

    def stop(self) -> None:
        """Sample no more."""
        self._done.set()
        self.join()

    def peak(self, began: float, ended: float) -> Sample | None:
        """The sample with most bytes of all processes between two moments."""
        within = [s for s in self.samples if began <= s.moment <= ended + _SECONDS_BETWEEN]
        return max(within, key=lambda s: s.java + s.other, default=None)


def processes(session: int) -> list[tuple[int, bool]]:
    """Processes of a session, and whether each is Java."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            told = Path("/proc", entry, "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has ended
        name, _, rest = told.partition("(")[2].rpartition(")")
        if int(rest.split()[3]) == session:
            found.append((int(entry), name == "java"))
    return found


def _resident(pid: int) -> int:
    try:
        fields = Path("/proc", str(pid), "statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0
