"""Intervals of many windows at once are those of each window alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwatch.stats.performance.intervals import changes, intervals
from modelwatch.stats.performance.window_intervals import window_changes, window_values
from performance_samples import binary_states
from samples import numeric_binning

TENTHS = numeric_binning([k / 10 for k in range(11)])
SPANS = np.array([[0, 6], [2, 6], [5, 6], [3, 3], [0, 12], [6, 12]], dtype=np.int64)
rows = st.tuples(
    st.sampled_from([k / 10 for k in range(11)]),
    st.integers(-1, 1),
    st.integers(0, 2),
    st.integers(0, 11),
)
fewer = settings(max_examples=15)


def twelve_days(table):
    held = [*table, (0.5, 1, 0, 11)]
    score, decision, label, day = (np.array(column) for column in zip(*held, strict=True))
    return binary_states(TENTHS, score, decision, label, day)


def same(found: float, expected: float, name: str) -> None:
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9, nan_ok=True), name


@fewer
@given(table=st.lists(rows, min_size=30, max_size=200))
def test_windows_have_the_intervals_of_their_days(table) -> None:
    days = twelve_days(table)
    found = window_values(days, SPANS)
    for w, (start, stop) in enumerate(SPANS):
        alone = intervals(days.take(np.arange(start, stop)))
        for m, key in enumerate(found.keys):
            for name in ("value", "lower", "upper"):
                same(getattr(found, name)[w, m], getattr(alone[key], name), f"{key} {name}")
            assert found.days[w, m] == alone[key].days


@fewer
@given(table=st.lists(rows, min_size=30, max_size=200))
def test_windows_change_as_each_does(table) -> None:
    days = twelve_days(table)
    keys = ("accuracy", "f1", "roc_auc", "brier", "selection_rate")
    windows = window_values(days, SPANS, keys)
    reference = window_values(days, np.array([[6, 12]], dtype=np.int64), keys)
    found = window_changes(windows, reference)
    for w, (start, stop) in enumerate(SPANS):
        alone = changes(days.take(np.arange(start, stop)), days.take(np.arange(6, 12)), keys)
        for m, key in enumerate(keys):
            for name in ("value", "lower", "upper", "p_value"):
                same(getattr(found, name)[w, m], getattr(alone[key], name), f"{key} {name}")
