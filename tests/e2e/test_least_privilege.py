"""The job reads its sources and writes its output; it needs no other right."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from shop import Shop, day

_RIGHTS = "-dac_override,-dac_read_search,-fowner"


def bound() -> list[str]:
    """A prefix under which file permissions hold, for the superuser too."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("the superuser ignores file permissions, and there is no setpriv to bind it")
    return [setpriv, f"--inh-caps={_RIGHTS}", f"--bounding-set={_RIGHTS}"]


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose sources, configuration and working folder nobody may write."""
    shop = Shop(spark, tmp_path / "lake")
    shop.folder.mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "temporary").mkdir()
    shop.config |= {"segments": [], "windows": ["day"], "constraints": []}
    shop.config["output"] = {"path": str(tmp_path / "results" / "monitor")}
    shop.open(day(1), day(2))
    shop.file()
    may_write(shop.folder, False)
    yield shop
    may_write(tmp_path, True)


def may_write(folder: Path, may: bool) -> None:
    """Let all of a folder be written, or none."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755 if may else 0o555)
        else:
            path.chmod(0o644 if may else 0o444)


def run(shop: Shop) -> subprocess.CompletedProcess[str]:
    """The job in a process of its own, in a folder that it may not write."""
    temporary = shop.folder.parent / "temporary"
    environment = {
        **os.environ,
        "MASTER": "local[1]",
        "TMPDIR": str(temporary),
        "SPARK_LOCAL_DIRS": str(temporary),
    }
    for variable in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"):
        environment.pop(variable, None)
    command = [sys.executable, "-m", "modelwatch.cli", "run", str(shop.folder / "monitor.yaml")]
    return subprocess.run(
        [*bound(), *command, "--as-of", str(day(9))],
        env=environment,
        cwd=shop.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


def listing(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.slow
def test_a_run_needs_no_right_to_write_but_in_its_output(shop: Shop) -> None:
    touched = subprocess.run(
        [*bound(), "touch", str(shop.folder / "inputs" / "x")], check=False, capture_output=True
    )
    assert touched.returncode != 0, "file permissions do not hold here"
    before = listing(shop.folder)
    done = run(shop)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [row["outcome"] for row in shop.runs()] == ["published"]
    assert listing(shop.folder) == before


@pytest.mark.slow
def test_an_output_that_may_not_be_written_is_reported_with_its_place(shop: Shop) -> None:
    may_write(shop.output.parent, False)
    done = run(shop)
    assert done.returncode == 2
    wording = done.stderr.strip().splitlines()[-1]
    assert str(shop.output) in wording or ".lock" in wording
    assert "Fix: " in wording
    assert not list(shop.output.parent.iterdir())
