"""P-values of several windows together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import combine_pvalues

from modelwatch.model.incidents.episodes import combined_p, fail_together
from modelwatch.model.verdicts.row import VerdictRow
from verdict_rows import row


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=8))
def test_combined_p_values_are_those_of_scipy(p_values: list[float]) -> None:
    assert combined_p(p_values) == pytest.approx(combine_pvalues(p_values).pvalue, rel=1e-9)


def test_a_p_value_of_zero_is_no_error() -> None:
    assert combined_p([0.0, 0.5]) < 1e-100


def near(number: int, comparisons: int) -> VerdictRow:
    """A metric beyond its threshold, which among many comparisons is almost no chance."""
    return row(number, 2.0, p_value=0.002, adjusted_p=0.2, comparisons=comparisons, verdict="pass")


def test_a_metric_near_its_level_beside_a_failing_one_is_corrected_once_combined() -> None:
    failing = row(1, 2.0, p_value=1e-5, adjusted_p=0.01, comparisons=100)
    assert combined_p([0.01, 0.2]) > 0.05**2
    assert fail_together([[failing], [near(2, comparisons=100)]])


def test_a_metric_near_its_level_is_chance_among_very_many() -> None:
    failing = row(1, 2.0, p_value=1e-5, adjusted_p=0.01, comparisons=20_000)
    assert not fail_together([[failing], [near(2, comparisons=20_000)]])


def test_windows_of_which_none_fails_do_not_fail_together() -> None:
    assert not fail_together([[near(1, comparisons=1)], [near(2, comparisons=1)]])
