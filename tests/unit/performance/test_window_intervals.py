"""Many windows at once say what ``intervals`` says of each."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from modelwatch.stats.performance.intervals import changes, intervals
from modelwatch.stats.performance.window_intervals import (
    COSTLY,
    WindowChanges,
    WindowValues,
    window_changes,
    window_values,
)
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binning import fit_numeric
from modelwatch.stats.states.score_tally import ScoreBatch, ScorePlan, ScoreTally
from naive_scores import score_states

SPANS = np.array([[0, 12], [3, 4], [4, 8], [2, 2]])
REFERENCE = np.array([[0, 5]])


@pytest.fixture(scope="module")
def days() -> BinaryStates:
    """Twelve days of a model whose scores drift from day to day; the last has no label."""
    random = np.random.default_rng(4)
    binning = fit_numeric(random.random(2000), 0.0, 1.0, bins=40)
    day = np.repeat(np.arange(12), 150)
    score = np.clip(random.beta(2, 4, len(day)) + random.normal(0, 0.05, 12)[day], 0, 1)
    label = (random.random(len(day)) < score) + 1
    label[(random.random(len(day)) < 0.1) | (day == 11)] = 0
    tally = ScoreTally(ScorePlan("binary", binning))
    tally.add(
        ScoreBatch(
            rows=len(day),
            keys=[(d, d, "v") for d in range(12)],
            slots=day,
            decision=(score >= 0.4).astype(int),
            label=label,
            score=score,
            score_nulls=None,
            target=None,
            interval=None,
            age=np.where(label > 0, 1, -1),
            segments=[],
            slices=[],
            values=[],
        )
    )
    states = sorted(
        ((key.day, state) for key, state in score_states(tally) if key.kind == "binary"),
        key=lambda found: found[0],
    )
    counts = np.stack([state.counts for _, state in states])
    sums = np.stack([state.sums for _, state in states if state.sums is not None])
    return BinaryStates.of(binning, counts, sums)


@pytest.fixture(scope="module")
def found(days: BinaryStates) -> WindowValues:
    return window_values(days, SPANS)


@pytest.fixture(scope="module")
def changed(days: BinaryStates, found: WindowValues) -> WindowChanges:
    return window_changes(found, window_values(days, REFERENCE))


@pytest.mark.parametrize("window", range(len(SPANS)))
def test_values_and_intervals_are_those_of_single_windows(
    days: BinaryStates, found: WindowValues, window: int
) -> None:
    single = intervals(days.take(np.arange(*SPANS[window])))
    for at, key in enumerate(found.keys):
        wanted = single[key]
        assert found.value[window, at] == pytest.approx(wanted.value, nan_ok=True)
        assert found.lower[window, at] == pytest.approx(wanted.lower, nan_ok=True), key
        assert found.upper[window, at] == pytest.approx(wanted.upper, nan_ok=True), key
        if key not in COSTLY:
            assert found.iid_lower[window, at] == pytest.approx(wanted.iid_lower, nan_ok=True)


@pytest.mark.parametrize("window", range(len(SPANS)))
def test_changes_are_those_of_single_windows(
    days: BinaryStates, found: WindowValues, changed: WindowChanges, window: int
) -> None:
    one, other = (days.take(np.arange(*span)) for span in (SPANS[window], REFERENCE[0]))
    single = changes(one, other)
    for at, key in enumerate(found.keys):
        if key in COSTLY:
            continue  # a window of few days borrows what costly metrics don't have
        wanted = single[key]
        assert changed.value[window, at] == pytest.approx(wanted.value, nan_ok=True)
        assert changed.lower[window, at] == pytest.approx(wanted.lower, nan_ok=True), key
        assert changed.p_value[window, at] == pytest.approx(wanted.p_value, nan_ok=True), key


def test_a_window_without_rows_is_undefined_with_its_reason(found: WindowValues) -> None:
    assert np.isnan(found.value[3]).all()
    assert all(reason is not None for reason in found.reason[3])


@pytest.mark.parametrize("reference", [(0, 1), (0, 2)])
def test_a_reference_of_a_day_or_two_is_judged_by_an_assumed_design_effect(
    days: BinaryStates, reference: tuple[int, int]
) -> None:
    spans = np.array([reference], dtype=np.int64)
    before = window_values(days, spans, ["accuracy"])
    after = window_values(days, np.array([[2, 4]], dtype=np.int64), ["accuracy"])
    assert np.isnan(window_changes(after, before).p_value).all()
    found = window_changes(after, before, assumed_design_effect=10.0)
    variance = 10.0 * (after.iid_variance + before.iid_variance)
    t = np.abs(found.value) / np.sqrt(variance)
    np.testing.assert_allclose(found.p_value, 2.0 * stats.t(4).sf(t))
