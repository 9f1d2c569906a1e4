"""Bounds of a daily metric, from the days before it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from modelwatch.stats.verdicts.expected_series import (
    LARGE_COUNT,
    MANY_TRIALS,
    SHORT_HISTORY,
    VALUE_MISSING,
    count_tail,
    expected_series,
    share_tail,
)

N = 120
DAYS = np.arange(N)
WEEKEND = np.where(DAYS % 7 >= 5, -1.0, 0.0)


def draws(series: int = 60, n: int = N, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((series, n))


def test_days_that_are_as_before_are_seldom_news() -> None:
    found = expected_series(draws(), DAYS)
    p = found.p_value[:, 14:]
    assert np.mean(p < 0.01) <= 0.015
    assert np.mean(p < 0.001) <= 0.003
    assert np.mean(p < 0.2) > 0.1


def test_a_day_out_of_line_is_news() -> None:
    y = draws()
    y[:, 100] += 8.0
    found = expected_series(y, DAYS)
    assert np.mean(found.p_value[:, 100] < 0.001) > 0.95
    assert np.mean(y[:, 100] > found.upper[:, 100]) > 0.95


def test_weekends_are_compared_with_weekends() -> None:
    y = 100.0 + 20.0 * WEEKEND + draws()
    found = expected_series(y, DAYS)
    late = slice(70, None)
    assert found.seasonal[:, late].all()
    assert np.mean(found.p_value[:, late] < 0.001) <= 0.003
    np.testing.assert_allclose(found.expected[:, 103].mean(), 80.0, atol=0.5)


def test_a_weekday_in_the_place_of_a_weekend_is_news() -> None:
    y = 100.0 + 20.0 * WEEKEND + draws()
    y[:, 103] += 20.0
    assert np.mean(expected_series(y, DAYS).p_value[:, 103] < 0.001) > 0.95


def test_the_first_weekends_are_no_news() -> None:
    y = 100.0 + 20.0 * WEEKEND + draws()
    assert np.mean(expected_series(y, DAYS).p_value[:, 7:28] < 0.01) <= 0.01


def test_earlier_anomalies_do_not_move_the_bounds() -> None:
    y = draws()
    spoilt = y.copy()
    spoilt[:, 40:80:9] += 50.0
    before, after = expected_series(y, DAYS), expected_series(spoilt, DAYS)
    shift = np.abs(after.expected[:, 85] - before.expected[:, 85])
    assert np.median(shift) < 0.5
    wider = (after.upper - after.lower)[:, 85] / (before.upper - before.lower)[:, 85]
    assert np.median(wider) < 1.5


def test_the_second_day_of_an_event_is_as_rare_as_the_first() -> None:
    y = draws()
    y[:, 100:103] += 8.0
    p = expected_series(y, DAYS).p_value
    assert np.mean(p[:, 100:102] < 0.001) > 0.9


def test_a_lasting_level_is_followed() -> None:
    y = draws() + 10.0 * (DAYS >= 60)
    assert expected_series(y, DAYS).expected[:, 70].mean() == pytest.approx(10.0, abs=0.5)


def test_a_day_is_not_reported_by_the_days_after_it() -> None:
    y = draws(3)
    late = y.copy()
    late[:, 90:] += 100.0
    np.testing.assert_array_equal(
        expected_series(y, DAYS).upper[:, :90], expected_series(late, DAYS).upper[:, :90]
    )


def test_counts_are_compared_by_ratios() -> None:
    random = np.random.default_rng(2)
    y = random.poisson(np.where(DAYS % 7 >= 5, 200, 2000), (40, N)).astype(float)
    found = expected_series(y, DAYS, counts=True)
    assert np.mean(found.p_value[:, 70:] < 0.001) <= 0.003
    assert np.all(found.lower[:, 70:] >= 0.0)
    y[:, 100] *= 0.5
    assert np.mean(expected_series(y, DAYS, counts=True).p_value[:, 100] < 0.001) > 0.95


def test_a_count_of_none_is_news_where_there_were_many() -> None:
    y = np.random.default_rng(3).poisson(500, (1, N)).astype(float)
    y[:, 100] = 0.0
    assert expected_series(y, DAYS, counts=True).p_value[0, 100] < 1e-6


def test_a_metric_that_never_moves_has_a_spread_all_the_same() -> None:
    y = np.full(N, 5.0)
    y[100:102] = 5.0005, 6.0
    found = expected_series(y, DAYS)
    assert found.p_value[0, 99] == 1.0
    assert found.p_value[0, 100] > 0.1
    assert found.p_value[0, 101] < 1e-6


def test_the_first_week_has_no_bounds() -> None:
    found = expected_series(draws(1), DAYS)
    assert set(found.reason[0, :7]) == {SHORT_HISTORY}
    assert set(found.reason[0, 7:]) == {None}
    assert np.isnan(found.p_value[0, :7]).all()


def test_days_long_ago_do_not_count() -> None:
    days = np.append(np.arange(20), 200)
    assert expected_series(draws(1, 21), days).reason[0, 20] == SHORT_HISTORY


def test_an_unknown_day_has_bounds_and_no_p_value() -> None:
    y = draws(1)
    y[0, 60] = np.nan
    found = expected_series(y, DAYS)
    assert found.reason[0, 60] == VALUE_MISSING
    assert np.isnan(found.p_value[0, 60])
    assert found.lower[0, 60] < found.upper[0, 60]
    assert found.reason[0, 61] is None


def test_series_do_not_know_of_each_other() -> None:
    y = draws(5)
    together = expected_series(y, DAYS)
    for i in range(5):
        np.testing.assert_array_equal(expected_series(y[i], DAYS).z[0], together.z[i])


def test_days_ascend() -> None:
    with pytest.raises(ValueError, match="ascend"):
        expected_series(np.zeros(3), np.array([1, 1, 2]))


@pytest.mark.parametrize("rows", [0, 1, 20, 99])
def test_a_day_that_collapses_is_news_whatever_is_left(rows: int) -> None:
    y = np.random.default_rng(4).normal(100_000.0, 3_000.0, 60)
    y[59] = rows
    assert expected_series(y, np.arange(60), counts=True).p_value[0, 59] < 1e-6


@pytest.mark.parametrize("now", [29, 35, 50, 65])
def test_the_first_weekends_do_not_make_a_collapsed_weekday_usual(now: int) -> None:
    level = np.where(DAYS % 7 >= 5, 70.0, 230.0) * np.exp(0.12 * draws(30, N, 3))
    rows = np.random.default_rng(4).poisson(level).astype(np.float64)
    rows[:, now] = np.rint(0.1 * rows[:, now])
    assert np.mean(expected_series(rows, DAYS, counts=True).p_value[:, now] < 1e-3) > 0.95


def test_a_collapse_that_lasts_stays_news_until_the_median_moves() -> None:
    y = np.random.default_rng(5).normal(2_000.0, 60.0, 70)
    y[60:] = 40.0
    found = expected_series(y, np.arange(70), counts=True, most_level=0.3)
    assert np.all(found.p_value[0, 60:] < 1e-4)
    assert np.all(found.expected[0, 60:] > 1_000.0)


def test_a_level_that_moves_by_less_than_what_matters_is_followed() -> None:
    y = np.random.default_rng(6).normal(2_000.0, 20.0, 80)
    y[60:] *= 1.2
    found = expected_series(y, np.arange(80), counts=True, most_level=0.3)
    assert found.expected[0, 75] == pytest.approx(2_400.0, rel=0.02)


@pytest.mark.parametrize("mean", [2.0, 5.0, 20.0, 80.0])
def test_small_counts_are_as_rare_as_a_poisson_law_says(mean: float) -> None:
    y = np.random.default_rng(7).poisson(mean, (40, N)).astype(float)
    p = expected_series(y, DAYS, counts=True).p_value[:, 30:]
    assert np.mean(p < 0.01) <= 0.012
    assert np.mean(p < 0.001) <= 0.002


def test_shares_of_few_rows_are_as_rare_as_a_binomial_law_says() -> None:
    random = np.random.default_rng(8)
    rows = np.where(DAYS % 5 == 0, 4, 2_000)
    y = random.binomial(rows, 0.9, (40, N)) / rows
    p = expected_series(y, DAYS, rows=rows).p_value[:, 30:]
    assert np.mean(p < 0.01) <= 0.012
    y[:, 100] = 0.0
    found = expected_series(y, DAYS, rows=np.where(DAYS == 100, 40, rows))
    # Days of four rows have been far off too: no more is sure of a day that is as far off.
    assert np.all(found.p_value[:, 100] < 1e-3)


@pytest.mark.parametrize("gap", [7, 10, 14, 30])
def test_what_comes_seldom_has_bounds_after_a_few_times(gap: int) -> None:
    y = np.random.default_rng(9).normal(5_000.0, 100.0, 24)
    y[23] = 300.0
    found = expected_series(y, np.arange(24) * gap, counts=True)
    known = 7 if gap == 7 else 4
    assert set(found.reason[0, known + 1 :]) == {None}
    assert found.p_value[0, 23] < 1e-3
    assert np.all(found.p_value[0, known + 1 : 23] > 1e-3)


def test_a_share_that_fell_in_one_month_is_unlikely_in_the_next_ones_too() -> None:
    random = np.random.default_rng(3)
    coverage = np.concatenate([0.8 + random.normal(0.0, 0.015, 10), np.full(4, 0.2)])
    months = np.cumsum([0, *[31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]])
    found = expected_series(coverage, months, rows=np.full(14, 600))
    assert (found.p_value[0, 10:13] < 0.02).all()
    assert np.nanmin(found.p_value[0, :10]) > 0.05


@pytest.mark.parametrize("good_days", [4, 5, 6])
def test_what_ends_in_the_first_week_is_news_as_soon_as_days_are_judged(good_days: int) -> None:
    coverage = np.concatenate([np.ones(good_days), np.zeros(20)])
    found = expected_series(coverage, np.arange(len(coverage)), rows=np.full(len(coverage), 500))
    assert found.p_value[0, 7] < 1e-3
    assert found.expected[0, 7] == 1.0
    assert np.isnan(found.p_value[0, :7]).all()


@pytest.mark.parametrize("weekday", range(7))
def test_a_first_weekend_is_no_event_whatever_day_the_history_begins_on(weekday: int) -> None:
    days = np.arange(21) + weekday
    rows = np.where(days % 7 >= 5, 150.0, 500.0)
    rows = np.random.default_rng(weekday).poisson(rows).astype(np.float64)
    assert np.nanmin(expected_series(rows, days, counts=True).p_value[0, 7:]) > 1e-3


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
