"""States of numeric features merge by addition, whatever the rows and however they are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.stats.states.numeric import NumericStates, numeric_stack
from samples import numeric_binning, numeric_state, numeric_states

AWKWARD = [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, 1e300, 2.0**53 + 2, -999.0, 1e-300]
REFERENCE = [0.0, 0.1, 0.25, 1.0, 1.5, 2.0, 7.0, -3.0] * 5 + [k / 64 for k in range(300)]
doubles = st.one_of(st.floats(width=64), st.sampled_from(AWKWARD), st.floats(-5, 5))
rows = st.lists(st.none() | doubles, max_size=60)
BINNING = numeric_binning(REFERENCE, special=(-999.0,))


def assert_equal(first: NumericStates, second: NumericStates) -> None:
    np.testing.assert_array_equal(first.counts, second.counts)
    np.testing.assert_array_equal(first.sums, second.sums)
    np.testing.assert_array_equal(first.minimum, second.minimum)
    np.testing.assert_array_equal(first.maximum, second.maximum)


def whole(parts: list[list[float | None]]) -> NumericStates:
    return numeric_states(BINNING, parts).roll_up(np.array([[0, len(parts)]]))


@given(st.lists(rows, min_size=1, max_size=6))
def test_the_sum_of_batches_is_the_state_of_all_rows(parts: list[list[float | None]]) -> None:
    together = [value for part in parts for value in part]
    assert_equal(whole(parts), numeric_state(BINNING, together))


@given(st.lists(rows, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_batches_and_rows_does_not_matter(parts, random) -> None:
    shuffled = [random.sample(part, len(part)) for part in random.sample(parts, len(parts))]
    assert_equal(whole(parts), whole(shuffled))


@given(rows, rows, rows)
def test_merging_is_associative(a, b, c) -> None:
    stack = numeric_states(BINNING, [a, b, c])
    left = numeric_stack([stack.roll_up(np.array([[0, 2]])), stack.take(np.array([2]))])
    right = numeric_stack([stack.take(np.array([0])), stack.roll_up(np.array([[1, 3]]))])
    both = np.array([[0, 2]])
    assert_equal(left.roll_up(both), right.roll_up(both))


@given(rows)
def test_the_state_of_no_rows_changes_nothing(a) -> None:
    assert_equal(whole([a, []]), whole([a]))


@given(st.lists(rows, min_size=1, max_size=5), st.data())
def test_every_span_is_the_state_of_its_rows(parts, data) -> None:
    start = data.draw(st.integers(0, len(parts)))
    stop = data.draw(st.integers(start, len(parts)))
    rolled = numeric_states(BINNING, parts).roll_up(np.array([[start, stop]]))
    together = [value for part in parts[start:stop] for value in part]
    assert_equal(rolled, numeric_state(BINNING, together))


@given(rows, rows)
def test_counts_of_all_less_those_of_a_part_are_those_of_the_rest(a, b) -> None:
    rest = whole([a, b]).counts - numeric_state(BINNING, a).counts
    np.testing.assert_array_equal(rest, numeric_state(BINNING, b).counts)


@given(rows)
def test_every_row_falls_in_exactly_one_bin(a) -> None:
    assert numeric_state(BINNING, a).rows[0] == len(a)


def test_states_of_different_bins_refuse_to_merge() -> None:
    other = numeric_binning([1.0, 2.0])
    with pytest.raises(ValueError, match="different binnings"):
        numeric_stack([numeric_state(BINNING, [1.0]), numeric_state(other, [1.0])])
