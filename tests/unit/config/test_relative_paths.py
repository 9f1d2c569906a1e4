"""Relative paths of a configuration begin at the folder of its file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelwatch.model.config.configuration import parse_config, states_fingerprint
from modelwatch.model.config.relative_paths import path_from

TEXT = """
monitor: shop
output: {path: ../monitor}
inputs: {table: {path: ../lake/inputs}, id: [id], day: {column: day}}
references:
  - {name: training, table: {path: ../lake/training}}
labels:
  table: {name: main.shop.labels}
  id: [id]
  day: {column: day}
  label: label
  due: {delay_days: 7}
performance: {task: regression, score: price, loss_model: {path: models}}
predictions:
  table: {path: "s3a://lake/predictions"}
  id: [id]
  day: {column: day}
  score: [price]
constraints:
  - name: known site
    kind: foreign_set
    column: site
    set: {table: {path: ../lake/sites}, column: code}
  - name: known shop
    kind: foreign_set
    column: shop
    set: {table: {path: /lake/shops}, column: code}
notify:
  - {name: log, kind: file, path: messages.jsonl}
report: {path: ../report}
"""


def test_relative_paths_of_every_section_begin_at_the_folder_of_the_file() -> None:
    config = parse_config(TEXT, folder="/project/conf")
    assert config.output.path == "/project/monitor"
    assert config.inputs.table.path == "/project/lake/inputs"
    assert config.references[0].table is not None
    assert config.references[0].table.path == "/project/lake/training"
    assert config.constraints[0].set is not None
    assert config.constraints[0].set.table.path == "/project/lake/sites"
    assert config.performance is not None
    assert config.performance.loss_model is not None
    assert config.performance.loss_model.path == "/project/conf/models"
    assert config.notify[0].path == "/project/conf/messages.jsonl"  # type: ignore[union-attr]
    assert config.report is not None
    assert config.report.path == "/project/report"


def test_urls_names_and_absolute_paths_stay_as_they_are() -> None:
    config = parse_config(TEXT, folder="/project/conf")
    assert config.constraints[1].set is not None
    assert config.constraints[1].set.table.path == "/lake/shops"
    assert config.labels is not None
    assert config.labels.table.name == "main.shop.labels"
    assert config.predictions is not None
    assert config.predictions.table is not None
    assert config.predictions.table.path == "s3a://lake/predictions"


def test_the_working_directory_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = parse_config(TEXT, folder=tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    there = parse_config(TEXT, folder="conf")
    assert here == there
    assert states_fingerprint(here) == states_fingerprint(there)
    assert there.folder == str(tmp_path / "conf")


def test_without_a_folder_paths_are_left_as_they_are() -> None:
    config = parse_config(TEXT)
    assert config.output.path == "../monitor"
    assert config.folder is None


def test_a_path_is_written_as_its_file_sees_it() -> None:
    assert path_from("lake/inputs", "conf") == os.path.join("..", "lake", "inputs")
    assert path_from("conf/inputs", "conf") == "inputs"
    assert path_from("/lake/inputs", "conf") == "/lake/inputs"
    assert path_from("s3a://lake/inputs", "conf") == "s3a://lake/inputs"
