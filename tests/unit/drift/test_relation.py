"""Features that no longer go together."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.arrays import Floats
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.relation import NOT_EXPLAINED, error_changes, predicted_errors
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.states.pairs import PairStates
from modelwatch.stats.verdicts.relation_null import relation_nulls
from samples import pair_state, pair_states

KEY = "relation_error_change"


def weather(days: int, seed: int, rows: int = 200) -> list[Floats]:
    """Days of temperature, dew point, a second thermometer, and wind, which nothing predicts.

    Days differ in their level by as much as a season does.
    """
    random = np.random.default_rng(seed)
    found = []
    for level in random.normal(0.0, 1.0, days):
        temperature = level + 0.4 * random.normal(size=rows)
        dew_point = 0.8 * temperature + 0.3 * random.normal(size=rows)
        second = temperature + 0.1 * random.normal(size=rows)
        found.append(np.column_stack([temperature, dew_point, second, random.normal(size=rows)]))
    return found


BEFORE = pair_states(weather(40, 1))
WHOLE = BEFORE.roll_up(np.array([[0, 40]]))


def changes(day: Floats, whole: PairStates = WHOLE) -> Floats:
    return error_changes(pair_state(day), whole)[0]


def test_a_day_like_the_others_has_errors_like_theirs() -> None:
    found = changes(weather(1, 2)[0])
    assert np.abs(found[[0, 1, 2]]).max() < 0.1


def test_a_feature_that_nothing_shows_has_no_error() -> None:
    assert np.isnan(changes(weather(1, 2)[0])[3])
    assert np.isnan(predicted_errors(WHOLE)[0, 3])
    found = drift(Comparison(pair_state(weather(1, 2)[0]), WHOLE), [KEY])[KEY]
    assert found.reason[0, 3] == NOT_EXPLAINED


def test_a_day_on_which_all_rise_together_is_no_change_of_their_relation() -> None:
    day = weather(1, 2)[0]
    warm = day + np.array([1.5, 0.8 * 1.5, 1.5, 0.0])
    assert np.abs(changes(warm)[[0, 1, 2]]).max() < 0.1


def test_a_feature_that_rises_alone_is_charged_and_those_that_it_shows_are_not() -> None:
    day = weather(1, 2)[0]
    day[:, 0] += 1.0
    found = changes(day)
    assert found[0] > 0.5
    assert np.abs(found[[1, 2]]).max() < 0.1


def test_two_features_exchanged_are_both_charged_or_one_for_the_other() -> None:
    day = weather(1, 2)[0][:, [3, 1, 2, 0]]
    assert np.nanmax(changes(day)) > 0.5


def test_a_feature_that_is_mostly_gone_neither_predicts_nor_is_predicted() -> None:
    day = weather(1, 2)[0]
    day[:, 0] = np.nan
    found = changes(day)
    assert np.isnan(found[0])
    assert abs(found[2]) < 0.1


def test_windows_with_other_gaps_are_each_reported_by_what_they_have() -> None:
    whole, gap = weather(1, 2)[0], weather(1, 3)[0]
    gap[:, 2] = np.nan
    together = error_changes(pair_states([whole, gap]), WHOLE)
    np.testing.assert_allclose(together[0], changes(whole), rtol=1e-12, equal_nan=True)
    np.testing.assert_allclose(together[1], changes(gap), rtol=1e-12, equal_nan=True)


def test_a_window_beside_its_own_reference_is_as_beside_one_for_all() -> None:
    day = pair_states(weather(2, 4))
    both = pair_states(weather(40, 1)).roll_up(np.array([[0, 40], [0, 40]]))
    np.testing.assert_allclose(error_changes(day, both), error_changes(day, WHOLE), equal_nan=True)


def test_days_of_the_reference_are_not_surprising_and_a_broken_one_is() -> None:
    nulls = relation_nulls(BEFORE, np.arange(40))
    fresh = weather(100, 5)
    quiet = error_changes(pair_states(fresh), WHOLE)
    for day in fresh:
        day[:, 0] += 0.6
    broken = error_changes(pair_states(fresh), WHOLE)
    p_quiet, p_broken = (
        nulls["f0"].p_values(found[:, 0], np.ones(100), np.full(100, -1), np.full(100, 200), 8000)
        for found in (quiet, broken)
    )
    assert (p_quiet < 0.05).mean() < 0.15
    assert np.median(p_broken) < 0.001


def test_only_what_the_others_show_has_a_null_model() -> None:
    assert sorted(relation_nulls(BEFORE, np.arange(40))) == ["f0", "f1", "f2"]


@pytest.mark.parametrize("days", [1, 5])
def test_a_short_reference_gives_a_model_that_is_assumed(days: int) -> None:
    nulls = relation_nulls(pair_states(weather(days, 1)), np.arange(days), 10.0)
    assert all(null.reason is not None and null.design_effect > 5.0 for null in nulls.values())


def test_no_days_give_no_models() -> None:
    assert relation_nulls(pair_states([np.empty((0, 4))]), np.arange(1)) == {}


@pytest.mark.parametrize("days", [1, 5, 30])
def test_a_feature_that_is_a_copy_of_another_has_a_finite_design_effect(days: int) -> None:
    rows = [np.repeat(day[:, :1], 2, axis=1) for day in weather(days, 1)]
    nulls = relation_nulls(pair_states(rows), np.arange(days))
    assert sorted(nulls) == ["f0", "f1"]
    assert all(np.isfinite(null.design_effect) for null in nulls.values())
    p = nulls["f0"].p_values(np.array([0.0, 0.5]), np.ones(2), np.full(2, -1), np.full(2, 200), 200)
    assert p[0] == pytest.approx(1.0)
    assert p[1] < 1e-3
