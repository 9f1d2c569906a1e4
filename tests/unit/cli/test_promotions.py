"""The words of `modelwatch gate`, before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwatch import cli

CONFIG = """\
monitor: m
output: {path: o}
inputs: {table: {path: i}, id: id, day: {column: d}}
predictions: {table: {path: p}, id: id, day: {column: d}, score: score,
  model_version: {column: v}}
labels: {table: {path: l}, id: id, day: {column: d}, label: y, due: {delay_days: 3}}
performance:
  task: binary
  score: score
  decision: {threshold: 0.5}
  values: {true_positive: 1, expressions: {latency: milliseconds}}
challengers: [{name: rival, table: {path: r}, id: id, day: {column: d}, score: score}]
comparison: {champion: v1, challenger: v2}
references: [{name: r, days: 2020-01-01}]
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "m.yaml"
    path.write_text(CONFIG)
    return str(path)


@pytest.mark.parametrize(
    ("words", "wordings"),
    [
        (["--challenger", "rivla"], ["did you mean 'rival'", "challengers: rival, v2"]),
        (
            ["--challenger", "nobody", "--require", "acc:-0.1,f1:x"],
            ["'nobody' is not compared", "'acc:-0.1': no such metric", "'x' is not a number"],
        ),
        # Expressions are computed for the version of a split only.
        (["--challenger", "rival", "--require", "latency:-5:lower"], ["no such metric"]),
        (["--challenger", "v2", "--require", "latency"], ["say which direction is better"]),
        (["--challenger", "v2", "--require", "fairness"], ["no such metric"]),
        (["--challenger", "v2", "--error", "0.5"], ["--error is above 0 and at most 0.2"]),
        (["--challenger", "v2", "--tolerance", "2"], ["--tolerance is between 0 and 1"]),
        (["--challenger", "v2", "--format", "csv"], ["use json"]),
        ([], ["Missing option '--challenger'"]),
    ],
)
def test_everything_that_is_wrong_is_reported_before_anything_is_opened(
    words: list[str], wordings: list[str], config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["gate", config, *words]) == 2
    error = capsys.readouterr().err
    assert all(wording in error for wording in wordings), error


def test_a_monitor_without_performance_decides_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, day: {column: d}}\n"
        "references: [{name: r, days: 2020-01-01}]\n"
    )
    assert cli.main(["gate", str(path), "--challenger", "v2"]) == 2
    error = capsys.readouterr().err
    assert "configure challengers first" in error
    assert "a promotion needs performance" in error
