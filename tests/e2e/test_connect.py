"""A run without a JVM, over Spark Connect of Spark 4.1, leaves the rows of the classic run here."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loans import WITHOUT_ROWS, configured, made_tables, rows_of
from modelwatch import cli
from modelwatch.io.session.java import find_java_home
from modelwatch.io.session.lines import LINES
from modelwatch.io.session.stack import stack_settings
from modelwatch.tables import TABLES

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-spark4" / "bin" / "python"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="`make setup SPARK=4` has not been run"),
]

OF_THE_LINE = {"libraries", "spark_session", "engine", "reads"}
"""Columns that say what computed."""
SERVER = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
}


@dataclass(frozen=True)
class Lines:
    """A run over Spark Connect and a classic one, each with its exit code and output folder."""

    connect: Path
    classic: Path
    connect_code: int
    classic_code: int
    log: str


@pytest.fixture(scope="module")
def lines(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Lines:
    folder = tmp_path_factory.mktemp("loans")
    made_tables(folder)
    done = over_connect(folder, "run", str(configured(folder, "connect")), "--as-of", "2024-01-05")
    classic_code = cli.main(["run", str(configured(folder, "classic")), "--as-of", "2024-01-05"])
    return Lines(folder / "connect", folder / "classic", done.returncode, classic_code, done.stderr)


def over_connect(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of Spark 4.1 that has what serverless compute gives, and no more."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "SPARK_HOME"},
        "JAVA_HOME": str(find_java_home(os.environ)),
        "PYSPARK_PYTHON": str(PYTHON),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests", ROOT))),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    environment.pop("SPARK_SUBMIT_OPTS", None)
    settings = {**stack_settings(LINES[1]), **SERVER}
    program = (
        "import json, os, subprocess, sys; from pathlib import Path\n"
        "from connect_server import connect_server\n"
        "settings, log, client, *command = sys.argv[1:]\n"
        "with connect_server(json.loads(settings), Path(log)) as address:\n"
        "    given = {**os.environ, 'SPARK_REMOTE': address}\n"
        "    sys.exit(subprocess.run([sys.executable, client, *command], env=given).returncode)\n"
    )
    client = str(ROOT / "tests" / "connect_client.py")
    log = str(folder / "server.log")
    return subprocess.run(
        [PYTHON, "-c", program, json.dumps(settings), log, client, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_run_ends_with_the_exit_code_of_the_classic_one(lines: Lines) -> None:
    assert lines.connect_code == lines.classic_code, lines.log
    assert lines.connect_code in (0, 1), lines.log


def test_it_says_in_one_line_where_it_computed(lines: Lines) -> None:
    (said,) = [line for line in lines.log.splitlines() if "over Spark Connect" in line]
    assert "Spark 4.1" in said
    assert "constraints by the native engine" in said
    assert "no JVM to call" in said


@pytest.mark.parametrize("table", TABLES)
def test_it_writes_the_rows_of_the_classic_run(lines: Lines, table: str) -> None:
    there, here = (
        rows_of(lines.connect, table, OF_THE_LINE),
        rows_of(lines.classic, table, OF_THE_LINE),
    )
    assert bool(here) == (table not in WITHOUT_ROWS)
    assert there == here
