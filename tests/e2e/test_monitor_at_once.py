"""Two runs of one monitor at once count nothing twice."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from shop import ROWS, Shop, day

STARTED = (
    "from pathlib import Path; from modelwatch import cli; import sys; "
    "from modelwatch.io.session.spark_session import open_session; open_session('other'); "
    "Path(sys.argv[1]).touch(); sys.exit(cli.main(sys.argv[2:]))"
)


@pytest.mark.slow
def test_two_processes_that_run_one_monitor_at_once_count_every_row_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = Shop(spark, tmp_path)
    shop.config |= {"segments": [], "windows": ["day"]}
    shop.open(day(1), day(2), day(3))
    ready, log = tmp_path / "ready", tmp_path / "log"
    with log.open("w") as wording:
        other = subprocess.Popen(
            [
                sys.executable,
                "-c",
                STARTED,
                str(ready),
                "run",
                str(shop.file()),
                "--as-of",
                str(day(9)),
            ],
            stdout=wording,
            stderr=subprocess.STDOUT,
        )
        try:
            while not ready.exists():
                assert other.poll() is None, log.read_text()
                time.sleep(0.05)
            mine = shop.run()
            assert other.wait(timeout=300) in (0, 1), log.read_text()
        finally:
            other.kill()
            other.wait()
    assert mine.exit_code in (0, 1)
    outcomes = [row["outcome"] for row in shop.runs()]
    assert sorted(outcomes) in (["published", "published"], ["nothing_to_do", "published"])
    states = shop.shown(
        "feature_states_current", ("day", "role", "model_version", "feature", "kind")
    )
    assert {key[0] for key in states} == {day(1), day(2), day(3)}
    rows = shop.ask(
        "SELECT window_start, value FROM profile_current "
        "WHERE metric = 'rows' AND feature = 'amount' ORDER BY window_start"
    )
    assert [tuple(row) for row in rows] == [(day(n), float(ROWS)) for n in (1, 2, 3)]
