"""States of categorical features merge by addition, whatever the rows and however they are cut."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.stats.states.categorical import MAX_UNSEEN, CategoricalStates, categorical_stack
from modelwatch.stats.states.distinct import hash_of_text
from samples import categorical_binning, categorical_state, categorical_states

BINNING = categorical_binning(["a", "a", "a", "b", "b", "", "c", "d"], max_values=3)
values = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "d", ""]), st.text(max_size=3))
rows = st.lists(values, max_size=40)


def assert_equal(first: CategoricalStates, second: CategoricalStates) -> None:
    np.testing.assert_array_equal(first.counts, second.counts)
    np.testing.assert_array_equal(first.length_sum, second.length_sum)
    np.testing.assert_array_equal(first.length_min, second.length_min)
    np.testing.assert_array_equal(first.length_max, second.length_max)
    assert first.unseen == second.unseen


def whole(parts: list[list[str | None]]) -> CategoricalStates:
    return categorical_states(BINNING, parts).roll_up(np.array([[0, len(parts)]]))


@given(st.lists(rows, min_size=1, max_size=6))
def test_the_sum_of_batches_is_the_state_of_all_rows(parts) -> None:
    together = [value for part in parts for value in part]
    assert_equal(whole(parts), categorical_state(BINNING, together))


@given(st.lists(rows, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_batches_and_rows_does_not_matter(parts, random) -> None:
    shuffled = [random.sample(part, len(part)) for part in random.sample(parts, len(parts))]
    assert_equal(whole(parts), whole(shuffled))


@given(rows, rows, rows)
def test_merging_is_associative(a, b, c) -> None:
    stack = categorical_states(BINNING, [a, b, c])
    left = categorical_stack([stack.roll_up(np.array([[0, 2]])), stack.take(np.array([2]))])
    right = categorical_stack([stack.take(np.array([0])), stack.roll_up(np.array([[1, 3]]))])
    both = np.array([[0, 2]])
    assert_equal(left.roll_up(both), right.roll_up(both))


@given(rows)
def test_the_state_of_no_rows_changes_nothing(a) -> None:
    assert_equal(whole([a, []]), whole([a]))


@given(rows)
def test_every_row_falls_in_exactly_one_bin(a) -> None:
    assert categorical_state(BINNING, a).rows[0] == len(a)


@given(st.lists(st.integers(0, 400), max_size=800), st.integers(1, 7))
def test_many_unseen_values_keep_exact_counts_of_the_same_values(numbers, parts) -> None:
    texts = [f"new {k}" for k in numbers]
    cut = [texts[i::parts] for i in range(parts)]
    kept = whole(cut).unseen[0]
    expected = Counter(texts)
    smallest = sorted(expected, key=hash_of_text)[:MAX_UNSEEN]
    assert kept == {value: expected[value] for value in smallest}


def test_states_of_different_bins_refuse_to_merge() -> None:
    other = categorical_binning(["a"])
    with pytest.raises(ValueError, match="different binnings"):
        categorical_stack([categorical_state(BINNING, ["a"]), categorical_state(other, ["a"])])
