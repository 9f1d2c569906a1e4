"""The log file for the output of Java, Ivy, and Spark."""

from __future__ import annotations

import atexit
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_EXCEPTION = re.compile(r'^Exception in thread "main" (.+)$', re.M)
_ROUTINE_LINE = re.compile(r"^\s+at |^\s*\.\.\. \d+ more|^Picked up |CMD: bad array subscript$")
"""Lines of a stack trace, and of a shell about a JVM that ended."""
_LAST_LINES = 3


@dataclass
class SparkLog:
    """The log of the Spark that this process started.

    It is removed when the process ends, unless something failed and it is ``retained``.
    """

    path: Path
    retained: bool = False

    def reason(self) -> str:
        """Why Spark did not start: the exception that ended it, otherwise its last lines."""
        text = self.path.read_text(encoding="utf-8", errors="replace")
        found = _EXCEPTION.findall(text)
        if found:
            return str(found[-1]).strip()
        lines = [line for line in text.splitlines() if line.strip()]
        shown = [line.strip() for line in lines if not _ROUTINE_LINE.search(line)]
        return "; ".join(shown[-_LAST_LINES:]) or "it wrote nothing"

    def remove(self) -> None:
        """Remove the file, unless it is kept."""
        if not self.retained:
            # Some systems cannot delete a file that a running JVM has open.
            with suppress(OSError):
                self.path.unlink()


_logs: list[SparkLog] = []


def new_log() -> SparkLog:
    """An empty log in the folder for temporary files."""
    handle, path = tempfile.mkstemp(prefix="modelwatch-spark-", suffix=".log")
    os.close(handle)
    log = SparkLog(Path(path))
    _logs.append(log)
    atexit.register(log.remove)
    return log


def log_notice() -> str:
    """Text that names the log of the Spark that this process started, which is then kept. Empty if
    it started none."""
    if not _logs:
        return ""
    _logs[-1].retained = True
    return f" (Spark's log: {_logs[-1].path})"
