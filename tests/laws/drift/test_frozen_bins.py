"""Frozen bins hold every double there is, whatever reference they were fitted on."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.stats.drift.statistics import Comparison, drift
from modelwatch.stats.states.binning import labels_of
from samples import categorical_binning, numeric_binning, numeric_state

EDGE_CASES = [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, 1.7976931348623157e308, np.inf, -np.inf]
INTEGERS = [float(2**53), float(2**53 + 2), float(2**63), float(-(2**63)), 1e-308, -999.0]
doubles = st.one_of(st.floats(width=64), st.sampled_from(EDGE_CASES + INTEGERS))
references = st.lists(doubles, max_size=80)


@given(references, st.lists(doubles, max_size=40), st.sampled_from([2, 20, 200]))
def test_every_double_falls_in_exactly_one_bin(reference, values, bins) -> None:
    binning = numeric_binning(reference, bins)
    counts = binning.counts_of(np.array(values, dtype=np.float64), nulls=3)
    assert counts.sum() == len(values) + 3
    expected = np.zeros_like(counts)
    expected[0] = 3
    for value in values:
        expected[1 if np.isnan(value) else 2 + binning.bin_of(value)] += 1
    np.testing.assert_array_equal(counts, expected)


@given(references, doubles)
def test_the_bin_of_a_value_has_edges_around_it(reference, value) -> None:
    binning = numeric_binning(reference)
    if np.isnan(value):
        return
    at = binning.bin_of(value)
    assert binning.edges[at] <= value
    assert value < binning.upper_edges[at] or value == np.inf


@given(references)
def test_zero_infinities_and_special_values_have_bins_of_their_own(reference) -> None:
    binning = numeric_binning(reference, special=(-999.0, 1e6))
    assert all(binning.has_own_bin(v) for v in (0.0, np.inf, -np.inf, -999.0, 1e6))


@given(references)
def test_the_same_reference_gives_the_same_bins_in_any_order(reference) -> None:
    assert numeric_binning(reference).fingerprint == numeric_binning(reference[::-1]).fingerprint


@given(references)
def test_scale_is_a_positive_power_of_two(reference) -> None:
    mantissa, _ = np.frexp(numeric_binning(reference).scale)
    assert mantissa == 0.5


@given(doubles.filter(np.isfinite), doubles.filter(np.isfinite))
def test_a_constant_reference_sees_every_change(constant, other) -> None:
    binning = numeric_binning([constant] * 50)
    comparison = Comparison(
        numeric_state(binning, [other] * 50), numeric_state(binning, [constant] * 50)
    )
    moved = {key: drift(comparison)[key].value[0] for key in ("psi", "jensen_shannon", "ks")}
    assert all(value > 0 for value in moved.values()) == (constant != other)


@given(st.lists(st.none() | st.text(max_size=4), max_size=40), st.integers(1, 5))
def test_categorical_bins_label_every_position(values, max_values) -> None:
    binning = categorical_binning(values, max_values)
    assert len(labels_of(binning)) == binning.length
