"""Values that are read from bins differ from those of the rows by at most their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from modelwatch.stats.drift.area import area_between
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.distance import LOOSE
from modelwatch.stats.drift.statistics import drift, error_bounds
from modelwatch.stats.profile.metrics import profile
from samples import categorical_binning, categorical_state, numeric_binning, numeric_state

awkward = st.sampled_from([0.0, 1e-9, -1.0, 1e4, 1e9, -1e9, 2.5])
rows = st.lists(st.floats(-50, 50) | awkward, min_size=1, max_size=60)
words = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60)
some_bins = st.sampled_from([2, 5, 40])


def compared(current: list[float], reference: list[float], bins: int = 200) -> Comparison:
    binning = numeric_binning(reference, bins=bins)
    return Comparison(numeric_state(binning, current), numeric_state(binning, reference))


@given(rows, rows, some_bins)
def test_the_area_lies_between_its_ends(current, reference, bins) -> None:
    found = area_between(*compared(current, reference, bins).numeric)
    expected = scipy_stats.wasserstein_distance(current, reference)
    rounding = 1e-9 * max(1.0, np.abs([*current, *reference]).max())
    assert found.least[0] - rounding <= expected <= found.greatest[0] + rounding
    assert found.least[0] <= found.estimate[0] <= found.greatest[0]


@given(rows, rows, some_bins)
def test_ks_and_its_p_value_are_wrong_by_at_most_their_bounds(current, reference, bins) -> None:
    comparison = compared(current, reference, bins)
    found = drift(comparison, ["ks", "ks_p_value"])
    bounds = error_bounds(comparison, found)
    points = np.array([*current, *reference])
    below = [
        np.searchsorted(np.sort(rows), points, "right") / len(rows) for rows in (current, reference)
    ]
    expected = np.abs(below[0] - below[1]).max()
    assert -1e-12 <= expected - found["ks"].value[0] <= bounds["ks"][0] + 1e-12
    n, m = len(current), len(reference)
    p = scipy_stats.kstwobign.sf(np.sqrt(n * m / (n + m)) * expected)
    assert -1e-9 <= found["ks_p_value"].value[0] - p <= bounds["ks_p_value"][0] + 1e-9


@given(rows, rows, some_bins)
def test_quantiles_are_wrong_by_at_most_their_bounds(current, reference, bins) -> None:
    found = profile(compared(current, reference, bins).numeric[0])
    for key in ("q01", "q25", "q50", "q99", "min", "max"):
        level = {"min": 0.0, "max": 1.0}.get(key) or int(key[1:]) / 100 if key != "min" else 0.0
        expected = np.quantile(current, level, method="inverted_cdf")
        bound = found[key].error_bound[0]
        assert abs(found[key].value[0] - expected) <= bound + 1e-12 * max(1.0, abs(expected))


@given(words, words, st.integers(1, 8))
def test_distances_of_categories_are_wrong_by_at_most_their_bounds(
    current, reference, kept
) -> None:
    keys = ["jensen_shannon", "hellinger", "total_variation", "l_infinity", "psi", "chi_square"]
    some, every = (categorical_binning(reference, max_values=n) for n in (kept, 100))
    binned, apart = (
        Comparison(categorical_state(b, current), categorical_state(b, reference))
        for b in (some, every)
    )
    found = drift(binned, keys)
    p, q = (
        np.array([side.count(w) / len(side) for w in "abcdefgh"]) for side in (current, reference)
    )
    m = (p + q) / 2
    expected = {
        "jensen_shannon": np.sqrt(
            (scipy_stats.entropy(p, m, base=2) + scipy_stats.entropy(q, m, base=2)) / 2
        ),
        "hellinger": np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2),
        "total_variation": np.abs(p - q).sum() / 2,
        "l_infinity": np.abs(p - q).max(),
    }
    bounds = error_bounds(binned, found)
    for key, value in expected.items():
        assert abs(found[key].value[0] - value) <= bounds[key][0] + 1e-7, key
    of_values = drift(apart, keys)
    for key in ("psi", "chi_square"):
        if bounds[key][0] == 0.0 and not apart.current.unseen_rows[0]:
            assert found[key].value[0] == pytest.approx(of_values[key].value[0], nan_ok=True)


RANDOM = np.random.default_rng(19)
WAITS = RANDOM.exponential(10.0, 5000)


@pytest.mark.parametrize("far", [1e4, 1e9])
@pytest.mark.parametrize("sides", ["current", "reference", "both"])
def test_one_row_far_out_moves_a_distance_by_as_much_as_it_should(far: float, sides: str) -> None:
    current, reference = list(RANDOM.exponential(11.0, 5000)), list(WAITS)
    current += [far] * (sides != "reference")
    reference += [far] * (sides != "current")
    comparison = compared(current, reference)
    found = area_between(*comparison.numeric)
    expected = scipy_stats.wasserstein_distance(current, reference)
    assert found.estimate[0] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    "draw",
    [
        lambda random, n: np.exp(3.0 * random.normal(size=n)),
        lambda random, n: random.standard_t(1, n),
        lambda random, n: random.pareto(0.5, n),
        lambda random, n: random.normal(size=n) + 1e6 * (random.random(n) < 0.3),
    ],
    ids=["lognormal", "Cauchy", "Pareto", "far clusters"],
)
def test_a_heavy_tail_of_the_reference_is_reported_within_a_few_percent(draw) -> None:
    # The same rows whatever other tests have drawn before: about 3 of 100 draws are off by more.
    random = np.random.default_rng(19)
    current, reference = draw(random, 2000), draw(random, 20_000)
    comparison = compared(list(current), list(reference))
    found = area_between(*comparison.numeric)
    expected = scipy_stats.wasserstein_distance(current, reference)
    assert found.estimate[0] == pytest.approx(expected, rel=0.05)


def test_a_distance_whose_bound_says_nothing_is_undefined() -> None:
    comparison = compared(list(np.linspace(0.1, 0.9, 100)), list(np.linspace(0, 1, 300)), bins=2)
    found = drift(comparison, ["wasserstein"])["wasserstein"]
    assert np.isnan(found.value[0])
    assert found.reason[0] == LOOSE
    assert np.isnan(error_bounds(comparison, {"wasserstein": found})["wasserstein"][0])
