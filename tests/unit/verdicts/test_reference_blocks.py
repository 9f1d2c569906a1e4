"""Days of the reference as they would look, had they been no part of it."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.verdicts.reference_blocks import as_if_fresh
from samples import categorical_binning, categorical_states, numeric_binning, numeric_states


def test_a_value_that_the_rest_never_held_is_unseen() -> None:
    binning = categorical_binning(["a", "b", "c"])
    days = categorical_states(binning, [["a", "b", "c", "c"]])
    rest = categorical_states(binning, [["a", "a", "b"]])
    found = as_if_fresh(days, rest)
    assert found.unseen_rows.tolist() == [2]
    assert found.rows.tolist() == days.rows.tolist()


def test_a_null_stays_a_null() -> None:
    binning = categorical_binning(["a"])
    days = categorical_states(binning, [[None, "a"]])
    rest = categorical_states(binning, [["a"]])
    assert as_if_fresh(days, rest).nulls.tolist() == [1]


def test_some_of_the_rare_values_would_be_new() -> None:
    values = [f"value {i:03}" for i in range(100)]
    binning = categorical_binning(values, max_values=10)
    days = categorical_states(binning, [values])
    often, once = (categorical_states(binning, [values * times]) for times in (99, 1))
    assert as_if_fresh(days, often).unseen_rows[0] == 1
    assert as_if_fresh(days, once).unseen_rows[0] == 45


def test_numbers_look_the_same() -> None:
    states = numeric_states(numeric_binning([1.0, 2.0]), [[1.0], [2.0]])
    np.testing.assert_array_equal(as_if_fresh(states, states).counts, states.counts)
