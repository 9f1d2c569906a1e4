"""The row of a run whose own Spark is lost, written by a session that starts for it alone.

``python -m modelwatch.io.session.late_row`` reads a pickled ``LateRow`` from its standard input.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from modelwatch.model.sources.tables import OutputAddress

SECONDS = 300
"""Longest that writing may take: a Java that starts, and one commit, on a crowded machine."""
_TAKEN_OVER = ("spark.sql.", "spark.hadoop.", "spark.databricks.", "spark.delta.", "spark.jars")
"""Settings by which the lost session reached its tables."""
_BRIEF = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""One row is written: what pays for many only costs."""
_NOT_HANDED_ON = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "PYSPARK_SUBMIT_ARGS", "MASTER")


@dataclass(frozen=True)
class LateRow:
    """A row of ``runs``, where it goes, and the settings of the session that is lost."""

    output: OutputAddress
    row: Mapping[str, Any]
    settings: Mapping[str, str]

    def write(self, seconds: float = SECONDS) -> str | None:
        """Write it in a process of its own; why that failed, or None. Ends within ``seconds``."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        for name in _NOT_HANDED_ON:
            environment.pop(name, None)
        process = subprocess.Popen(
            [sys.executable, "-m", "modelwatch.io.session.late_row"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            # Its Java ends with it where it has to be ended.
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(pickle.dumps(self), timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return f"it took longer than {seconds:.0f} s"
        if process.returncode == 0:
            return None
        lines = said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {process.returncode}"


def _write(late: LateRow) -> None:
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    from modelwatch.io.session.java import find_java_home
    from modelwatch.io.session.spark_session import open_session
    from modelwatch.io.session.stack import stack_settings
    from modelwatch.io.store.output_tables import Store

    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.appName("modelwatch, row of a lost run").master("local[1]")
    kept = {k: v for k, v in late.settings.items() if k.startswith(_TAKEN_OVER)}
    for key, value in {**stack_settings(), **kept, **_BRIEF}.items():
        builder = builder.config(key, value)
    builder.getOrCreate()
    session = open_session("modelwatch, row of a lost run")
    store = Store(session, late.output)
    store.prepare(("runs",))
    # What the lost session had begun may have come to its end.
    written = store.read("runs").where(F.col("run_id") == late.row["run_id"])
    if written.first() is None:
        store.publish(late.row)
    session.stop()


def main() -> int:
    """Write the row given on standard input; the exit code."""
    from modelwatch.io.failures import typed
    from modelwatch.io.terminal import say

    try:
        _write(pickle.load(sys.stdin.buffer))
    except Exception as error:
        say(typed(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
