"""Sources, output and models in an object store: the rows of a local disk, whatever happens."""

from __future__ import annotations

import os
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
import pyspark
import pytest
from deltalake import DeltaTable

from every_section import LOSSES, OF_THE_FILES, TIMES, made_tables_of_every_section
from loans import OF_THE_CONFIGURATION, OF_THE_MACHINE, OF_THE_RUN
from modelwatch import cli
from modelwatch.io.session.java import find_java_home
from modelwatch.model.runs.exit_codes import EXIT_SUCCESS
from modelwatch.tables import TABLES
from object_store import BUCKET, ObjectStore, object_store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCES = ("inputs", "sums", "lost")
FIRST, SECOND = ("--as-of", "2024-01-04"), ("--as-of", "2024-01-05")
LIMIT_SECONDS = 1800.0
OF_THE_READER = {"reads"}
"""Python workers read the files of a local path themselves."""
OF_THE_FOLDER = {"path"}
"""The name of a model's folder has the id of its run."""
OF_THE_PLACE = {"states_fingerprint", "labels_fingerprint"}
"""They are of the addresses of the sources."""
OF_THE_WRITERS = {"outputs"}
"""The version that a commit gets depends on how many runs wrote before."""
NOT_SHARED = {
    *(OF_THE_RUN | OF_THE_MACHINE | OF_THE_CONFIGURATION | TIMES),
    *(OF_THE_FILES | OF_THE_FOLDER | OF_THE_READER | OF_THE_PLACE | OF_THE_WRITERS),
}


