"""The statistics agree with numpy, scipy and scikit-learn on raw samples.

Values in drift_statistics.json come from scripts/golden/drift_statistics.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.profile.metrics import profile
from modelwatch.stats.special import chi_square_tail, kolmogorov_tail
from samples import (
    categorical_binning,
    categorical_state,
    numeric_binning,
    numeric_state,
    pair_state,
)

GOLDEN = json.loads((Path(__file__).parent / "drift_statistics.json").read_text())
NUMERIC = {case["name"]: case for case in GOLDEN["continuous"] + GOLDEN["discrete"]}
CONTINUOUS = [case["name"] for case in GOLDEN["continuous"]]
DISCRETE = [case["name"] for case in GOLDEN["discrete"]]
MIXED = {case["name"]: case for case in GOLDEN["mixed"]}
CATEGORICAL = {case["name"]: case for case in GOLDEN["categorical"]}
OF_CELLS = [
    "psi",
    "jensen_shannon",
    "hellinger",
    "total_variation",
    "l_infinity",
    "chi_square",
    "chi_square_p_value",
    "cramers_v",
]


def compared(name: str) -> Comparison:
    case = NUMERIC[name]
    binning = numeric_binning(case["reference"])
    return Comparison(
        numeric_state(binning, case["current"]), numeric_state(binning, case["reference"])
    )


def compared_mixed(name: str) -> Comparison:
    case = MIXED[name]
    current, reference = (
        [None if x is None else float(x) for x in case[side]] for side in ("current", "reference")
    )
    held = [x for x in reference if x is not None]
    binning = numeric_binning(held, special=case["special"])
    return Comparison(numeric_state(binning, current), numeric_state(binning, reference))


def value(comparison: Comparison, key: str) -> float:
    return float(drift(comparison, [key])[key].value[0])


@pytest.mark.parametrize("name", CONTINUOUS)
def test_psi_is_that_of_the_raw_deciles(name: str) -> None:
    expected = NUMERIC[name]["drift"]["psi_of_deciles"]
    assert value(compared(name), "psi") == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("key", OF_CELLS)
@pytest.mark.parametrize("name", CONTINUOUS)
def test_statistics_of_many_values_are_those_of_the_reference_s_quantiles(
    name: str, key: str
) -> None:
    expected = NUMERIC[name]["drift"][key]
    assert value(compared(name), key) == pytest.approx(expected, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("key", OF_CELLS)
@pytest.mark.parametrize("name", MIXED)
def test_piles_and_rows_without_a_quantity_are_cells_beside_the_quantiles(
    name: str, key: str
) -> None:
    expected = MIXED[name]["drift"][key]
    assert value(compared_mixed(name), key) == pytest.approx(expected, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("kind", ["null", "nan", "infinite", "zero", "special"])
@pytest.mark.parametrize("name", MIXED)
def test_changes_of_shares_are_those_of_the_rows(name: str, kind: str) -> None:
    key = f"{kind}_share_change"
    found = value(compared_mixed(name), key)
    assert found == pytest.approx(MIXED[name]["drift"][key], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("key", ["null_share_change", "unseen_share_change"])
def test_changes_of_shares_of_categories_are_those_of_the_rows(key: str) -> None:
    case = GOLDEN["unseen"]
    binning = categorical_binning(case["known"], max_values=3)
    comparison = Comparison(
        categorical_state(binning, case["current"]), categorical_state(binning, case["reference"])
    )
    assert value(comparison, key) == pytest.approx(case["drift"][key], rel=1e-12)


@pytest.mark.parametrize("key", OF_CELLS)
@pytest.mark.parametrize("name", DISCRETE)
def test_statistics_of_few_values_are_those_of_the_values(name: str, key: str) -> None:
    expected = NUMERIC[name]["drift"][key]
    assert value(compared(name), key) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("key", OF_CELLS)
@pytest.mark.parametrize("name", CATEGORICAL)
def test_statistics_of_categories_are_those_of_the_values(name: str, key: str) -> None:
    case = CATEGORICAL[name]
    binning = categorical_binning(case["reference"])
    comparison = Comparison(
        categorical_state(binning, case["current"]), categorical_state(binning, case["reference"])
    )
    assert value(comparison, key) == pytest.approx(case["drift"][key], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", CATEGORICAL)
def test_rows_missed_of_a_value_are_reported_by_the_odds_ratio(name: str) -> None:
    case = CATEGORICAL[name]
    binning = categorical_binning(case["reference"])
    comparison = Comparison(
        categorical_state(binning, case["current"]), categorical_state(binning, case["reference"])
    )
    assert value(comparison, "value_share_fall") == pytest.approx(case["value_share_fall"])


def test_errors_of_predictions_by_the_others_are_those_of_regressions() -> None:
    case = GOLDEN["relation"]
    comparison = Comparison(
        pair_state(np.array(case["current"])), pair_state(np.array(case["reference"]))
    )
    found = drift(comparison, ["relation_error_change"])["relation_error_change"].value[0]
    np.testing.assert_allclose(found, case["relation_error_change"], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", DISCRETE)
def test_ks_of_few_values_is_exact(name: str) -> None:
    assert value(compared(name), "ks") == pytest.approx(NUMERIC[name]["drift"]["ks"], abs=1e-12)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_ks_is_low_by_at_most_the_largest_share_of_a_bin(name: str) -> None:
    comparison = compared(name)
    several = ~comparison.current.binning.single_value
    largest = max((side.bins[0, several] / side.rows[0]).max() for side in comparison.numeric)
    missing = NUMERIC[name]["drift"]["ks"] - value(comparison, "ks")
    assert -1e-12 <= missing <= largest


@pytest.mark.parametrize("name", DISCRETE)
def test_wasserstein_of_few_values_is_exact(name: str) -> None:
    expected = NUMERIC[name]["drift"]["wasserstein"]
    assert value(compared(name), "wasserstein") == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_wasserstein_is_close_to_that_of_the_rows(name: str) -> None:
    expected = NUMERIC[name]["drift"]["wasserstein"]
    assert value(compared(name), "wasserstein") == pytest.approx(expected, rel=0.03, abs=0.01)


@pytest.mark.parametrize("key", ["mean_change_in_sd", "sd_log_ratio"])
@pytest.mark.parametrize("name", NUMERIC)
def test_changes_of_moments_are_those_of_the_rows(name: str, key: str) -> None:
    expected = NUMERIC[name]["drift"][key]
    assert value(compared(name), key) == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("key", ["mean", "sd", "skewness", "min", "max"])
@pytest.mark.parametrize("name", NUMERIC)
def test_metrics_are_those_of_the_rows(name: str, key: str) -> None:
    found = profile(compared(name).numeric[0])[key].value[0]
    assert found == pytest.approx(NUMERIC[name]["profile"][key], rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("level", [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
@pytest.mark.parametrize("name", NUMERIC)
def test_quantiles_are_wrong_in_rank_by_at_most_the_rows_of_their_bin(
    name: str, level: float
) -> None:
    state = compared(name).numeric[0]
    key = f"q{round(100 * level):02d}"
    expected = NUMERIC[name]["profile"][key]
    found = profile(state, keys=[key])[key].value[0]
    at = state.binning.bin_of(expected)
    if state.binning.single_value[at]:
        assert found == expected
    else:
        assert state.binning.edges[at] <= found <= state.binning.upper_edges[at]
        rows = np.array(NUMERIC[name]["current"])
        ranks = abs(int((rows <= found).sum()) - int((rows <= expected).sum()))
        assert ranks <= state.bins[0, at]


@pytest.mark.parametrize(
    "key",
    [
        "correlation_change",
        "correlation_change_p_value",
        "pca_reconstruction_error",
        "pca_reference_error",
        "pca_error_change",
    ],
)
def test_a_block_gives_the_values_of_its_rows(key: str) -> None:
    case = GOLDEN["block"]
    comparison = Comparison(
        pair_state(np.array(case["current"])), pair_state(np.array(case["reference"]))
    )
    found = drift(comparison, [key])[key].value[0]
    np.testing.assert_allclose(found, case[key], rtol=1e-7, atol=1e-9)


def test_tail_of_chi_square_is_that_of_scipy() -> None:
    degrees, x, expected = np.array(GOLDEN["tails"]["chi_square"]).T
    found = chi_square_tail(x, degrees.astype(np.int64))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=0.0)


def test_tail_of_kolmogorov_is_that_of_scipy() -> None:
    x, expected = np.array(GOLDEN["tails"]["kolmogorov"]).T
    np.testing.assert_allclose(kolmogorov_tail(x), expected, rtol=1e-10, atol=1e-14)


def test_p_value_of_ks_is_the_asymptotic_one_where_its_distance_is_exact() -> None:
    from scipy import special

    comparison = compared("few values")
    n, m = 300, 2000
    expected = special.kolmogorov(np.sqrt(n * m / (n + m)) * value(comparison, "ks"))
    assert value(comparison, "ks_p_value") == pytest.approx(expected, rel=1e-9)
