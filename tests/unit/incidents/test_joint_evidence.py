"""P-values of several windows together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import combine_pvalues

from modelwatch.model.incidents.joint_evidence import combined_p


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=8))
def test_combined_p_values_are_those_of_scipy(p_values: list[float]) -> None:
    assert combined_p(p_values) == pytest.approx(combine_pvalues(p_values).pvalue, rel=1e-9)


def test_a_p_value_of_zero_is_no_error() -> None:
    assert combined_p([0.0, 0.5]) < 1e-100
