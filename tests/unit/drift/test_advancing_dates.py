"""Dates that advance with the days of their rows, as due dates do."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator, default_rng

from modelwatch.stats.drift.advancing_dates import advance_with_days
from modelwatch.stats.states.numeric import NumericStates
from samples import numeric_binning, numeric_states

FIRST = 16_000
MICROSECONDS = 86_400e6


def states(days: list[list[float]]) -> NumericStates:
    return numeric_states(numeric_binning([value for day in days for value in day]), days)


def dates(random: Generator, days: int, rows: int, start: float, spread: float) -> np.ndarray:
    """Dates that do not depend on the day of their rows, (days, rows)."""
    return np.floor(random.uniform(start, start + spread, (days, rows)))


@pytest.mark.parametrize("days", [3, 7, 28])
@pytest.mark.parametrize("sign", [1, -1], ids=["after the day", "before the day"])
@pytest.mark.parametrize("mean", [2.0, 90.0])
def test_dates_at_a_distance_from_the_day_advance(days: int, sign: int, mean: float) -> None:
    random = default_rng(days)
    day = FIRST + np.arange(days)
    found = day[:, None] + sign * np.floor(random.exponential(mean, (days, 160)))
    assert advance_with_days(states(found.tolist()), day, 1.0)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("days", [3, 7, 28])
def test_dates_of_birth_do_not_advance(days: int, seed: int) -> None:
    random = default_rng(seed)
    born = dates(random, days, 160, -10_000, 20_000)
    assert not advance_with_days(states(born.tolist()), FIRST + np.arange(days), 1.0)


def test_one_fixed_date_does_not_advance() -> None:
    assert not advance_with_days(states([[FIRST + 90.0] * 5] * 14), FIRST + np.arange(14), 1.0)


def test_two_days_do_not_tell() -> None:
    assert not advance_with_days(states([[FIRST], [FIRST + 1]]), FIRST + np.arange(2), 1.0)


def test_moments_advance_by_microseconds() -> None:
    day = FIRST + np.arange(14)
    found = (day[:, None] + default_rng(1).uniform(0, 1, (14, 50))) * MICROSECONDS
    assert advance_with_days(states(found.tolist()), day, MICROSECONDS)
    assert not advance_with_days(states(found.tolist()), day, 1.0)


def test_days_without_a_date_are_skipped() -> None:
    day = FIRST + np.arange(14)
    found = [[float(d) + 3.0] if d % 2 else [np.nan] for d in day]
    assert advance_with_days(states(found), day, 1.0)
