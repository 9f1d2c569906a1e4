"""Days that repeat the values of an earlier day: found where chance cannot do it, only there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from modelwatch.stats.drift.day_repeats import repeats
from modelwatch.stats.drift.repeats import Repeats
from modelwatch.stats.states.day_states import DayStates, neighbors
from modelwatch.stats.states.distinct import hashes_of_doubles, smallest
from simulated_verdicts import category_states, number_states

REFERENCE, DAYS, ROWS = 28, 42, 400
SURE = 1e-6
Values = Callable[[np.random.Generator], np.ndarray]
FRESH: dict[str, Values] = {
    "amounts": lambda random: random.lognormal(3.0, 1.0, ROWS).round(2),
    "counts": lambda random: random.poisson(30.0, ROWS).astype(float),
    "mostly zero": lambda random: np.where(
        random.random(ROWS) < 0.7, 0.0, random.exponential(10.0, ROWS)
    ),
}
"""Values of the same ids, new on each day."""


def day_states(days: list[np.ndarray], reference_days: int = REFERENCE) -> DayStates:
    sketches = [smallest(hashes_of_doubles(day)) for day in days]
    return DayStates(number_states(days, reference_days), sketches)


def shown(days: DayStates, reference_days: int = REFERENCE) -> Repeats:
    reference = DayStates(
        days.states.take(np.arange(reference_days)), days.sketches[:reference_days]
    )
    return repeats(days, np.arange(len(days)) >= reference_days, reference)


def fresh_days(values: Values, seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [values(random) for _ in range(DAYS)]


def partly(now: np.ndarray, before: np.ndarray, share: float) -> np.ndarray:
    """A day on which the first ids have the values of the day before."""
    return np.where(np.arange(len(now)) < share * len(now), before, now)


@pytest.mark.parametrize("name", list(FRESH))
@pytest.mark.parametrize("back", [1, 3, 6])
def test_a_day_that_is_an_earlier_one_is_found_with_the_day_it_repeats(name, back) -> None:
    days = fresh_days(FRESH[name], back)
    days[35] = days[35 - back]
    found = shown(day_states(days))
    assert (found.share[35], found.back[35]) == (1.0, back)
    assert found.p_value[35] < SURE


def test_values_of_their_own_are_those_of_a_week_before_only_if_they_were_delivered_again() -> None:
    days = fresh_days(FRESH["amounts"], 7)
    days[35] = days[28]
    assert shown(day_states(days)).back[35] == 7


def test_a_timetable_is_that_of_the_week_before_without_being_stale() -> None:
    random = np.random.default_rng(8)
    hours = [random.integers(5, 24, ROWS + 7 * weekday).astype(float) for weekday in range(7)]
    days = [
        random.integers(5, 24, ROWS).astype(float) if day < REFERENCE else hours[day % 7]
        for day in range(DAYS)
    ]
    assert not shown(day_states(days)).share.any()


@pytest.mark.parametrize("name", list(FRESH))
def test_a_day_on_which_most_ids_have_the_values_of_the_day_before_is_found(name) -> None:
    for seed in range(5):
        days = fresh_days(FRESH[name], seed)
        days[35] = partly(days[35], days[34], 0.9)
        found = shown(day_states(days))
        assert found.share[35] == pytest.approx(0.9, abs=0.2)
        assert found.p_value[35] < 1e-4


@pytest.mark.parametrize("name", list(FRESH))
def test_days_of_new_values_repeat_none(name) -> None:
    for seed in range(10):
        assert not shown(day_states(fresh_days(FRESH[name], seed))).share.any()


def waits(random: np.random.Generator, rows: int) -> np.ndarray:
    """Seconds of some hundred different values."""
    return random.gamma(3.0, 80.0, rows).round()


def test_a_day_of_fewer_rows_that_all_have_values_of_the_day_before_is_found() -> None:
    random = np.random.default_rng(21)
    days = [waits(random, int(random.integers(600, 900))) for _ in range(DAYS)]
    days[35] = days[34][:450]
    found = shown(day_states(days))
    assert (found.share[35], found.back[35]) == (pytest.approx(1.0, abs=0.05), 1)


def test_small_days_after_large_ones_repeat_none() -> None:
    random = np.random.default_rng(22)
    days = [waits(random, 800 if day % 7 < 5 else 120) for day in range(DAYS)]
    assert not shown(day_states(days)).share.any()


def test_a_feature_that_is_stuck_now_and_then_repeats_nothing() -> None:
    days = fresh_days(FRESH["amounts"], 1)
    for sunday in range(6, DAYS, 7):
        days[sunday] = days[sunday - 1]
    assert not shown(day_states(days)).share.any()


def test_a_panel_that_moves_slowly_repeats_nothing() -> None:
    random = np.random.default_rng(2)
    start = random.poisson(5.0, ROWS).astype(float)
    days = [start]
    for _ in range(DAYS - 1):
        days.append(np.where(random.random(ROWS) < 0.02, random.poisson(5.0, ROWS), days[-1]))
    assert not shown(day_states(days)).share.any()


def test_a_constant_never_repeats() -> None:
    assert not shown(day_states([np.full(ROWS, 3.0)] * DAYS)).share.any()


def test_a_constant_that_was_none_in_the_reference_does_not_repeat() -> None:
    days = fresh_days(FRESH["amounts"], 3)
    days[REFERENCE:] = [np.full(ROWS, 20.0)] * (DAYS - REFERENCE)
    assert not shown(day_states(days)).share.any()


def test_values_that_are_rounded_from_a_day_on_are_not_stale() -> None:
    days = fresh_days(FRESH["amounts"], 4)
    days[REFERENCE:] = [np.round(day) for day in days[REFERENCE:]]
    assert not shown(day_states(days)).share.any()


def test_two_categories_tie_by_chance_and_thirty_do_not() -> None:
    random = np.random.default_rng(5)
    for values, tells in ((2, False), (30, True)):
        counts = random.multinomial(ROWS, np.full(values, 1.0 / values), DAYS)
        counts[35] = counts[34]
        states = category_states(counts)
        found = shown(DayStates(states, [None] * DAYS))
        assert bool(found.share[35]) is tells


def test_the_days_before_show_what_is_usual_where_the_reference_is_short() -> None:
    days = fresh_days(FRESH["amounts"], 6)
    days[35] = days[34]
    found = shown(day_states(days, 2), 2)
    assert np.isnan(found.p_value[5])
    assert found.share[35] == 1.0
    assert found.share.sum() == 1.0


def test_the_overlap_of_sketches_estimates_that_of_the_values() -> None:
    random = np.random.default_rng(7)
    days = [random.random(5000) for _ in range(2)]
    days[1] = partly(days[1], days[0], 0.6)
    held = day_states(days, 2)
    whole = held.states.roll_up(np.array([[0, 2]]))
    exact = len(np.intersect1d(*days)) / 5000
    assert neighbors(held, whole).overlap[1] == pytest.approx(exact, abs=0.1)


def test_the_distance_of_neighbors_is_chi_square_over_its_degrees_of_freedom() -> None:
    from scipy.stats import chi2_contingency

    counts = np.array([[50, 30, 20], [40, 45, 35]])
    states = category_states(counts)
    whole = states.roll_up(np.array([[0, 2]]))
    found = neighbors(DayStates(states, [None, None]), whole)
    expected = chi2_contingency(counts, correction=False)
    assert found.distance[1] == pytest.approx(expected.statistic / expected.dof)
    assert found.degrees[1] == expected.dof


def test_a_window_shows_its_surest_day_corrected_for_their_number() -> None:
    days = Repeats(np.array([0.0, 1.0, 0.6]), np.array([1.0, 1e-9, 1e-4]), np.array([0, 2, 1]), 28)
    week = days.over(np.array([[0, 3], [0, 1], [0, 0]]))
    assert week.share.tolist() == [1.0, 0.0, 0.0]
    assert week.back.tolist() == [2, 0, 0]
    np.testing.assert_allclose(week.p_value, [3e-9, 1.0, np.nan])


def test_days_that_are_judged_by_themselves_are_left_out_of_longer_windows() -> None:
    days = Repeats(np.array([1.0, 0.9]), np.array([1e-9, 1e-8]), np.array([2, 1]), 28)
    few = days.without(np.array([True, False])).over(np.array([[0, 2]]))
    assert (few.share[0], few.back[0]) == (0.9, 1)
    one = few.or_else(days.over(np.array([[0, 1]])), np.array([True]))
    assert one.share[0] == 1.0


def test_a_reference_without_days_leaves_it_to_the_days_before() -> None:
    days = fresh_days(FRESH["amounts"], 8)
    days[35] = days[34]
    found = shown(day_states(days), 0)
    assert np.flatnonzero(found.share).tolist() == [35]


def test_few_ids_that_move_slowly_tie_in_groups_by_chance() -> None:
    for seed in range(30):
        random = np.random.default_rng(seed)
        walks = random.normal(size=50) + np.cumsum(random.normal(0.0, 0.3, (DAYS, 50)), axis=0)
        assert not shown(day_states(list(walks))).share.any()


@pytest.mark.parametrize("spread", [3.0, 6.0])
def test_readings_of_one_weather_on_two_days_tie_by_chance(spread: float) -> None:
    random = np.random.default_rng(5)
    daily_curve = 4.0 * np.sin(np.arange(24) / 24.0 * 2.0 * np.pi)
    # 40 places have the same temperature, and all hours of a day the same offset.
    offsets = random.normal(0.0, spread, DAYS).round(1)
    offsets[39] = offsets[35]
    days = [np.repeat((offset + daily_curve).round(1), 40) for offset in offsets]
    tied = day_states(days)
    assert neighbors(tied, tied.states.roll_up(np.array([[0, DAYS]]))).ties[39, 3]
    assert shown(tied).share[39] == 0.0


def test_a_day_of_times_that_were_delivered_before_is_found() -> None:
    # Times by hour: each day has its own ones.
    days = [np.repeat(24.0 * day + np.arange(24), 20) for day in range(DAYS)]
    days[35] = days[34]
    assert shown(day_states(days)).share[35] == 1.0


def test_twelve_rows_a_day_show_that_they_are_those_of_the_day_before() -> None:
    random = np.random.default_rng(8)
    days = [random.normal(0.0, 1.0, random.integers(12, 20)) for _ in range(DAYS)]
    days[35] = np.resize(days[34], len(days[35]))
    found = shown(day_states(days))
    assert found.share[35] > 0.9 and found.p_value[35] < 1e-3
    assert not found.share[36:].any() and not found.share[:35].any()
