"""Two processes that write the same output tables at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, datetime, timezone
from pathlib import Path

from pyspark.sql import SparkSession

import modelwatch
from modelwatch.io.store.output_tables import Store
from modelwatch.model.sources.tables import OutputAddress

APPENDS = 3
USED = ("runs", "constraint_results")


def write_run(spark: SparkSession, folder: str, run_id: str) -> None:
    """What a run does to its tables: create them, append, publish."""
    store = Store(spark, OutputAddress(path=folder))
    store.prepare(USED)
    rows = spark.createDataFrame(
        [("flights", date(2013, 2, 8), "rows", "rows", "warn", "pass")],
        "monitor string, day date, constraint_name string, kind string, severity string, "
        "verdict string",
    )
    for _ in range(APPENDS):
        store.append("constraint_results", rows, run_id)
    moment = datetime.now(timezone.utc)
    store.publish(
        {
            "monitor": "flights",
            "run_id": run_id,
            "started_at": moment,
            "finished_at": moment,
            "outcome": "published",
        }
    )


def other_process(folder: str) -> None:
    """The other process: says that it is ready, and waits for the word."""
    from modelwatch.io.session.spark_session import open_session

    spark = open_session("the other process")
    spark.range(1).collect()
    Path(folder, "ready").touch()
    wait_for(Path(folder, "go"))
    write_run(spark, f"{folder}/monitor", "other")
    spark.stop()


def wait_for(file: Path, process: subprocess.Popen[str] | None = None) -> None:
    while not file.exists():
        assert process is None or process.poll() is None, "the other process ended early"
        time.sleep(0.02)


def test_two_processes_create_and_append_at_once_and_nothing_is_lost(
    spark: SparkSession, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "MASTER": "local[1]",
        "PYTHONPATH": os.pathsep.join(
            [str(Path(modelwatch.__file__).parents[1]), str(Path(__file__).parent)]
        ),
    }
    environment.pop("PYSPARK_GATEWAY_PORT", None)
    environment.pop("PYSPARK_GATEWAY_SECRET", None)
    call = f"import test_concurrency; test_concurrency.other_process({str(tmp_path)!r})"
    other = subprocess.Popen(
        [sys.executable, "-c", call],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with other:
        wait_for(tmp_path / "ready", other)
        (tmp_path / "go").touch()
        write_run(spark, str(tmp_path / "monitor"), "own")
        said, _ = other.communicate(timeout=300)
    assert other.returncode == 0, said[-4000:]
    store = Store(spark, OutputAddress(path=str(tmp_path / "monitor")))
    counted = store.read("constraint_results").groupBy("run_id").count().collect()
    assert {row["run_id"]: row["count"] for row in counted} == {"own": APPENDS, "other": APPENDS}
    published = store.read("runs").collect()
    assert {row.run_id for row in published} == {"own", "other"}
