"""The metrics of performance agree with scikit-learn and numpy on raw rows.

Values in performance.json come from scripts/golden/performance.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modelwatch.stats.performance.metrics import PERFORMANCE, confusion, metric_states, performance
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states, multiclass_states, regression_states
from samples import numeric_binning

GOLDEN = json.loads((Path(__file__).parent / "performance.json").read_text())
CASES = {case["name"]: case for cases in GOLDEN.values() for case in cases}
BINARY, MULTICLASS, REGRESSION = (
    [case["name"] for case in GOLDEN[task]] for task in ("binary", "multiclass", "regression")
)


def binary(name: str, *, coarse: bool = False):
    case = CASES[name]
    score = np.array(case["score"])
    if coarse:
        # Bins of another reference, in few of which there are rows of one score.
        binning = fit_numeric(np.linspace(0.01, 0.93, 4001), 0.01, 0.93, bins=60)
    else:
        binning = numeric_binning([*score, 0.5, 0.3, 0.08], bins=4 * len(score))
    return binary_states(binning, score, case["decision"], np.array(case["label"]) + 1)


def multiclass(name: str):
    case = CASES[name]
    classes = [f"class {k}" for k in range(np.array(case["score"]).shape[1])]
    return multiclass_states(classes, case["score"], case["decision"], np.array(case["label"]) + 1)


def regression(name: str):
    case = CASES[name]
    interval = np.array(case["lower"]), np.array(case["upper"])
    binning = numeric_binning(case["score"])
    return regression_states(binning, case["score"], case["label"], interval=interval)


def assert_within_bound(key: str, found, name: str) -> None:
    known = PERFORMANCE[key]
    value = performance(found, [key], bounded=False)[key].value[0]
    expected = CASES[name]["metrics"][key]
    if known.exact:
        assert value == pytest.approx(expected, rel=1e-8, abs=2e-8)
    elif known.error_bound is not None:
        assert abs(value - expected) <= known.error_bound(metric_states(found))[0] + 1e-9
    else:
        assert value == pytest.approx(expected, rel=0.01, abs=2**-15)


@pytest.mark.parametrize("key", sorted(CASES["fine scores"]["metrics"]))
@pytest.mark.parametrize("name", BINARY)
def test_metrics_of_scores_in_bins_of_their_own_are_those_of_the_rows(name: str, key: str) -> None:
    value = performance(binary(name), [key])[key].value[0]
    assert value == pytest.approx(CASES[name]["metrics"][key], rel=1e-8, abs=2e-8)


@pytest.mark.parametrize("key", sorted(CASES["fine scores"]["metrics"]))
@pytest.mark.parametrize("name", BINARY)
def test_metrics_of_binned_scores_are_within_their_bounds(name: str, key: str) -> None:
    assert_within_bound(key, binary(name, coarse=True), name)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("fine scores", "roc_auc"),
        ("fine scores", "average_precision"),
        ("rare positives", "roc_auc"),
    ],
)
def test_a_hundred_bins_fitted_on_like_scores_cost_less_than_half_a_percent(
    name: str, key: str
) -> None:
    case = CASES[name]
    binning = numeric_binning(case["score"][::2], bins=100)
    label = np.array(case["label"]) + 1
    found = binary_states(binning, case["score"], case["decision"], label)
    value = performance(found, [key])[key].value[0]
    assert value == pytest.approx(case["metrics"][key], abs=0.005)


@pytest.mark.parametrize("key", sorted(CASES["fine probabilities"]["metrics"]))
@pytest.mark.parametrize("name", MULTICLASS)
def test_metrics_of_classes_are_those_of_the_rows(name: str, key: str) -> None:
    assert_within_bound(key, multiclass(name), name)


def test_auc_of_probabilities_in_bins_of_their_own_is_exact() -> None:
    name = "coarse probabilities"
    value = performance(multiclass(name), ["roc_auc_ovr"])["roc_auc_ovr"].value[0]
    assert value == pytest.approx(CASES[name]["metrics"]["roc_auc_ovr"], rel=1e-12)


@pytest.mark.parametrize("key", sorted(CASES["near"]["metrics"]))
@pytest.mark.parametrize("name", REGRESSION)
def test_metrics_of_a_regression_are_those_of_the_rows(name: str, key: str) -> None:
    assert_within_bound(key, regression(name), name)


@pytest.mark.parametrize("name", BINARY)
def test_the_confusion_table_is_that_of_the_rows(name: str) -> None:
    np.testing.assert_array_equal(confusion(binary(name).margins)[0], CASES[name]["confusion"])


@pytest.mark.parametrize("name", MULTICLASS)
def test_the_confusion_table_of_classes_is_that_of_the_rows(name: str) -> None:
    np.testing.assert_array_equal(confusion(multiclass(name))[0], CASES[name]["confusion"])


def test_every_metric_has_a_golden_value() -> None:
    golden = {key for case in CASES.values() for key in case["metrics"]}
    assert golden == set(PERFORMANCE)
