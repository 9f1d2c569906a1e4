"""A run's memory is bounded by the driver's configuration, whatever its days and due dates."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from scripts.bench.shapes.shape import Shape
from scripts.bench.shapes.world import fresh_world

from modelwatch.io.session.lines import installed_line

ROOT = Path(__file__).parents[2]
MANY_STATES = Shape(rows_per_day=160, days=90, features=24, due="column", slices="all")
"""Some 4,000 different pairs of a day and a due day, each with a state for all slices."""


@pytest.mark.slow
def test_due_dates_of_rows_and_all_slices_fit_a_small_heap_and_little_direct_memory(
    tmp_path: Path,
) -> None:
    world = fresh_world(MANY_STATES, tmp_path)
    memory = {
        "spark.driver.memory": "640m",
        "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:MaxDirectMemorySize=128m",
    }
    ended = subprocess.run(
        [
            "spark-submit",
            *("--properties-file", str(ROOT / "conf" / installed_line().settings)),
            *(word for key, value in memory.items() for word in ("--conf", f"{key}={value}")),
            str(ROOT / "jobs" / "monitor.py"),
            *("--config", str(world.config_file()), "--as-of", str(world.first_as_of)),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert ended.returncode in (0, 1), ended.stderr[-3000:]
    assert "OutOfMemory" not in ended.stderr
