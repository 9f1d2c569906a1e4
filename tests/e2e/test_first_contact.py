"""Two commands on real tables that no configuration exists for: the drafted one finds a fault."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from scripts.first_contact.__main__ import tried
from scripts.first_contact.tables import MADE

from first_tables import FirstTables, clinic, digits, weather
from modelwatch import cli
from modelwatch.io.store.views import ResultViews
from modelwatch.model.config.configuration import parse_config

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("made", "task", "label"),
    [
        (clinic, "binary", "outcome"),
        (digits, "multiclass", "target"),
        (weather, "regression", "y_true"),
    ],
)
def test_a_drafted_configuration_runs_unchanged_and_finds_the_fault(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
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
    config = parse_config(file.read_text(encoding="utf-8"), folder=file.parent)
    assert config.labels is not None
    assert config.labels.label == label
    assert config.performance is not None
    assert config.performance.task == task
    run = ["run", str(file), "--as-of", str(given.after)]
    assert cli.main(run) == 1
    # Nothing is new: the open incident is what is left to fail on.
    assert cli.main([*run, "--fail-on", "never"]) == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 1 AS one;\nSELECT 2 AS two"))
    assert cli.main(["sql", str(file), "--format", "csv"]) == 0
    assert capsys.readouterr().out == "one\n1\ntwo\n2\n"
    assert cli.main(["incidents", str(file), "--format", "json"]) == 0
    assert given.faulty in {row["subject"] for row in json.loads(capsys.readouterr().out)}
    assert cli.main(["sql", str(file), "SELECT subjec FROM open_incidents"]) == 2
    assert "there is no column 'subjec'; did you mean subject" in capsys.readouterr().err
    incidents = ResultViews(spark, config.output).query("SELECT subject FROM open_incidents")
    assert given.faulty in {row.subject for row in incidents.collect()}


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_fault_planted_in_a_data_set_of_a_package_is_found(
    spark: SparkSession, tmp_path: Path, name: str
) -> None:
    assert tried(name, tmp_path)
