"""Sources, output and models in an object store: the rows of a local disk, whatever happens."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from every_section import LOSSES, OF_THE_FILES, TIMES, made_tables_of_every_section
from loans import CONFIG, texts_of
from modelwatch import cli
from modelwatch.model.runs.exit_codes import EXIT_SUCCESS
from modelwatch.tables import TABLES
from object_store import BUCKET, ObjectStore, object_store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "in_object_store.py"
MONITORS = {"loans": CONFIG, "losses": LOSSES}
OF_THE_READER = {"reads"}
"""Python workers read the files of a local path themselves."""
LIMIT_SECONDS = 600.0
FIRST, SECOND = ("--as-of", "2024-01-05"), ("--as-of", "2024-01-06")


@dataclass(frozen=True)
class Stored:
    """What commands left in a bucket and on a disk, with their exit codes by name.

    ``published``: rows of published runs in the bucket, by table. ``before``: how many runs were
    published when one was killed, and ``after`` it.
    """

    published: Mapping[str, pa.Table]
    disk: Path
    codes: Mapping[str, int]
    local_codes: Mapping[str, int]
    before: int
    after: int
    models: Sequence[str]


def configurations(folder: Path, place: str, kind: str) -> dict[str, str]:
    """Files of the monitors whose tables are at a place."""
    files = {}
    for monitor, text in MONITORS.items():
        file = folder / f"{kind}-{monitor}.yaml"
        file.write_text(text.format(folder=place, output=f"{place}/results"), encoding="utf-8")
        files[monitor] = str(file)
    return files


@dataclass(frozen=True)
class Commands:
    """Commands in processes of their own, whose sessions reach a store."""

    store: ObjectStore
    log: Path

    def started(self, *steps: Sequence[Sequence[str]]) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests", ROOT))),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        for name in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"):
            environment.pop(name, None)
        with self.log.open("a") as written:
            return subprocess.Popen(
                [sys.executable, PROGRAM, json.dumps(self.store.spark_settings), json.dumps(steps)],
                stdout=subprocess.PIPE,
                stderr=written,
                env=environment,
                text=True,
                start_new_session=True,
            )

    def codes(self, *steps: Sequence[Sequence[str]]) -> list[int]:
        """Exit codes of the commands of a process, in their order."""
        process = self.started(*steps)
        printed, _ = process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode == 0, self._said()
        found = re.findall(r"^codes (\[.*\])$", printed, re.MULTILINE)
        return [code for codes in found for code in json.loads(codes)]

    def killed(self, command: Sequence[str]) -> None:
        """Kill a command and its Java after its first rows, before it publishes them."""
        commits = "results/feature_states/_delta_log/"
        before, until = self.store.keys(commits), time.monotonic() + LIMIT_SECONDS
        process = self.started([command])
        while self.store.keys(commits) == before:
            assert process.poll() is None, self._said()
            assert time.monotonic() < until, self._said()
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def _said(self) -> str:
        return self.log.read_text(encoding="utf-8")[-5000:]


def published(store: ObjectStore, table: str, runs: pa.Table) -> pa.Table:
    """The rows of a table that readers see: those of published runs."""
    rows = store.rows(f"results/{table}")
    if "run_id" not in rows.column_names:
        return rows
    return rows.filter(pc.is_in(rows["run_id"], pc.unique(runs["run_id"])))


@pytest.fixture(scope="module")
def stored(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    folder = tmp_path_factory.mktemp("loans")
    made_tables_of_every_section(folder)
    here = configurations(folder, str(folder), "disk")
    there = configurations(folder, f"s3a://{BUCKET}", "store")
    codes = {}
    with object_store(folder / "server.log") as store:
        for table in ("inputs", "predictions", "labels", "sums", "lost"):
            store.upload(folder / table)
        commands = Commands(store, folder / "commands.log")
        codes["loans"], codes["losses"] = commands.codes(
            [["run", there["loans"], *FIRST], ["run", there["losses"], *FIRST]]
        )
        before = store.rows("results/runs").num_rows
        commands.killed(["run", there["loans"], *SECOND])
        after = store.rows("results/runs").num_rows
        codes["next"], codes["upkeep"] = commands.codes(
            [["run", there["loans"], *SECOND]], [["maintain", there["loans"]]]
        )
        runs = store.rows("results/runs")
        newest = max(pc.filter(runs["run_id"], pc.equal(runs["monitor"], "loans")).to_pylist())
        (codes["replay"],) = commands.codes([["replay", there["loans"], "--run", newest]])
        seen = {table: published(store, table, runs) for table in TABLES}
        models = store.keys("results/models/")
    local_codes = {
        "loans": cli.main(["run", here["loans"], *FIRST]),
        "losses": cli.main(["run", here["losses"], *FIRST]),
        "next": cli.main(["run", here["loans"], *SECOND]),
        "upkeep": cli.main(["maintain", here["loans"]]),
        "replay": EXIT_SUCCESS,
    }
    return Stored(seen, folder / "results", codes, local_codes, before, after, models)


def test_commands_end_with_the_exit_codes_of_a_local_disk(stored: Stored) -> None:
    assert stored.codes == stored.local_codes


def test_nothing_of_a_killed_run_is_published(stored: Stored) -> None:
    assert (stored.before, stored.after) == (2, 2)


def test_the_model_of_a_regression_is_in_the_store(stored: Stored) -> None:
    assert any("metadata" in key for key in stored.models)


@pytest.mark.parametrize("table", TABLES)
def test_it_has_the_rows_of_a_local_disk(stored: Stored, table: str) -> None:
    but = OF_THE_READER | OF_THE_FILES | TIMES
    there = texts_of(stored.published[table], f"s3a://{BUCKET}", table, but)
    here = DeltaTable(stored.disk / table).to_pyarrow_table()
    assert there == texts_of(here, str(stored.disk.parent), table, but)
