"""Null distributions that are learned on the reference's own days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from day_draws import SHARES, category_days, numeric_days
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.states.leave_out import without_spans
from modelwatch.stats.verdicts.null_model import FEW_REFERENCE_DAYS, NullModel, null_models
from samples import categorical_binning, categorical_states, numeric_binning, numeric_states

ROWS = 400
KEYS = ("mean_change_in_sd", "psi", "ks")


def shifts(days: int, random, effect: float = 10.0, alike: float = 0.0):
    """Shifts of days that give a mean a design effect."""
    found = random.standard_normal(days)
    for day in range(1, days):
        found[day] = alike * found[day - 1] + np.sqrt(1 - alike**2) * found[day]
    return found * np.sqrt((effect - 1) / ROWS)


def model(days_shifts, key: str = "mean_change_in_sd", seed: int = 3) -> NullModel:
    random = np.random.default_rng(seed)
    states = numeric_days(days_shifts, ROWS, random)
    return null_models(states, np.arange(len(days_shifts)), [key])[key]


def p_of(null: NullModel, value: float, days: int = 1, weekday: int = -1) -> float:
    found = null.p_values(
        np.array([value]), np.array([days]), np.array([weekday]), np.array([days * ROWS]), 12_000
    )
    return float(found[0])


@pytest.mark.parametrize("effect", [1.0, 3.0, 10.0, 30.0])
def test_the_design_effect_of_days_is_found(effect) -> None:
    random = np.random.default_rng(1)
    found = [model(shifts(40, random, effect), seed=i).design_effect for i in range(20)]
    assert np.mean(found) == pytest.approx(effect, rel=0.25)


def test_what_days_do_by_themselves_is_not_reported() -> None:
    random = np.random.default_rng(2)
    null = model(shifts(30, random, effect=30.0))
    a_usual_day = np.sqrt(29 / ROWS)
    assert p_of(null, a_usual_day) > 0.1
    assert p_of(null, 8 * a_usual_day) < 1e-4


def test_no_day_like_the_worst_of_the_reference_is_rarer_than_one_in_all_of_them() -> None:
    random = np.random.default_rng(2)
    found = shifts(30, random, effect=3.0)
    found[4] = 1.5
    null = model(found)
    assert null.worst > 1.0
    assert p_of(null, 1.4) >= 1 / 31
    assert p_of(null, 15.0) < 1e-3


def test_a_long_reference_of_normal_days_has_a_lighter_tail() -> None:
    random = np.random.default_rng(2)
    month, year = (model(shifts(days, random, effect=3.0)) for days in (28, 364))
    far = 6 * np.sqrt(month.between)
    assert p_of(year, far) < p_of(replace(year, degrees=month.degrees), far) / 3


def test_values_far_beyond_are_news_where_days_are_alike_and_none_where_they_are_not() -> None:
    random = np.random.default_rng(2)
    key = "novel_share_change"
    alike = model(shifts(40, random, effect=1.0), key)
    unlike = model(shifts(40, random, effect=300.0), key)
    assert p_of(alike, 0.05) < 1e-4
    assert p_of(unlike, 0.05) > 0.1
    assert unlike.design_effect > 50.0


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_small_p_values_are_as_rare_as_they_say(kind) -> None:
    random = np.random.default_rng(4)
    found: dict[str, list[float]] = {}
    for _ in range(40):
        if kind == "numeric":
            states = numeric_days(shifts(60, random), ROWS, random)
        else:
            states = category_days(60, ROWS, random, random.dirichlet(60 * SHARES, 60))
        reference = states.take(np.arange(30))
        total = reference.roll_up(np.array([[0, 30]]))
        current = states.take(np.arange(30, 60))
        models = null_models(reference, np.arange(30), ("psi", "null_share_change", *KEYS))
        for key, shown in drift(Comparison(current, total), models).items():
            p = models[key].p_values(
                shown.value, np.ones(30), np.full(30, -1), current.rows, int(total.rows[0])
            )
            found.setdefault(key, []).extend(p.tolist())
    for key, p in found.items():
        assert np.mean(np.array(p) < 0.01) <= 0.02, key
        assert np.mean(np.array(p) < 0.05) <= 0.07, key


def test_a_larger_change_is_never_more_likely() -> None:
    null = model(shifts(30, np.random.default_rng(5)))
    size = np.linspace(0.0, 3.0, 60)
    p = null.p_values(size, np.ones(60), np.full(60, -1), np.full(60, ROWS), 12_000)
    assert p[0] == 1.0
    assert np.all(np.diff(p) <= 0)


def test_fewer_days_of_a_reference_say_less() -> None:
    random = np.random.default_rng(6)
    long = shifts(90, random)
    assert p_of(model(long[:8]), 0.6) > p_of(model(long), 0.6)


def test_a_longer_window_may_move_less() -> None:
    null = model(shifts(60, np.random.default_rng(7)))
    assert p_of(null, 0.3, days=7) < p_of(null, 0.3, days=1)


def test_values_far_beyond_a_short_reference_are_as_likely_as_its_days_differ() -> None:
    def p_of_novel(effect: float) -> float:
        null = model(shifts(5, np.random.default_rng(26), effect), key="novel_share_change")
        return p_of(null, 0.1)

    assert p_of_novel(1.0) < 0.01
    assert p_of_novel(200.0) > 0.05


def test_days_that_are_alike_are_not_taken_for_independent() -> None:
    random = np.random.default_rng(8)
    apart = [model(shifts(60, random), seed=i).decay for i in range(20)]
    alike = [model(shifts(60, random, alike=0.8), seed=i).decay for i in range(20)]
    assert np.mean(apart) > 0.85
    assert np.mean(alike) < 0.7


def test_two_days_beyond_the_level_in_succession_are_rare_where_days_are_alike() -> None:
    random = np.random.default_rng(0)
    key = KEYS[0]
    months = []
    for _ in range(100):
        states = numeric_days(shifts(56, random, effect=30.0, alike=0.7), ROWS, random)
        reference, current = states.take(np.arange(28)), states.take(np.arange(28, 56))
        total = reference.roll_up(np.array([[0, 28]]))
        shown = drift(Comparison(current, total), [key])[key]
        p = null_models(reference, np.arange(28), [key])[key].p_values(
            shown.value, np.ones(28), np.full(28, -1), current.rows, int(total.rows[0])
        )
        months.append(np.any((p[1:] < 0.05) & (p[:-1] < 0.05)))
    # 27 pairs of independent days: 0.065. With the plain p-values of these days it is 0.19.
    assert np.mean(months) <= 0.1


def test_independent_days_and_few_days_are_not_alike() -> None:
    day = np.ones(1)
    independent = NullModel("psi", 28, 9.0, 0.1, 1.0, 1.0, 10.0, 5.0, 0.1)
    assert independent.alike(day) == 0.0
    assert replace(independent, decay=0.5, design_effect=1.0).alike(day) == 0.0
    assert replace(independent, decay=0.5, reason=FEW_REFERENCE_DAYS).alike(day) == 0.0
    assert replace(independent, decay=0.5).alike(day) == pytest.approx(0.8 * (2**0.5 - 1))


def test_successive_days_may_be_more_alike_than_successive_weeks() -> None:
    random = np.random.default_rng(8)
    found = [model(shifts(60, random, effect=30.0, alike=0.7), seed=i) for i in range(20)]
    assert np.mean([null.successive for null in found]) == pytest.approx(0.7, abs=0.1)
    day, week = np.mean([null.alike(np.array([1.0, 7.0])) for null in found], axis=0)
    assert day > 0.55 > 0.45 > week


def test_a_calm_week_has_no_narrower_values_where_days_have_different_levels() -> None:
    random = np.random.default_rng(12)
    key, found = "sd_log_ratio", []
    for _ in range(40):
        states = numeric_days(shifts(56, random, effect=2000.0, alike=0.7), ROWS, random)
        reference = states.take(np.arange(28))
        total = reference.roll_up(np.array([[0, 28]]))
        weeks = states.roll_up(np.array([[28 + 7 * i, 35 + 7 * i] for i in range(4)]))
        shown = drift(Comparison(weeks, total), [key])[key]
        null = null_models(reference, np.arange(28), [key])[key]
        days = np.full(4, 7), np.full(4, -1)
        found += null.p_values(shown.value, *days, weeks.rows, int(total.rows[0])).tolist()
    # All days have the same spread, so their own variation would make 69% of these weeks a change.
    assert np.mean(np.array(found) < 0.01) <= 0.05


def test_the_days_of_a_short_reference_are_weighed_against_the_assumed_design_effect() -> None:
    null = model(shifts(5, np.random.default_rng(9), effect=1.0))
    assert (null.days, null.reason) == (5, FEW_REFERENCE_DAYS)
    # The assumption counts for 4 days, the 5 days for 4 as well.
    assert null.design_effect == pytest.approx((4 * 10.0 + 4 * 1.0) / 8, rel=0.1)


@pytest.mark.parametrize("effect", [10.0, 30.0])
@pytest.mark.parametrize("days", [1, 3, 5])
def test_small_p_values_of_short_references_are_as_rare_as_they_say(days, effect) -> None:
    random = np.random.default_rng([31, days])
    windows, found = 10, []
    for _ in range(60):
        states = numeric_days(shifts(days + windows, random, effect), ROWS, random)
        reference = states.take(np.arange(days))
        total = reference.roll_up(np.array([[0, days]]))
        current = states.take(np.arange(days, days + windows))
        (null,) = null_models(reference, np.arange(days), [KEYS[0]]).values()
        shown = drift(Comparison(current, total), [KEYS[0]])[KEYS[0]]
        every = np.full(windows, 1), np.full(windows, -1)
        found += null.p_values(shown.value, *every, current.rows, int(total.rows[0])).tolist()
    assert np.mean(np.array(found) < 0.01) <= 0.03
    assert np.mean(np.array(found) < 0.001) <= 0.005


def test_an_assumption_that_the_days_contradict_makes_nothing_surer() -> None:
    null = model([-1.0, 0.5, 1.0, -0.5, 0.0])
    assert null.design_effect > 100.0
    # Student's t of five days has four degrees of freedom.
    assert null.degrees == pytest.approx(4.0 + 4.0 * 10.0 / null.design_effect)
    assert model(shifts(5, np.random.default_rng(9), effect=1.0)).degrees == 8.0


@pytest.mark.parametrize("days", [3, 5])
def test_a_large_distance_is_significant_after_a_short_reference(days) -> None:
    null = model(shifts(days, np.random.default_rng(32), effect=3.0), key="psi")
    assert p_of(null, 1.0) < 0.02
    assert p_of(null, 0.1) > 0.05


def test_a_reference_of_few_days_that_differ_more_is_believed() -> None:
    assert model([-1.0, 1.0, -1.0, 1.0]).design_effect > 50.0


def test_a_reference_that_is_not_split_by_days_takes_the_assumed_design_effect() -> None:
    random = np.random.default_rng(10)
    found = null_models(numeric_days([0.0], ROWS, random), [0], ["psi"], 4.0)["psi"]
    assert (found.days, found.design_effect, found.reason) == (1, 4.0, FEW_REFERENCE_DAYS)
    assert np.isnan(found.typical)


def test_what_the_days_show_is_reported() -> None:
    null = model([0.3, -0.3] * 15)
    assert null.typical == pytest.approx(0.3, rel=0.2)


WEEK = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.8, 0.8])


def test_a_weekend_like_the_others_is_not_reported() -> None:
    days = np.arange(56)
    # Day 4 since 1970-01-01 was a Monday.
    null = null_models(
        numeric_days(WEEK[days % 7], ROWS, np.random.default_rng(11)), days + 4, KEYS
    )["mean_change_in_sd"]
    assert null.seasonal
    usual = 0.8 * 5 / 7
    assert p_of(null, usual, weekday=5) > 0.1
    assert p_of(null, usual, weekday=1) < 1e-4


def test_distances_have_weekdays_too() -> None:
    days = np.arange(56)
    states = numeric_days(WEEK[days % 7], ROWS, np.random.default_rng(12))
    null = null_models(states, days + 4, ["psi"])["psi"]
    shown = null.typical * 2
    assert p_of(null, shown, weekday=5) > 10 * p_of(null, shown, weekday=1)


def test_days_without_weekdays_have_none() -> None:
    random = np.random.default_rng(13)
    found = [model(shifts(56, random), seed=i).seasonal for i in range(40)]
    assert np.mean(found) <= 0.1


def test_days_that_are_narrower_than_all_of_them_are_no_news() -> None:
    """Days that lie far apart are each less wide than the reference, always."""
    random = np.random.default_rng(20)
    null = model(2.0 * random.standard_normal(30), key="sd_log_ratio")
    assert null.center == pytest.approx(-0.5 * np.log(1 + 4), abs=0.2)
    assert p_of(null, null.center) > 0.5
    assert p_of(null, 0.0) < 1e-4


def test_a_longer_window_is_nearer_to_the_whole() -> None:
    random = np.random.default_rng(21)
    found = [model(2.0 * random.standard_normal(42), key="sd_log_ratio") for _ in range(5)]
    week = np.mean([null.center * 7**-null.center_decay for null in found])
    assert week == pytest.approx(-0.5 * np.log(5 / (1 + 4 * 6 / 7)), abs=0.15)


def test_what_is_about_zero_has_no_center() -> None:
    random = np.random.default_rng(22)
    found = [model(shifts(30, random), seed=i).center for i in range(20)]
    assert np.mean(np.array(found) == 0.0) >= 0.95


def test_days_without_rows_are_left_out() -> None:
    random = np.random.default_rng(14)
    full = category_days(20, ROWS, random)
    empty = category_days(20, 0, random)
    both = full.take(np.arange(20))
    both.counts[10:] = empty.counts[10:]
    assert null_models(both, np.arange(20), ["psi"])["psi"].days == 10


def test_a_reference_without_rows_has_no_model() -> None:
    empty = category_days(9, 0, np.random.default_rng(15))
    assert null_models(empty, np.arange(9), ["psi"]) == {}


def test_only_what_is_asked_judged_and_applies_has_a_model() -> None:
    states = category_days(9, ROWS, np.random.default_rng(16))
    asked = ["psi", "ks", "chi_square_p_value"]
    assert set(null_models(states, np.arange(9), asked)) == {"psi"}


def test_an_undefined_value_has_no_p_value() -> None:
    null = model(shifts(20, np.random.default_rng(17)))
    assert np.isnan(p_of(null, np.nan))
    found = null.p_values(np.array([0.1]), np.array([1]), np.array([-1]), np.array([0]), 100)
    assert np.isnan(found).all()


def test_nulls_where_there_never_were_any_are_news() -> None:
    null = model(shifts(30, np.random.default_rng(18)), key="null_share_change")
    assert p_of(null, 0.0) == 1.0
    assert p_of(null, 0.05) < 1e-4


def test_nulls_that_come_in_bursts_are_no_news() -> None:
    shares = np.tile(SHARES, (30, 1))
    shares[::6] = [0.5, 0.2, 0.1, 0.1, 0.05, 0.05]
    states = category_days(30, ROWS, np.random.default_rng(19), shares)
    null = null_models(states, np.arange(30), ["null_share_change"])["null_share_change"]
    assert p_of(null, 0.4) > 0.03


def test_new_values_are_expected_where_every_day_brings_some() -> None:
    values = [[f"trip {day}"] * 40 + ["usual"] * 60 for day in range(10)]
    binning = categorical_binning([value for day in values for value in day])
    states = categorical_states(binning, values)
    null = null_models(states, np.arange(10), ["unseen_share_change"])["unseen_share_change"]
    assert null.typical == pytest.approx(0.4)
    assert null.p_values(np.array([0.4]), np.ones(1), np.array([-1]), np.array([100]), 1000) > 0.2


def rare_new_values(rows_of_new: dict[int, int]) -> NullModel:
    """Of 28 days of 150 rows, some of which have rows of a value that no other day has."""
    values = [
        [f"new {day}"] * rows_of_new.get(day, 0) + ["usual"] * (150 - rows_of_new.get(day, 0))
        for day in range(28)
    ]
    binning = categorical_binning([value for day in values for value in day])
    states = categorical_states(binning, values)
    return null_models(states, np.arange(28), ["unseen_share_change"])["unseen_share_change"]


def test_a_few_rows_of_a_new_value_on_one_day_make_a_fifth_of_the_rows_no_likelier() -> None:
    null = rare_new_values({5: 3})
    found = null.p_values(np.array([0.2]), np.ones(1), np.array([-1]), np.array([150]), 4200)
    assert found[0] < 1e-4


def test_many_rows_of_a_new_value_on_one_day_may_come_again() -> None:
    null = rare_new_values({5: 40})
    found = null.p_values(np.array([0.27]), np.ones(1), np.array([-1]), np.array([150]), 4200)
    assert found[0] > 0.02


def test_the_rest_of_the_days_is_the_state_of_the_others() -> None:
    rows = [[1.0, -2.0, None], [7.0, float("nan")], [0.5], [-3.0, 4.0]]
    binning = numeric_binning([x for day in rows for x in day if x is not None])
    states = numeric_states(binning, rows)
    spans = np.array([[0, 1], [1, 3], [3, 4], [0, 4]])
    found = without_spans(states, spans)
    others = [rows[1] + rows[2] + rows[3], rows[0] + rows[3], rows[0] + rows[1] + rows[2], []]
    expected = numeric_states(binning, others)
    for name in ("counts", "sums", "minimum", "maximum"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
