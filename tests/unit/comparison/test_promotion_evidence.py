"""What a configuration lets one ask, and whether compared rows stand for all rows."""

from __future__ import annotations

import pytest

from modelwatch.evaluation.comparison.promotion_gains import ComparedRows
from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.errors import ConfigurationError
from modelwatch.pipelines.comparison.promotion_evidence import (
    design_of,
    requirable_metrics,
    row_conditions,
)

TEXT = """\
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
comparison: {champion: v1, challenger: v2, expected_share: 0.5}
segments: [{name: country, columns: country}]
references: [{name: r, days: 2020-01-01}]
"""


@pytest.fixture
def config() -> MonitorConfig:
    return parse_config(TEXT)


def rows(
    rows: tuple[int, int] = (1000, 1000),
    labelled: tuple[int, int] = (900, 900),
    of_champion: int = 900,
) -> ComparedRows:
    return ComparedRows(0, 20, 21, rows, labelled, of_champion)


def test_a_challenger_is_in_shadow_mode_or_a_version_of_a_split(config: MonitorConfig) -> None:
    assert design_of(config, "rival") == ("shadow", ("champion", "rival"))
    assert design_of(config, "v2") == ("split", ("v1", "v2"))
    with pytest.raises(ConfigurationError, match="challengers: rival, v2"):
        design_of(config, "v1")


def test_metrics_with_a_direction_segments_fairness_and_value_can_be_required(
    config: MonitorConfig,
) -> None:
    shadow, split = requirable_metrics(config, "shadow"), requirable_metrics(config, "split")
    assert {"accuracy", "log_loss", "ece", "segments", "fairness", "confusion_value"} <= set(shadow)
    assert not {"base_rate", "mae", "latency"} & set(shadow)
    assert set(split) - set(shadow) == {"latency"}
    assert split["latency"].better is None
    assert (shadow["ece"].better, shadow["ece"].largest) == ("lower", 1.0)


def test_fairness_needs_decisions_of_two_classes() -> None:
    config = parse_config(
        TEXT.replace("binary", "regression")
        .replace("  decision: {threshold: 0.5}\n", "")
        .replace("true_positive: 1, ", "")
        .replace(TEXT[TEXT.index("challengers") : TEXT.index("comparison")], "")
    )
    found = requirable_metrics(config, "split")
    assert {"mae", "rmse", "segments", "latency"} <= set(found)
    assert not {"accuracy", "fairness", "confusion_value"} & set(found)


@pytest.mark.parametrize(("scored", "effect"), [(900, "none"), (800, "wait")])
def test_a_challenger_that_scored_part_of_the_rows_waits(
    config: MonitorConfig, scored: int, effect: str
) -> None:
    (found,) = row_conditions(config, "shadow", rows(labelled=(scored, scored)), 0.95)
    assert found.effect == effect
    assert f"scored {scored / 900:.1%} of the champion's labeled rows" in found.sentence
    assert row_conditions(config, "shadow", rows(labelled=(90, 90)), 0.1)[0].effect == "none"


@pytest.mark.parametrize(("labelled", "effect"), [((900, 880), "none"), ((900, 800), "wait")])
def test_versions_whose_labels_are_not_equally_mature_wait(
    config: MonitorConfig, labelled: tuple[int, int], effect: str
) -> None:
    coverage, traffic = row_conditions(config, "split", rows(labelled=labelled), 0.95)
    assert (coverage.effect, traffic.effect) == (effect, "none")


def test_traffic_that_is_not_split_as_intended_blocks(config: MonitorConfig) -> None:
    found = rows((1500, 500), (1500, 500))
    assert row_conditions(config, "split", found, 0.95)[1].effect == "block"


def test_no_shared_day_waits(config: MonitorConfig) -> None:
    (found,) = row_conditions(config, "shadow", None, 0.95)
    assert (found.effect, found.sentence) == ("wait", "no day has labels of both models")
