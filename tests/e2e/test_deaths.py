"""A run under which something dies for real ends: exit code 2, its sentence, its row."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from dying import DEATHS, HOLDER, OF_UPKEEP

SOURCES = Path(__file__).parents[2] / "src"
BOUND_SECONDS = 900
"""Of all runs of a process. Alone on two cores each takes some ten seconds."""
IN_SPARK = {
    "java killed": ("was ended by signal 9", "memory of the machine"),
}
"""Deaths in the default suite, with words of each sentence."""
MORE_IN_SPARK = {
    "writer out of memory": ("OutOfMemoryError", "direct buffer memory", "MaxDirectMemorySize"),
    "worker stopped": ("a signal stopped process", "SIGSTOP"),
    "connection cut": ("connection between Python and the Spark JVM broke", "run again"),
    "worker killed": ("Python worker exited unexpectedly", "memoryOverhead"),
    "worker deadlocked": (
        "a Python worker is stuck: it uses no CPU and does not respond",
        "Fix",
    ),
    "task out of memory": ("Java heap space", "spark.driver.memory"),
    "commit hangs": ("no Spark task is active", "output storage"),
}
OF_THE_PROCESS = {
    "terminated": ("told to stop by SIGTERM", "run again"),
    "interrupted": ("told to stop by SIGINT", "run again"),
    "python waits": ("no Spark task is active, and the driver is waiting",),
    "other process writes": ("another process is writing", "verdicts"),
    "java stopped": ("a signal stopped process",),
}
"""Deaths that the process ends with, each in one of its own."""


@dataclass(frozen=True)
class Ended:
    """How the runs of a process ended, by death, and the code and last words of the process."""

    runs: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, list[dict[str, Any]]]
    code: int
    said: str


def died(folder: Path, *arguments: str) -> Ended:
    environment = {
        **os.environ,
        "MASTER": "local[2]",
        "PYTHONPATH": os.pathsep.join([str(SOURCES), str(Path(__file__).parents[1])]),
    }
    for name in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"):
        environment.pop(name, None)
    # A stopped process would keep pipes open, and this one waiting, after the end of the other.
    answers, words = folder / "stdout", folder / "stderr"
    with answers.open("w") as stdout, words.open("w") as stderr:
        done = subprocess.run(
            [sys.executable, "-m", "dying", str(folder), *arguments],
            env=environment,
            cwd=folder,
            stdout=stdout,
            stderr=stderr,
            timeout=BOUND_SECONDS,
            check=False,
        )
    printed = answers.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in DeltaTable(folder / "monitor" / "runs").to_pyarrow_table().to_pylist():
        rows.setdefault(row["monitor"].replace("_", " "), []).append(row)
    return Ended(
        {line["death"]: line for line in lines},
        rows,
        done.returncode,
        words.read_text(encoding="utf-8"),
    )


def assert_reported(ended: Ended, death: str, words: tuple[str, ...]) -> None:
    assert death in ended.runs, ended.said[-3000:]
    assert ended.runs[death]["code"] == 2
    (row,) = ended.rows[death]
    assert (row["outcome"], row["exit_code"]) == ("failed", 2)
    for word in (*words, "Fix: "):
        assert word in row["message"]
    # The command says what the row says.
    assert row["message"] in ended.runs[death]["said"]


@pytest.fixture(scope="module")
def in_spark(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return died(tmp_path_factory.mktemp("deaths"), *IN_SPARK)


@pytest.mark.parametrize("death", IN_SPARK)
def test_a_death_ends_the_run_with_its_sentence_and_its_row(in_spark: Ended, death: str) -> None:
    assert_reported(in_spark, death, IN_SPARK[death])


@pytest.fixture(scope="module")
def more_in_spark(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return died(tmp_path_factory.mktemp("more"), "worker computes", *OF_UPKEEP, *MORE_IN_SPARK)


@pytest.mark.slow
@pytest.mark.parametrize("death", MORE_IN_SPARK)
def test_so_does_every_other_death(more_in_spark: Ended, death: str) -> None:
    assert_reported(more_in_spark, death, MORE_IN_SPARK[death])


@pytest.mark.slow
@pytest.mark.parametrize("death", OF_UPKEEP)
def test_a_death_ends_a_command_that_is_no_run(more_in_spark: Ended, death: str) -> None:
    ended = more_in_spark.runs[death]
    assert ended["code"] == 2
    for word in MORE_IN_SPARK[OF_UPKEEP[death]]:
        assert word in ended["said"]
    assert death not in more_in_spark.rows


@pytest.mark.slow
def test_a_worker_that_computes_for_longer_than_the_limit_is_left_alone(
    more_in_spark: Ended,
) -> None:
    run = more_in_spark.runs["worker computes"]
    assert "Passed" in run["said"]
    assert "no progress" not in run["said"]
    assert "worker computes" not in more_in_spark.rows


@pytest.mark.slow
@pytest.mark.parametrize("death", OF_THE_PROCESS)
def test_a_process_that_nothing_releases_is_ended_after_its_row_is_written(
    tmp_path: Path, death: str
) -> None:
    try:
        ended = died(tmp_path, "--own", death)
    finally:
        # It may have ended with its session.
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((tmp_path / HOLDER).read_text()), signal.SIGKILL)
    assert ended.code == 2, ended.said[-3000:]
    (row,) = ended.rows[death]
    assert (row["outcome"], row["exit_code"]) == ("failed", 2)
    for word in OF_THE_PROCESS[death]:
        assert word in row["message"]


def test_every_death_is_tried() -> None:
    assert set(DEATHS) == {*IN_SPARK, *MORE_IN_SPARK, *OF_THE_PROCESS, "worker computes"}
