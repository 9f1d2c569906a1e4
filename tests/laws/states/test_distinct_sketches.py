"""Sketches of distinct values merge to the sketch of the union."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.stats.states.distinct import (
    SIZE,
    estimate,
    hashes_of_doubles,
    merged,
    smallest,
)

hashes = st.lists(st.integers(0, 2**64 - 1), max_size=60).map(lambda v: np.array(v, np.uint64))


@given(hashes, hashes)
def test_merging_is_commutative_and_gives_the_union(a, b) -> None:
    union = smallest(np.concatenate([a, b]), 16)
    np.testing.assert_array_equal(merged(smallest(a, 16), smallest(b, 16), 16), union)
    np.testing.assert_array_equal(merged(smallest(b, 16), smallest(a, 16), 16), union)


@given(hashes, hashes, hashes)
def test_merging_is_associative(a, b, c) -> None:
    first = merged(merged(a, b, 16), c, 16)
    np.testing.assert_array_equal(first, merged(a, merged(b, c, 16), 16))


@given(hashes)
def test_merging_with_itself_or_with_nothing_changes_nothing(a) -> None:
    sketch = smallest(a, 16)
    np.testing.assert_array_equal(merged(sketch, sketch, 16), sketch)
    np.testing.assert_array_equal(merged(sketch, sketch[:0], 16), sketch)


@given(st.lists(st.floats(allow_nan=False), max_size=250))
def test_up_to_255_values_are_counted_exactly(values) -> None:
    assert estimate(smallest(hashes_of_doubles(np.array(values, dtype=float)))) == len(set(values))


@pytest.mark.parametrize("step", [1.0, 0.1, 2.0**-40, 1e6, 86_400e6])
@pytest.mark.parametrize("size", [1_000, 30_000, 500_000])
def test_estimates_of_regular_values_lie_within_four_standard_errors(size, step) -> None:
    found = estimate(smallest(hashes_of_doubles(np.arange(size) * step)))
    assert abs(found / size - 1.0) < 4 / np.sqrt(SIZE - 2)
