"""What is computed of many windows, statistics or levels at once is that of each one alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.stats.arrays import maxima_over_spans, minima_over_spans, sums_over_spans
from modelwatch.stats.profile.quantiles import quantiles
from modelwatch.stats.verdicts.null_distribution import p_values
from modelwatch.stats.verdicts.null_model import null_models
from samples import numeric_binning, numeric_states

RANDOM = np.random.default_rng(5)
extremes = st.lists(st.one_of(st.just(float("nan")), st.floats(-9.0, 9.0)), max_size=12)


@given(extremes, st.data())
def test_extremes_of_spans_are_those_of_their_values(held, data) -> None:
    values = np.array(held, dtype=np.float64)
    place = st.integers(0, len(values))
    pairs = data.draw(st.lists(st.tuples(place, place).map(sorted), max_size=6))
    spans = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    known = [[v for v in held[a:b] if v == v] for a, b in pairs]
    least = [min(one, default=np.nan) for one in known]
    greatest = [max(one, default=np.nan) for one in known]
    np.testing.assert_array_equal(minima_over_spans(values, spans), least)
    np.testing.assert_array_equal(maxima_over_spans(values, spans), greatest)


@pytest.mark.parametrize("spans", [[[2, 5]], [[0, 7], [3, 3], [2, 5]]])
def test_sums_of_spans_are_those_of_their_rows(spans: list[list[int]]) -> None:
    stack = RANDOM.integers(0, 100, size=(7, 3))
    expected = [stack[start:stop].sum(axis=0) for start, stop in spans]
    np.testing.assert_array_equal(sums_over_spans(stack, np.array(spans)), expected)


def test_several_quantiles_at_once_are_those_of_each_level() -> None:
    rows = [RANDOM.normal(size=size).tolist() for size in (0, 1, 2, 50, 400)]
    states = numeric_states(numeric_binning(rows[-1], bins=30), rows)
    levels = (0.0, 0.01, 0.25, 0.5, 0.99, 1.0)
    each = np.stack([quantiles(states, [level])[:, 0] for level in levels], axis=1)
    np.testing.assert_array_equal(quantiles(states, levels), each)
    alone = np.concatenate([quantiles(states.take(np.array([i])), levels) for i in range(5)])
    np.testing.assert_array_equal(quantiles(states, levels), alone)


def test_p_values_of_several_statistics_are_those_of_each_model() -> None:
    # Every seventh day lies apart, so that some statistics differ by weekday.
    days = [RANDOM.normal(5.0 * (k % 7 == 0), 1.0, size=60).tolist() for k in range(42)]
    states = numeric_states(numeric_binning([v for day in days for v in day], bins=20), days)
    keys = ("psi", "mean_change_in_sd", "sd_log_ratio", "null_share_change", "ks", "hellinger")
    models = list(null_models(states, np.arange(42), keys).values())
    assert len({model.seasonal for model in models}) == 2
    values = RANDOM.uniform(0.0, 0.5, size=(len(models), 8))
    values[0, 3] = np.nan
    of = (np.array([1] * 6 + [7, 30]), np.array([*range(6), -1, -1]), np.full(8, 90), 2_520)
    together = p_values(models, values, *of)
    alone = [model.p_values(one, *of) for model, one in zip(models, values, strict=True)]
    np.testing.assert_array_equal(together, alone)
    assert np.isnan(together[0, 3])
    assert np.isfinite(np.delete(together.ravel(), 3)).all()
