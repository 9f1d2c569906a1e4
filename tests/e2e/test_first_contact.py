"""Two commands on real tables that no configuration exists for: the drafted one finds a fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from first_tables import FirstTables, clinic, digits, weather
from modelwatch import cli
from modelwatch.io.store.views import ResultViews
from modelwatch.model.config.configuration import parse_config


@pytest.mark.parametrize(
    ("made", "task", "label"),
    [
        (clinic, "binary", "outcome"),
        pytest.param(digits, "multiclass", "target", marks=pytest.mark.slow),
        pytest.param(weather, "regression", "y_true", marks=pytest.mark.slow),
    ],
)
def test_a_drafted_configuration_runs_unchanged_and_finds_the_fault(
    spark: SparkSession,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    made: Callable[[Path], FirstTables],
    task: str,
    label: str,
) -> None:
    given, file = made(tmp_path), tmp_path / "conf" / "first.yaml"
    assert cli.main(["init", *map(str, given.tables), "-o", str(file)]) == 0
    wording = capsys.readouterr()
    assert f"modelwatch run {file}" in wording.out
    assert f"inputs: {given.tables[0]}" in wording.err
    assert file.with_suffix(".setup.html").exists()
    assert cli.main(["check", str(file)]) == 0
    config = parse_config(file.read_text(encoding="utf-8"))
    assert config.labels is not None
    assert config.labels.label == label
    assert config.performance is not None
    assert config.performance.task == task
    assert cli.main(["run", str(file), "--as-of", str(given.after)]) == 1
    incidents = ResultViews(spark, config.output).query("SELECT subject FROM open_incidents")
    assert given.faulty in {row.subject for row in incidents.collect()}
