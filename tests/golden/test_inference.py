"""Tests and comparisons agree with statsmodels, scipy and scikit-learn.

Values in inference.json come from scripts/golden/inference.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modelwatch.stats import special
from modelwatch.stats.attribution.slices import worst_slices
from modelwatch.stats.attribution.stratified import stratified
from modelwatch.stats.comparison.paired import differences, mcnemar
from modelwatch.stats.comparison.traffic_split import sample_ratio
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states

GOLDEN = json.loads((Path(__file__).parent / "inference.json").read_text())
FUNCTIONS = GOLDEN["functions"]
STRATIFIED = GOLDEN["stratified"]


def test_tail_of_student_is_that_of_scipy() -> None:
    t, degrees, expected = np.array(FUNCTIONS["student_tail"]).T
    np.testing.assert_allclose(special.student_tail(t, degrees), expected, rtol=1e-8)


def test_quantiles_of_student_are_those_of_scipy() -> None:
    for level in {row[0] for row in FUNCTIONS["student_quantile"]}:
        rows = [row for row in FUNCTIONS["student_quantile"] if row[0] == level]
        _, degrees, expected = np.array(rows).T
        found = special.student_quantile(level, degrees)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


def test_tail_of_the_normal_is_that_of_scipy() -> None:
    x, expected = np.array(FUNCTIONS["normal_tail"]).T
    np.testing.assert_allclose(special.normal_tail(x), expected, rtol=1e-12)


def test_p_value_of_a_fair_coin_is_that_of_scipy() -> None:
    heads, tails, expected = np.array(FUNCTIONS["fair_coin"]).T
    found = special.fair_coin_p_value(heads.astype(int), tails.astype(int))
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("key", ["exact_p_value", "chi_square", "p_value"])
def test_mcnemar_is_that_of_statsmodels(key: str) -> None:
    decisions = np.zeros((len(GOLDEN["mcnemar"]), 2, 2, 3), dtype=np.int64)
    decisions[:, 0, 0] = 40
    for i, case in enumerate(GOLDEN["mcnemar"]):
        decisions[i, 1, 0, 2] = case["champion_only"] // 2
        decisions[i, 0, 1, 1] = case["champion_only"] - case["champion_only"] // 2
        decisions[i, 1, 0, 1] = case["challenger_only"]
    expected = [case[key] for case in GOLDEN["mcnemar"]]
    np.testing.assert_allclose(getattr(mcnemar(decisions), key), expected, rtol=1e-9)


def compared_auc():
    case = GOLDEN["delong"]
    binning = fit_numeric(np.arange(101) / 100, 0.0, 1.0, bins=202)
    day, label = np.array(case["day"]), np.array(case["label"]) + 1
    sides = [
        binary_states(binning, case[side], (np.array(case[side]) >= 0.5).astype(int), label, day)
        for side in ("champion", "challenger")
    ]
    return differences(*sides, ["roc_auc"])["roc_auc"]


def test_difference_of_auc_is_that_of_the_rows() -> None:
    assert compared_auc().value == pytest.approx(GOLDEN["delong"]["difference"], abs=1e-12)


def test_interval_of_a_difference_of_auc_is_about_that_of_delong_where_days_are_alike() -> None:
    found = compared_auc()
    error = (found.upper - found.lower) / 2 / special.student_quantile(0.975, np.array([59.0]))[0]
    assert error == pytest.approx(GOLDEN["delong"]["standard_error"], rel=0.2)


@pytest.mark.parametrize(
    "key",
    [
        "statistic",
        "p_value",
        "breslow_day",
        "breslow_day_p_value",
        "tarone",
        "tarone_p_value",
    ],
)
@pytest.mark.parametrize("case", STRATIFIED, ids=range(len(STRATIFIED)))
def test_stratified_tests_are_those_of_statsmodels(case, key: str) -> None:
    found = getattr(stratified(np.array(case["tables"])), key)
    assert found == pytest.approx(case[key], rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("case", STRATIFIED, ids=range(len(STRATIFIED)))
def test_stratified_odds_ratio_is_that_of_statsmodels(case) -> None:
    found = stratified(np.array(case["tables"])).stratified
    expected = (case["odds_ratio"], case["lower"], case["upper"])
    assert (found.value, found.lower, found.upper) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("case", GOLDEN["sample_ratio"], ids=["two", "three"])
def test_sample_ratio_is_the_chi_square_of_scipy(case) -> None:
    found = sample_ratio(np.array([case["rows"]]), np.array(case["intended"], dtype=float))
    assert found.p_value.value[0] == pytest.approx(case["p_value"], rel=1e-10)


def test_slices_of_one_day_are_tested_as_two_proportions() -> None:
    rows, losses = np.array([[200.0]]), np.array([[30.0]])
    found = worst_slices(
        rows, losses, np.array([[1100.0]]), np.array([[110.0]]), right_or_wrong=True
    )
    assert found.p_value[0] == pytest.approx(GOLDEN["two_proportions"], rel=1e-9)
