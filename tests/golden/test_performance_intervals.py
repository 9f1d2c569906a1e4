"""Intervals and changes agree with scipy and scikit-learn on raw rows, left out one by one.

Values in performance_intervals.json come from scripts/golden/performance_intervals.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modelwatch.stats.performance.intervals import changes, iid_interval, intervals
from modelwatch.stats.performance.metrics import PERFORMANCE
from performance_samples import binary_states
from samples import numeric_binning

GOLDEN = json.loads((Path(__file__).parent / "performance_intervals.json").read_text())
WINDOWS = range(len(GOLDEN["windows"]))
KEYS = sorted(GOLDEN["change"])
BINS = numeric_binning([k / 10 for k in range(1, 10)])


def days(at: int):
    case = GOLDEN["windows"][at]
    label = np.array(case["label"]) + 1
    return binary_states(BINS, case["score"], case["decision"], label, case["day"])


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("at", WINDOWS)
def test_an_interval_is_that_of_rows_without_each_day(at: int, key: str) -> None:
    case, found = GOLDEN["windows"][at], intervals(days(at), [key])[key]
    value, reach = case["value"][key], case["reach"][key]
    assert found.reason is None
    assert found.value == pytest.approx(value, rel=1e-8, abs=2e-8)
    low, high = PERFORMANCE[key].range
    assert found.lower == pytest.approx(max(value - reach, low), abs=2e-7)
    assert found.upper == pytest.approx(min(value + reach, high), abs=2e-7)
    assert found.variance == pytest.approx(case["variance"][key], rel=1e-5)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("at", WINDOWS)
def test_the_variance_of_independent_rows_is_that_of_the_rows(at: int, key: str) -> None:
    case, found = GOLDEN["windows"][at], iid_interval(key, days(at).total())
    # A jackknife of a share divides by one less than its formula does.
    assert found.variance[0] == pytest.approx(case["row_variance"][key], rel=0.02)


@pytest.mark.parametrize("key", sorted(GOLDEN["windows"][0]["wilson"]))
@pytest.mark.parametrize("at", WINDOWS)
def test_the_row_interval_of_a_share_is_wilsons(at: int, key: str) -> None:
    found = iid_interval(key, days(at).total())
    expected = GOLDEN["windows"][at]["wilson"][key]
    np.testing.assert_allclose([found.lower[0], found.upper[0]], expected, rtol=1e-9)


@pytest.mark.parametrize("key", ["roc_auc", "brier", "log_loss", "f1", "mcc"])
@pytest.mark.parametrize("at", WINDOWS)
def test_row_variances_of_scores_in_bins_of_their_own_are_exact(at: int, key: str) -> None:
    found = iid_interval(key, days(at).total()).variance[0]
    assert found == pytest.approx(GOLDEN["windows"][at]["row_variance"][key], rel=1e-6)


@pytest.mark.parametrize("key", KEYS)
def test_a_change_is_tested_as_welch_has_it(key: str) -> None:
    found = changes(days(0), days(1), [key])[key]
    value, reach, p_value = GOLDEN["change"][key]
    assert found.value == pytest.approx(value, abs=5e-8)
    assert found.upper - found.value == pytest.approx(reach, rel=1e-5)
    assert found.value - found.lower == pytest.approx(reach, rel=1e-5)
    assert found.p_value == pytest.approx(p_value, rel=1e-4, abs=1e-12)
