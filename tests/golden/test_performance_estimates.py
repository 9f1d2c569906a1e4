"""Estimated performance agrees with NannyML and scikit-learn on rows.

Values in performance_estimates.json come from scripts/golden/performance_estimates.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modelwatch.stats.estimation.calibration import fit_calibration, isotonic
from modelwatch.stats.estimation.estimates import business_value, estimates, expected
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states

GOLDEN = json.loads((Path(__file__).parent / "performance_estimates.json").read_text())
CASES = {case["name"]: case for case in GOLDEN["cases"]}
SCORES = np.arange(101) / 100
BINNING = fit_numeric(SCORES, 0.0, 1.0, bins=202)
METRICS = [
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "roc_auc",
    "brier",
    "log_loss",
]


def fitted(case):
    rows = case["reference"]
    label = np.array(rows["label"]) + 1
    days = np.arange(len(label)) % 12
    return fit_calibration(
        binary_states(BINNING, rows["score"], np.array(rows["decision"]), label, days)
    )


def expectation(case):
    rows = case["analysis"]
    chunk = np.arange(len(rows["score"])) // case["chunk"]
    unlabelled = np.zeros(len(chunk), dtype=int)
    states = binary_states(BINNING, rows["score"], np.array(rows["decision"]), unlabelled, chunk)
    return expected(states, fitted(case))


def test_isotonic_regression_is_that_of_scikit_learn() -> None:
    case = GOLDEN["isotonic"]
    found = isotonic(np.array(case["values"]), np.array(case["weights"], dtype=float))
    np.testing.assert_allclose(found, case["fitted"], rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_calibration_is_applied_where_nannyml_applies_it(name: str) -> None:
    assert fitted(CASES[name]).applied == CASES[name]["calibrated"]


@pytest.mark.parametrize("key", METRICS)
@pytest.mark.parametrize("name", CASES)
def test_estimates_of_scores_with_bins_of_their_own_are_those_of_the_rows(
    name: str, key: str
) -> None:
    case = CASES[name]
    found = estimates(expectation(case), [key])[key].values.value
    np.testing.assert_allclose(found, case["estimates"][key], rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_value_of_the_business_is_that_of_the_rows(name: str) -> None:
    case = CASES[name]
    found = business_value(expectation(case), case["values"]).values.value
    np.testing.assert_allclose(found, case["estimates"]["business_value"], rtol=1e-6)
