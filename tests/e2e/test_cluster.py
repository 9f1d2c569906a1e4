"""The same job on a standalone cluster, with the wheel, and in local mode: the same results."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyspark
import pytest
from scripts.cluster import standalone_cluster

from bare_python import bare_python
from loans import WITHOUT_ROWS, configured, made_tables, rows_of
from modelwatch import cli
from modelwatch.io.session.java import find_java_home
from modelwatch.io.session.lines import installed_line
from modelwatch.tables import TABLES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Submitted:
    """A run on the cluster and one in local mode, each with its exit code and output folder."""

    cluster: Path
    local: Path
    cluster_code: int
    local_code: int
    executors: tuple[Path, ...]
    log: str


def built_wheel(folder: Path) -> Path:
    offline = ("--no-deps", "--no-build-isolation", "--no-index")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, *offline, "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def submitted(
    master: str, python: Path, wheel: Path, config: Path
) -> subprocess.CompletedProcess[str]:
    spark_home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        "SPARK_HOME": str(spark_home),
        "JAVA_HOME": str(find_java_home(os.environ)),
        "PYSPARK_PYTHON": str(python),
        "PYSPARK_DRIVER_PYTHON": str(python),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    # The code must come from the wheel, and the master from the command line.
    for variable in ("PYTHONPATH", "MASTER"):
        environment.pop(variable, None)
    options = {"--master": master, "--py-files": wheel, "--executor-memory": "512m"}
    return subprocess.run(
        [
            spark_home / "bin" / "spark-submit",
            *("--properties-file", ROOT / "conf" / installed_line().settings),
            *(word for option in options.items() for word in option),
            *("--conf", "spark.ui.enabled=false"),
            *(ROOT / "jobs" / "monitor.py", "--config", config, "--as-of", "2024-01-05"),
        ],
        env=environment,
        cwd=config.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def runs(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Submitted:
    folder = tmp_path_factory.mktemp("loans")
    made_tables(folder)
    wheel = built_wheel(tmp_path_factory.mktemp("dist"))
    python = bare_python(tmp_path_factory.mktemp("bin"), sys.executable)
    machines = tmp_path_factory.mktemp("cluster")
    with standalone_cluster(machines) as master:
        done = submitted(master, python, wheel, configured(folder, "cluster"))
    local_code = cli.main(["run", str(configured(folder, "local")), "--as-of", "2024-01-05"])
    return Submitted(
        folder / "cluster",
        folder / "local",
        done.returncode,
        local_code,
        tuple(sorted(machines.glob("worker-*/app-*/*"))),
        done.stdout + done.stderr,
    )


def test_the_cluster_ends_the_job_with_the_exit_code_of_local_mode(runs: Submitted) -> None:
    assert runs.cluster_code == runs.local_code, runs.log
    assert runs.cluster_code in (0, 1), runs.log


def test_executors_of_both_workers_had_the_package_from_the_wheel(runs: Submitted) -> None:
    assert {executor.parents[1].name for executor in runs.executors} == {"worker-1", "worker-2"}
    for executor in runs.executors:
        assert list(executor.glob("modelwatch-*.zip"))


@pytest.mark.parametrize("table", TABLES)
def test_the_cluster_writes_the_rows_of_local_mode(runs: Submitted, table: str) -> None:
    there, here = rows_of(runs.cluster, table), rows_of(runs.local, table)
    assert bool(here) == (table not in WITHOUT_ROWS)
    assert there == here
