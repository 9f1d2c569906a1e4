"""Tails of counts and shares, against scipy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from modelwatch.stats.verdicts.count_tails import LARGE_COUNT, MANY_TRIALS, count_tail, share_tail


@pytest.mark.parametrize("dispersion", [1e-4, 0.01, 0.3])
@pytest.mark.parametrize("mean", [0.7, 5.0, 60.0, 900.0])
def test_a_count_has_the_tails_of_a_negative_binomial_one(mean: float, dispersion: float) -> None:
    counts = np.array([0.0, 1.0, 3.0, 50.0, 800.0, 1500.0])
    size = 1.0 / dispersion
    law = stats.nbinom(size, size / (size + mean))
    expected = np.minimum(2 * np.minimum(law.cdf(counts), law.sf(counts - 1)), 1.0)
    found = count_tail(counts, np.full(6, mean), np.full(6, dispersion))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-13)


def test_large_counts_have_no_tail_of_their_own() -> None:
    assert count_tail(np.array([10.0]), np.array([LARGE_COUNT]), np.array([0.01]))[0] == 0.0


@pytest.mark.parametrize("chance", [0.001, 0.3, 0.9])
def test_a_share_has_the_tails_of_a_binomial_one(chance: float) -> None:
    rows = np.array([1.0, 4.0, 40.0, 400.0, 40.0])
    hits = np.array([0.0, 4.0, 30.0, 100.0, 40.0])
    law = stats.binom(rows, chance)
    expected = np.minimum(2 * np.minimum(law.cdf(hits), law.sf(hits - 1)), 1.0)
    found = share_tail(hits / rows, rows, np.full(5, chance))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-13)


def test_what_is_unknown_has_no_tail() -> None:
    assert np.isnan(share_tail(np.array([np.nan]), np.array([5.0]), np.array([0.5])))[0]
    assert np.isnan(count_tail(np.array([1.0]), np.array([np.nan]), np.array([0.1])))[0]
    assert share_tail(np.array([0.5]), np.array([MANY_TRIALS]), np.array([0.1]))[0] == 0.0