@dataclass(frozen=True)
class Commands:
    """Commands that are submitted to Spark in processes of their own, with a bucket in reach."""

    store: ObjectStore
    folder: Path

    def started(self, name: str, words: Sequence[str]) -> subprocess.Popen[bytes]:
        home = Path(pyspark.__file__).parent
        properties = self.folder / "spark.conf"
        lines = [f"{key} {value}" for key, value in self.store.spark_settings.items()]
        properties.write_text("\n".join(lines), encoding="utf-8")
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "SPARK_HOME": str(home),
            "JAVA_HOME": str(find_java_home(os.environ)),
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        # This process may have a JVM of its own.
        for variable in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "MASTER"):
            environment.pop(variable, None)
        job = ROOT / "src" / "modelwatch" / "jobs" / "command.py"
        with self._log(name).open("wb") as log:
            return subprocess.Popen(
                [
                    *(home / "bin" / "spark-submit", "--master", "local[2]"),
                    *("--properties-file", properties, job, *words),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def codes(self, **commands: Sequence[str]) -> dict[str, int]:
        """Exit codes of commands at once, by the names that they are given."""
        started = {name: self.started(name, words) for name, words in commands.items()}
        return {name: one.wait(LIMIT_SECONDS) for name, one in started.items()}

    def killed(self, words: Sequence[str], table: str) -> None:
        """Kill a command and its Java when it has written a table of a name."""
        log = f"results/{table}/_delta_log/"
        before, until = self.store.keys(log), time.monotonic() + LIMIT_SECONDS
        process = self.started("killed", words)
        while self.store.keys(log) == before:
            assert process.poll() is None, self.said("killed")
            assert time.monotonic() < until, self.said("killed")
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def said(self, name: str) -> str:
        return self._log(name).read_text(encoding="utf-8")[-5000:]

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@dataclass(frozen=True)
class Stored:
    """What commands left in a bucket and on a disk, with their exit codes by name.

    ``runs``: rows of ``runs`` in the bucket when the two first runs were over, when one was killed,
    and at the end. ``rows``: the tables in the bucket at the end.
    """

    codes: Mapping[str, int]
    local_codes: Mapping[str, int]
    said: Mapping[str, str]
    runs: Sequence[pa.Table]
    rows: Mapping[str, pa.Table]
    models: Sequence[str]
    locks: Sequence[str]
    disk: Path

    @property
    def standing(self) -> list[str]:
        """The ids of the run that was published first, and of those after the two first runs."""
        first, _, last = (runs.sort_by("finished_at") for runs in self.runs)
        published = first.filter(pc.equal(first["outcome"], "published"))["run_id"].to_pylist()
        of_first = set(first["run_id"].to_pylist())
        return [published[0], *(one for one in last["run_id"].to_pylist() if one not in of_first)]


def configuration(folder: Path, place: str, kind: str) -> str:
    """The file of a monitor whose tables are at a place."""
    file = folder / f"{kind}.yaml"
    file.write_text(LOSSES.format(folder=place, output=f"{place}/results"), encoding="utf-8")
    return str(file)


@pytest.fixture(scope="module")
def stored(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    folder = tmp_path_factory.mktemp("loans")
    made_tables_of_every_section(folder)
    here = configuration(folder, str(folder), "disk")
    there = configuration(folder, f"s3a://{BUCKET}", "store")
    with object_store(folder / "server.log") as store:
        for table in SOURCES:
            store.upload(folder / table)
        # A killed run leaves this of a table that it was to create.
        store.put("results/verdicts/_delta_log/", b"")
        commands = Commands(store, folder)

        def rows(table: str) -> pa.Table:
            return store.table(f"results/{table}").to_pyarrow_table()

        codes = commands.codes(first=["run", there, *FIRST], other=["run", there, *FIRST])
        runs = [rows("runs")]
        commands.killed(["run", there, *SECOND], "feature_states")
        runs.append(rows("runs"))
        codes |= commands.codes(second=["run", there, *SECOND])
        runs.append(rows("runs"))
        newest = max(runs[-1]["run_id"].to_pylist())
        codes |= commands.codes(replay=["replay", there, "--run", newest])
        codes |= commands.codes(maintain=["maintain", there])
        return Stored(
            codes,
            {
                "first": cli.main(["run", here, *FIRST]),
                "second": cli.main(["run", here, *SECOND]),
                "maintain": cli.main(["maintain", here]),
                "replay": EXIT_SUCCESS,
            },
            {name: commands.said(name) for name in codes},
            runs,
            {table: rows(table) for table in TABLES},
            store.keys("results/models/"),
            [key for key in store.keys("results/.") if not key.endswith("/")],
            folder / "results",
        )


def test_commands_end_with_the_exit_codes_of_a_local_disk(stored: Stored) -> None:
    held = {name: code for name, code in stored.codes.items() if name != "other"}
    assert held == stored.local_codes, stored.said


def test_of_two_first_runs_at_once_both_end_well(stored: Stored) -> None:
    outcomes = sorted(stored.runs[0]["outcome"].to_pylist())
    assert stored.codes["other"] == stored.codes["first"], stored.said["other"]
    assert outcomes in (["published", "published"], ["nothing_to_do", "published"])


def test_nothing_of_a_killed_run_is_published(stored: Stored) -> None:
    assert stored.runs[1].equals(stored.runs[0])


def test_the_model_of_a_regression_is_in_the_store(stored: Stored) -> None:
    assert any("metadata" in key for key in stored.models)


def test_no_writer_leaves_a_lock(stored: Stored) -> None:
    assert not stored.locks


@pytest.mark.parametrize("table", [name for name, spec in TABLES.items() if spec.of_runs])
@pytest.mark.parametrize("number", [0, 1])
def test_each_of_two_runs_at_once_wrote_each_row_once(
    stored: Stored, number: int, table: str
) -> None:
    runs = stored.runs[0].sort_by("finished_at")
    if runs["outcome"][number].as_py() != "published":
        pytest.skip("the other run was over before this one read what there is to do")
    there, here = stored.rows[table], on_disk(stored, table)
    first = min(on_disk(stored, "runs")["run_id"].to_pylist())
    assert compared(of(there, [runs["run_id"][number].as_py()]), f"s3a://{BUCKET}") == compared(
        of(here, [first]), str(stored.disk.parent)
    )


@pytest.mark.parametrize("table", TABLES)
def test_it_has_the_rows_of_a_local_disk(stored: Stored, table: str) -> None:
    there = stored.rows[table]
    if TABLES[table].of_runs:
        there = of(there, stored.standing)
    here = on_disk(stored, table)
    assert compared(there, f"s3a://{BUCKET}") == compared(here, str(stored.disk.parent))


def of(rows: pa.Table, run_ids: Sequence[str]) -> pa.Table:
    """The rows of some runs."""
    return rows.filter(pc.is_in(rows["run_id"], pa.array(run_ids, pa.string())))


def on_disk(stored: Stored, table: str) -> pa.Table:
    """The rows of a table on the local disk."""
    return DeltaTable(stored.disk / table).to_pyarrow_table()


def compared(rows: pa.Table, place: str) -> list[str]:
    """The rows of a table without what runs in a store and on a disk do not share."""
    kept = rows.drop_columns([name for name in rows.column_names if name in NOT_SHARED])
    return sorted(repr(row).replace(place, "PLACE") for row in kept.to_pylist())
