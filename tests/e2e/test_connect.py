"""Runs of Spark 4.1, classic and over Spark Connect without a JVM, leave the rows of Spark 3.5."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from every_section import OF_THE_FILES, TIMES, exit_codes, made_tables_of_every_section
from loans import rows_of
from modelwatch.io.session import spark_session
from modelwatch.io.session.java import find_java_home
from modelwatch.io.session.lines import LINES, installed_line
from modelwatch.io.session.stack import stack_settings
from modelwatch.tables import TABLES

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-spark4" / "bin" / "python"
PROGRAM = ROOT / "tests" / "every_section.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="`make setup SPARK=4` has not been run"),
    pytest.mark.skipif(installed_line() is LINES[1], reason="it compares with Spark 3.5"),
]

OF_THE_LINE = {"libraries", "spark_session", "engine", "reads"}
"""Columns that say what computed."""
WITHOUT_ROWS = {"feature_states_monthly", "performance_states_monthly", "promotion_decisions"}
"""`maintain` merges days into months when they are 90 days old and no reference has them; nobody
asks whether the challenger may be promoted."""
OF_THE_SERVER = (
    "spark.databricks.delta.snapshotPartitions",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism",
    "spark.sql.ui.explainMode",
)
"""Settings that change no result, and that a server of small tables has from its start: the client
may not set them."""
SETTINGS = {
    **stack_settings(LINES[1]),
    **{one.key: one.value for one in spark_session.SETTINGS if one.key in OF_THE_SERVER},
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
}


@dataclass(frozen=True)
class CommandOutput:
    """Commands in a process of Spark 4.1: their output folder, their exit codes, and the log."""

    output: Path
    codes: list[int]
    log: str


@dataclass(frozen=True)
class Lines:
    """The same commands in this process and in processes of Spark 4.1."""

    here: Path
    codes: list[int]
    there: dict[str, CommandOutput]


@pytest.fixture(scope="module")
def lines(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Lines:
    folder = tmp_path_factory.mktemp("loans")
    made_tables_of_every_section(folder)
    codes = exit_codes(folder, "here")
    there = {name: reported(folder, name) for name in ("classic", "connect")}
    return Lines(folder / "here", codes, there)


def reported(folder: Path, name: str) -> CommandOutput:
    """The commands in a process of Spark 4.1: classic, or with what serverless compute gives."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "SPARK_HOME"},
        "JAVA_HOME": str(find_java_home(os.environ)),
        "PYSPARK_PYTHON": str(PYTHON),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests", ROOT))),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    environment.pop("SPARK_SUBMIT_OPTS", None)
    with_server = (
        "import json, os, subprocess, sys; from pathlib import Path\n"
        "from connect_server import connect_server\n"
        "settings, log, *command = sys.argv[1:]\n"
        "with connect_server(json.loads(settings), Path(log)) as address:\n"
        "    given = {**os.environ, 'SPARK_REMOTE': address}\n"
        "    sys.exit(subprocess.run([sys.executable, *command], env=given).returncode)\n"
    )
    server = ["-c", with_server, json.dumps(SETTINGS), str(folder / "server.log")]
    done = subprocess.run(
        [PYTHON, *(server if name == "connect" else []), PROGRAM, folder, name],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return CommandOutput(folder / name, json.loads(done.stdout.splitlines()[-1]), done.stderr)


@pytest.mark.parametrize("name", ["classic", "connect"])
def test_commands_end_with_the_exit_codes_of_this_line(lines: Lines, name: str) -> None:
    assert lines.there[name].codes == lines.codes, lines.there[name].log
    assert 2 not in lines.codes


def test_a_run_says_in_one_line_where_it_computed(lines: Lines) -> None:
    said, *_ = [x for x in lines.there["connect"].log.splitlines() if "over Spark Connect" in x]
    assert "Spark 4.1" in said
    assert "constraints by the native engine" in said
    assert "no JVM to call" in said


def test_the_package_is_sent_to_the_python_workers_of_the_server(lines: Lines) -> None:
    assert "sending the package to the Python workers" in lines.there["connect"].log


@pytest.mark.parametrize("table", TABLES)
def test_nearly_every_table_has_rows(lines: Lines, table: str) -> None:
    rows = DeltaTable(lines.here / table).to_pyarrow_table().num_rows
    assert bool(rows) == (table not in WITHOUT_ROWS)


@pytest.mark.parametrize("name", ["classic", "connect"])
@pytest.mark.parametrize("table", TABLES)
def test_it_writes_the_rows_of_this_line(lines: Lines, name: str, table: str) -> None:
    but = OF_THE_LINE | OF_THE_FILES | TIMES
    assert rows_of(lines.there[name].output, table, but) == rows_of(lines.here, table, but)
