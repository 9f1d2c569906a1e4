"""The row of a run that lost its Spark session, written by a separate session.

``python -m modelwatch.io.session.late_row`` reads a pickled ``LateRow`` from stdin.
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
"""Maximum time for writing: a starting JVM, and one commit, on a busy machine."""
_TAKEN_OVER = ("spark.sql.", "spark.hadoop.", "spark.databricks.", "spark.delta.", "spark.jars")
"""Settings with which the lost session accessed its tables."""
_BRIEF = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""Settings for a single row, for which optimizations for many rows do not pay off."""
_NAME = "modelwatch, row of a lost run"
_NOT_HANDED_ON = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "PYSPARK_SUBMIT_ARGS", "MASTER")


@dataclass(frozen=True)
class LateRow:
    """A row of ``runs``, its location, and the settings of the lost session."""

    output: OutputAddress
    row: Mapping[str, Any]
    settings: Mapping[str, str]

    def write(self, seconds: float = SECONDS) -> str | None:
        """Write it in a separate process; returns why that failed, or None. Ends within
        ``seconds``."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        for name in _NOT_HANDED_ON:
            environment.pop(name, None)
        process = subprocess.Popen(
            [sys.executable, "-m", "modelwatch.io.session.late_row"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            # The JVM of this process is ended with it if necessary.
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(pickle.dumps(self), timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return f"it took longer than {seconds:.0f} s"
        if process.returncode == 0:
            return None
        lines = output.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {process.returncode}"


def _write(late: LateRow) -> None:
    from pyspark.sql import functions as F

    from modelwatch.io.session.connect import is_connect_wanted
    from modelwatch.io.session.spark_session import open_session
    from modelwatch.io.store.output_tables import Store

    if not is_connect_wanted(os.environ):
        _start_spark(late.settings)
    session = open_session(_NAME, brief=True)
    store = Store(session, late.output)
    store.prepare(("runs",))
    # The lost session may have published the row before it was lost.
    written = store.read("runs").where(F.col("run_id") == late.row["run_id"])
    if written.first() is None:
        store.publish(late.row)
    session.stop()


def _start_spark(settings: Mapping[str, str]) -> None:
    """Start a Spark in this process that reaches the tables which the lost one reached."""
    from pyspark.sql import SparkSession

    from modelwatch.io.session.java import find_java_home
    from modelwatch.io.session.stack import stack_settings

    os.environ["JAVA_HOME"] = str(find_java_home(os.environ))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.appName(_NAME).master("local[1]")
    inherited = {k: v for k, v in settings.items() if k.startswith(_TAKEN_OVER)}
    for key, value in {**stack_settings(), **inherited, **_BRIEF}.items():
        builder = builder.config(key, value)
    builder.getOrCreate()


def main() -> int:
    """Write the row given on stdin; the exit code."""
    from modelwatch.io.failures import typed_message
    from modelwatch.io.terminal import say

    try:
        _write(pickle.load(sys.stdin.buffer))
    except Exception as error:
        say(typed_message(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
