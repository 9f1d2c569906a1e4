"""Laws of null models, verdicts, change points and windows, whatever the days."""

from __future__ import annotations

from itertools import chain

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from day_draws import CATEGORIES
from modelwatch.stats.diagnosis.changepoint import change_point
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.leave_out import without_spans
from modelwatch.stats.verdicts.adaptive_window import adaptive_windows
from modelwatch.stats.verdicts.expected_series import expected_series
from modelwatch.stats.verdicts.judgement import judged
from modelwatch.stats.verdicts.null_model import null_models
from modelwatch.stats.verdicts.sampling_variance import JUDGED
from samples import numeric_binning, numeric_states

BINNING = numeric_binning([-1.0, 0.0, 0.5, 2.0, 7.0])
ROWS = st.lists(
    st.none() | st.floats(-1e3, 1e3) | st.sampled_from([np.nan, np.inf, -np.inf]), max_size=6
)
FINITE = st.floats(-1e3, 1e3)
WINDOWS = 12


def categorical(counts) -> CategoricalStates:
    m = len(counts)
    return CategoricalStates(
        CATEGORIES, counts, ({},) * m, counts[:, 1:].sum(axis=1), np.ones(m), np.ones(m)
    )


def days_of_categories(fewest: int = 0) -> st.SearchStrategy:
    return st.integers(fewest, 40).flatmap(
        lambda m: arrays(np.int64, (m, CATEGORIES.length), elements=st.integers(0, 50))
    )


@settings(max_examples=30)
@given(st.lists(ROWS, min_size=1, max_size=12), st.data())
def test_a_span_and_the_rest_are_all(days, data) -> None:
    states = numeric_states(BINNING, days)
    start = data.draw(st.integers(0, len(days)))
    stop = data.draw(st.integers(start, len(days)))
    span = np.array([[start, stop]])
    expected = numeric_states(BINNING, [list(chain(*days[:start], *days[stop:]))])
    found = without_spans(states, span)
    for name in ("counts", "sums", "minimum", "maximum"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@settings(max_examples=30)
@given(days_of_categories(), arrays(np.float64, WINDOWS, elements=st.floats(0.0, 1.0)))
def test_p_values_are_probabilities_and_fall_with_the_effect(counts, values) -> None:
    models = null_models(categorical(counts), np.arange(len(counts)), JUDGED)
    assert bool(models) == bool(counts.any())
    ordered = np.sort(values)
    for model in models.values():
        p = model.p_values(
            ordered, np.ones(WINDOWS), np.full(WINDOWS, -1), np.full(WINDOWS, 100), 4000
        )
        assert np.all((p >= 0) & (p <= 1))
        assert np.all(np.diff(p) <= 1e-12)
        assert model.design_effect >= 1.0
        assert 0.1 <= model.decay <= 1.0


@settings(max_examples=20)
@given(days_of_categories(7), st.integers(2, 9))
def test_more_rows_never_make_a_change_less_sure(counts, times) -> None:
    assume((counts.sum(axis=1) > 0).sum() >= 7)
    few = null_models(categorical(counts), np.arange(len(counts)), ["total_variation"])
    model = few["total_variation"]
    p = model.p_values(
        np.full(2, 0.3), np.ones(2), np.full(2, -1), np.array([50, 50 * times]), 10_000
    )
    assert p[1] <= p[0] + 1e-12


@given(
    arrays(np.float64, WINDOWS, elements=st.floats(-1.0, 1.0) | st.just(np.nan)),
    arrays(np.float64, WINDOWS, elements=st.floats(0.0, 1.0) | st.just(np.nan)),
    arrays(np.int64, WINDOWS, elements=st.sampled_from([0, 10, 100, 5000])),
    st.permutations(range(WINDOWS)),
)
def test_verdicts_do_not_depend_on_the_order(value, p, rows, order) -> None:
    def judge(at):
        nothing = np.full(len(at), None, dtype=object)
        threshold = np.full(len(at), 0.2)
        return judged(value[at], threshold, p[at], rows[at], np.full(len(at), 900), nothing)

    first, second = judge(np.arange(WINDOWS)), judge(np.array(order))
    assert first.verdict[list(order)].tolist() == second.verdict.tolist()
    failed = first.verdict == "fail"
    assert np.all(first.effect[failed] >= 1.0)
    assert np.all(first.adjusted_p[failed] <= 0.05)
    assert first.comparisons == np.isfinite(first.adjusted_p).sum()


@settings(max_examples=20)
@given(arrays(np.float64, st.integers(8, 30), elements=FINITE), st.integers(-9999, 9999))
def test_a_change_moves_with_the_calendar(values, moved) -> None:
    days = np.arange(len(values))
    here, there = change_point(values, days), change_point(values, days + moved)
    assert (here.shape, here.likely, here.levels) == (there.shape, there.likely, there.levels)
    assert [day + moved for day in here.days] == list(there.days)


@settings(max_examples=20)
@given(arrays(np.float64, st.integers(8, 30), elements=FINITE))
def test_a_change_lies_within_its_interval(values) -> None:
    found = change_point(values, np.arange(len(values)))
    assert found.margin >= 0.0
    for low, day, high in zip(found.lower, found.days, found.upper, strict=True):
        assert 0 <= low <= day <= high < len(values)
    expected = {"constant": {1}, "step": {2}, "steps": {3, 4, 5}, "ramp": {2}}
    assert len(found.levels) in expected[found.likely]


@settings(max_examples=20)
@given(arrays(np.float64, st.integers(0, 40), elements=FINITE | st.just(np.nan)))
def test_bounds_hold_what_is_expected(values) -> None:
    found = expected_series(values, np.arange(len(values)))
    known = found.reason == np.array(None)
    assert np.all(found.lower[known] <= found.expected[known])
    assert np.all(found.expected[known] <= found.upper[known])
    assert np.all((found.p_value[known] >= 0) & (found.p_value[known] <= 1))
    assert np.isnan(found.p_value[~known]).all()


@settings(max_examples=30)
@given(
    arrays(np.int64, WINDOWS, elements=st.integers(0, 500)),
    arrays(np.float64, WINDOWS, elements=st.floats(-5.0, 5.0)),
    st.floats(1.0, 30.0),
)
def test_windows_only_ever_give_up_their_oldest_blocks(count, mean, effect) -> None:
    total, squares = count * mean, count * (mean**2 + 1.0)
    found = adaptive_windows(count, total, squares, design_effect=effect)
    assert np.all(np.diff(found.start) >= 0)
    assert np.all(found.start <= np.arange(WINDOWS))
    assert np.array_equal(found.cut, np.diff(found.start, prepend=0) > 0)
