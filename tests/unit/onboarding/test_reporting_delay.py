"""How long labels take, while the newest have not arrived yet."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.onboarding.reporting_delay import arrived_shares, delay_of_share

DAYS, LONGEST = 120, 90


def arrivals(per_day: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts by day and delay of what has arrived, ages, and the delays of all labels."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((DAYS, LONGEST), dtype=np.int64)
    ages = np.arange(DAYS)[::-1].copy()
    delays = np.minimum(rng.gamma(4, 5, (DAYS, per_day)).astype(int), LONGEST - 1)
    for at in range(DAYS):
        arrived = delays[at][delays[at] <= ages[at]]
        np.add.at(counts[at], arrived, 1)
    return counts, ages, delays


def test_labels_that_are_still_to_come_do_not_make_delays_look_short() -> None:
    counts, ages, delays = arrivals(400)
    found = delay_of_share(arrived_shares(counts, ages), 0.95)
    assert abs(found - np.quantile(delays, 0.95)) <= 1


def test_complete_labels_have_the_shares_that_were_counted() -> None:
    counts = np.array([[5, 3, 2], [1, 1, 8]])
    shares = arrived_shares(counts, np.array([30, 40]))
    np.testing.assert_allclose(shares, np.cumsum(counts.sum(axis=0)) / counts.sum())


def test_labels_that_are_there_at_once_have_no_delay() -> None:
    assert delay_of_share(arrived_shares(np.array([[7], [9]]), np.array([1, 0])), 0.95) == 0


def test_counts_without_ages_are_refused() -> None:
    with pytest.raises(ValueError, match="ages"):
        arrived_shares(np.zeros((3, 2), dtype=np.int64), np.zeros(2, dtype=np.int64))
