"""Changes of metrics where neighboring days are alike, as with weather."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.performance.day_dependence import mean_variance, successive_correlation
from modelwatch.stats.performance.window_intervals import window_changes, window_values
from performance_samples import binary_states
from samples import numeric_binning

TENTHS = numeric_binning([k / 10 for k in range(11)])
REFERENCE_DAYS, ROWS = 28, 100


def moved(days: int, correlation: float, random: np.random.Generator) -> np.ndarray:
    """Effects of days with a variance of 1."""
    found = random.standard_normal(days)
    for day in range(1, days):
        fresh = np.sqrt(1.0 - correlation**2) * found[day]
        found[day] = correlation * found[day - 1] + fresh
    return found


def p_value_of_a_week(correlation: float, random: np.random.Generator) -> float:
    """p-value of the accuracy of the week after the reference, where nothing has changed."""
    days = REFERENCE_DAYS + 7
    right = np.clip(0.7 + 0.06 * moved(days, correlation, random), 0.05, 0.95)
    day = np.repeat(np.arange(days), ROWS)
    label = random.integers(1, 3, len(day))
    decision = np.where(random.random(len(day)) < right[day], label - 1, 2 - label)
    states = binary_states(TENTHS, np.full(len(day), 0.5), decision, label, day)
    week = window_values(states, np.array([[REFERENCE_DAYS, days]]), ["accuracy"])
    reference = window_values(states, np.array([[0, REFERENCE_DAYS]]), ["accuracy"])
    return float(window_changes(week, reference).p_value[0, 0])


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_weeks_are_rarely_changes_where_days_are_alike_and_where_they_are_not(
    correlation: float,
) -> None:
    random = np.random.default_rng(1)
    found = np.array([p_value_of_a_week(correlation, random) for _ in range(150)])
    # Of weeks taken for seven independent days, 20% are below 0.05 with a correlation of 0.7.
    assert np.mean(found < 0.05) <= 0.1


@pytest.mark.parametrize("days", [1, 7, 28])
@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.9])
def test_the_variance_of_a_mean_is_that_of_its_covariances(correlation: float, days: int) -> None:
    apart = np.abs(np.subtract.outer(np.arange(days), np.arange(days)))
    expected = (correlation**apart).mean()
    assert mean_variance(np.array(correlation), np.array(float(days))) == pytest.approx(expected)


def test_a_correlation_that_may_be_chance_or_of_few_days_is_none() -> None:
    squares = np.array([1.0, 1.0, 1.0])
    found = successive_correlation(np.array([0.2, 0.7, 0.7]), squares, np.array([28.0, 28.0, 10.0]))
    assert found[0] == found[2] == 0.0
    assert found[1] == pytest.approx(0.7 + 3.1 / 28)
