"""Intervals that hold at every look: their width, their errors, and the days that they take."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from modelwatch.stats.comparison.confidence_sequence import (
    LEAST_DAYS,
    DayMean,
    day_mean,
    days_until,
    detectable,
    ends_of,
    fixed_reach,
    planned_days,
    sequence_reach,
)


def mean_of(values: np.ndarray) -> DayMean:
    """The mean of some days with as many rows each."""
    days = len(values)
    return day_mean(float(values.mean()), (values.sum() - values) / (days - 1))


def test_the_standard_error_of_independent_days_is_that_of_their_mean() -> None:
    values = np.tile([1.0, -1.0, 3.0, -3.0], 10)
    found = mean_of(values)
    assert found.value == 0
    assert found.sd == pytest.approx(values.std(ddof=1) / np.sqrt(40))
    assert found.skewness == pytest.approx(0)


def test_days_that_follow_one_another_have_a_larger_standard_error() -> None:
    values = np.repeat([1.0, -1.0], 20)
    assert mean_of(values).sd == pytest.approx(3 * values.std(ddof=1) / np.sqrt(40), rel=0.01)


def test_skewness_is_that_of_the_days() -> None:
    values = np.random.default_rng(1).exponential(size=50)
    assert mean_of(values).skewness == pytest.approx(stats.skew(values))
    assert (-mean_of(values)).skewness == pytest.approx(-stats.skew(values))


def test_days_that_are_all_alike_have_the_variance_of_their_rows() -> None:
    assert day_mean(0.5, np.full(20, 0.5), 0.01).sd == pytest.approx(0.1)
    assert np.isnan(day_mean(0.5, np.array([0.5]), 0.01).sd)


@pytest.mark.parametrize("days", [14, 28, 90])
def test_the_reach_is_where_the_martingale_exceeds_its_bound(days: int) -> None:
    """Against the ratio of the marginal densities of Student's t, by numerical integration."""
    error, tau = 0.05, np.sqrt(6.64 / 28)
    reach = float(sequence_reach(np.array([days]), error)[0])
    effects = np.linspace(-8 * tau, 8 * tau, 4001)
    density = stats.nct.pdf(reach, days - 1, effects * np.sqrt(days))
    mixed = np.trapezoid(density * stats.norm.pdf(effects, 0, tau), effects)
    ratio = mixed / stats.t.pdf(reach, days - 1)
    assert ratio == pytest.approx((1 / error + 1) / 2, rel=1e-3)


def test_a_sequence_is_wider_than_the_interval_of_one_look_and_needs_two_weeks() -> None:
    days = np.array([LEAST_DAYS - 1, LEAST_DAYS, 28, 365])
    every, one = sequence_reach(days, 0.05), fixed_reach(days, 0.05)
    assert np.isinf(every[0])
    assert np.isinf(one[0])
    assert (every[1:] > one[1:]).all()
    assert one[1:] == pytest.approx(stats.t.ppf(0.95, days[1:] - 1))


@pytest.mark.parametrize("noise", ["normal", "student", "skewed"])
def test_daily_looks_err_rarely_where_looks_at_the_usual_interval_err_often(noise: str) -> None:
    random = np.random.default_rng(3)
    draws = {
        "normal": lambda: random.normal(size=90),
        "student": lambda: random.standard_t(3, size=90),
        "skewed": lambda: 1.0 - random.exponential(size=90),
    }
    paths, errors = 300, {True: 0, False: 0}
    for _ in range(paths):
        values = draws[noise]()
        means = [mean_of(values[:days]) for days in range(LEAST_DAYS, 91, 2)]
        for every in errors:
            errors[every] += any(ends_of(m, 0.05, every_look=every)[0] > 0 for m in means)
    assert errors[True] / paths <= 0.05
    assert errors[False] > 2 * errors[True]


def test_an_end_is_moved_outward_on_the_side_that_skewed_days_bring_too_close() -> None:
    plain = ends_of(DayMean(0.0, 1.0, 0.0, 30), 0.05, every_look=True)
    left = ends_of(DayMean(0.0, 1.0, -1.0, 30), 0.05, every_look=True)
    right = ends_of(DayMean(0.0, 1.0, 1.0, 30), 0.05, every_look=True)
    assert plain[0] == -plain[1]
    assert left[0] < plain[0]
    assert left[1] == plain[1]
    assert right == (plain[0], -left[0])


def test_an_unknown_spread_has_no_ends() -> None:
    unknown = DayMean(0.1, np.nan, np.nan, 30)
    assert ends_of(unknown, 0.05, every_look=True) == (-np.inf, np.inf)
    assert days_until(unknown, 0.0, 0.05, every_look=True) is None
    assert detectable(unknown, 0.05, every_look=True) == np.inf


def test_further_days_decide_if_the_difference_stays() -> None:
    mean = DayMean(0.01, 0.008, 0.0, 20)
    more = days_until(mean, 0.0, 0.05, every_look=True)
    assert more is not None
    for days, decided in ((20 + more - 1, False), (20 + more, True)):
        later = DayMean(0.01, 0.008 * np.sqrt(20 / days), 0.0, days)
        assert (ends_of(later, 0.05, every_look=True)[0] > 0) == decided
    assert days_until(mean, 0.01, 0.05, every_look=True) is None


@pytest.mark.parametrize("effect", [0.4, 0.8])
def test_planned_days_find_nine_of_ten_gains(effect: float) -> None:
    days, random = planned_days(effect), np.random.default_rng(4)
    assert days is not None
    found = 0
    for _ in range(200):
        values = random.normal(effect, 1.0, days)
        looks = range(LEAST_DAYS, days + 1, 2)
        found += any(
            ends_of(mean_of(values[:n]), 0.05, every_look=True)[0] > 0 for n in (*looks, days)
        )
    assert found / 200 >= 0.87


def test_what_planned_days_detect_is_the_effect_that_they_were_planned_for() -> None:
    days = planned_days(0.5)
    assert days is not None
    mean = DayMean(0.0, 1.0 / np.sqrt(days), 0.0, days)
    assert detectable(mean, 0.05, every_look=True) == pytest.approx(0.5, rel=0.02)
    assert planned_days(1e-6) is None
