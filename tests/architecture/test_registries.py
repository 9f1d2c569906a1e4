"""What is registered in one place has all of its parts."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

import pytest

from architecture.source import ROOT
from modelwatch.model.diagnosis.change_kinds import (
    KIND_RULES,
    KIND_WORDS,
    ChangeKind,
    change_kind,
)
from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.stats.drift.statistic import require_for_thresholds
from modelwatch.stats.drift.statistics import STATISTICS
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.verdicts.chance import CHANCE_KEYS

GOLDEN = ROOT / "tests" / "golden"
OWN_TESTS = {
    "filled_share": "filled_nulls",
    "novel_share_change": "novel_share",
    "rounded_values": "rounded_values",
    "stale_share": "day_repeats",
    "value_share_rise": "value_share_rise",
}
"""Statistics of our own, which no other implementation has: the unit test with known shares."""


def strings_in(path: Path) -> set[str]:
    """The strings of a test."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def known_values() -> set[str]:
    """What tests compare with values of an independent implementation."""
    keys = (re.findall(r'"(\w+)":', path.read_text()) for path in GOLDEN.glob("*.json"))
    compared = {key for found in keys for key in found}
    return compared.union(*map(strings_in, GOLDEN.glob("*.py")))


def test_every_statistic_is_compared_with_a_known_value() -> None:
    assert set(STATISTICS) - known_values() == set(OWN_TESTS)
    held = {path.stem.removeprefix("test_") for path in ROOT.glob("tests/unit/*/test_*.py")}
    assert set(OWN_TESTS.values()) <= held


def test_every_metric_of_performance_is_compared_with_a_known_value() -> None:
    assert not set(PERFORMANCE) - known_values()


def test_every_statistic_with_a_default_has_its_chance() -> None:
    assert set(DEFAULT_THRESHOLDS) <= set(CHANCE_KEYS)


def test_a_statistic_with_a_threshold_is_refused_without_its_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(STATISTICS, "new", replace(STATISTICS["psi"], key="new"))
    with pytest.raises(ValueError, match="a p-value is missing for the statistics new"):
        require_for_thresholds("a p-value", CHANCE_KEYS)
    require_for_thresholds("a p-value", CHANCE_KEYS | {"new"})


def test_every_kind_of_change_is_registered() -> None:
    assert set(KIND_RULES) == set(KIND_WORDS) == set(get_args(ChangeKind))


def test_a_kind_of_change_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="'nameless' has no words"):
        change_kind(cast(ChangeKind, "nameless"), called="", check="the job")(lambda _: None)
    assert "nameless" not in KIND_RULES
