"""The same job on a standalone cluster, with the wheel, and in local mode: the same results."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyspark
import pytest
from deltalake import DeltaTable, write_deltalake
from scripts.cluster import standalone_cluster

from modelwatch import cli
from modelwatch.io.session.java import find_java_home
from modelwatch.tables import TABLES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ROWS_A_DAY = 200
FIRST, DAYS = date(2024, 1, 1), 4
CONFIG = """
monitor: loans
output: {{path: {output}}}
inputs: {{table: {{path: {folder}/inputs}}, id: loan, day: {{column: day}}}}
predictions:
  table: {{path: {folder}/predictions}}
  id: loan
  day: {{column: day}}
  score: risk
  model_version: {{column: version}}
labels:
  table: {{path: {folder}/labels}}
  id: loan
  day: {{column: day}}
  label: defaulted
  known: {{column: known}}
  due: {{delay_days: 1}}
performance:
  task: binary
  score: risk
  decision: {{threshold: 0.3}}
  values: {{true_positive: 2, false_positive: -1, expressions: {{lent: amount * label}}}}
  slices: [amount]
comparison: {{champion: v1, challenger: v2, expected_share: 0.333}}
segments: [{{name: country, columns: country, max_values: 2}}]
windows: [day]
references: [{{name: start, days: 2024-01-01..2024-01-02}}, {{name: previous, previous_windows: 1}}]
binning: {{bins: 20}}
constraints:
  - {{name: amount is there, kind: completeness, column: amount, lower: 0.99}}
  - {{name: one row per loan, kind: uniqueness, columns: loan}}
"""
OF_THE_RUN = {"run_id", "started_at", "finished_at", "created_at", "told_at"}
"""Identity and times."""
OF_THE_MACHINE = {"stages", "executor_seconds", "spark_jobs", "work", "history"}
"""What the work cost."""
WITHOUT_ROWS = {
    *("loss_models", "change_attributions", "model_comparisons"),
    *("durations", "feature_states_monthly", "performance_states_monthly"),
    *("contracts", "row_accounts", "quarantine", "quarantine_releases"),
    *("incident_actions", "retraining_decisions", "outbox"),
}
"""They are of regressions, of windows of three days and more, of maintenance, of what people say,
and of sections that the configuration does not have."""
OF_THE_CONFIGURATION = {"config_yaml", "config_fingerprint"}
"""The two configurations name different folders of output."""


@dataclass(frozen=True)
class Submitted:
    """A run on the cluster and one in local mode, each with its exit code and output folder."""

    cluster: Path
    local: Path
    cluster_code: int
    local_code: int
    executors: tuple[Path, ...]
    log: str


def made_tables(folder: Path) -> None:
    """Loans with nulls, NaN, an unmatched row on either side and a mean that moves."""
    random = np.random.default_rng(7)
    rows = ROWS_A_DAY * DAYS
    days = np.repeat([FIRST + timedelta(n) for n in range(DAYS)], ROWS_A_DAY)
    shift = np.repeat(np.arange(DAYS), ROWS_A_DAY) / 3
    amount = random.lognormal(5 + shift, 1.0)
    inputs = pd.DataFrame(
        {
            "loan": np.arange(rows),
            "day": days,
            "amount": np.where(random.random(rows) < 0.05, np.nan, amount),
            "children": pd.array(random.poisson(1.5, rows), dtype="Int64"),
            "country": random.choice(["CH", "AT", "LI", None], rows, p=[0.5, 0.3, 0.1, 0.1]),
            "first": random.random(rows) < 0.3,
        }
    )
    inputs.loc[random.random(rows) < 0.1, "children"] = pd.NA
    predictions = pd.DataFrame(
        {
            "loan": np.arange(rows),
            "day": days,
            "risk": random.beta(2, 5, rows),
            "version": np.where(np.arange(rows) % 3 == 0, "v2", "v1"),
        }
    )
    write_deltalake(folder / "inputs", inputs.iloc[1:], partition_by=["day"])
    write_deltalake(folder / "predictions", predictions.iloc[:-1], partition_by=["day"])
    labels = inputs[["loan", "day"]].assign(
        defaulted=random.random(rows) < predictions["risk"], known=days + timedelta(1)
    )
    write_deltalake(folder / "labels", labels.iloc[::2], partition_by=["day"])


def configured(folder: Path, name: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(CONFIG.format(folder=folder, output=folder / name), encoding="utf-8")
    return path


def built_wheel(folder: Path) -> Path:
    offline = ("--no-deps", "--no-build-isolation", "--no-index")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, *offline, "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def bare_python(folder: Path) -> Path:
    """The Python of the tests, but for the package, which a development set-up installs in it."""
    forget = f"import sys\nsys.path[:] = [p for p in sys.path if p != {str(ROOT / 'src')!r}]\n"
    (folder / "sitecustomize.py").write_text(forget, encoding="utf-8")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{folder}" exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python


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
            *("--properties-file", ROOT / "conf" / "spark-defaults.conf"),
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
    python = bare_python(tmp_path_factory.mktemp("bin"))
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


def rows_of(output: Path, table: str) -> list[str]:
    """The rows of a table as texts, in their order, without what no two runs share."""
    left_out = OF_THE_RUN | OF_THE_MACHINE | OF_THE_CONFIGURATION
    rows = (
        DeltaTable(output / table)
        .to_pyarrow_table()
        .drop_columns([name for name in TABLES[table].names if name in left_out])
    )
    return sorted(repr(row).replace(str(output), "OUTPUT") for row in rows.to_pylist())


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
