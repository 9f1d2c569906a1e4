"""Laws of corrected p-values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelwatch.stats.verdicts.multiplicity import CORRECTIONS, adjusted

P_VALUES = arrays(
    np.float64, st.integers(0, 30), elements=st.floats(0.0, 1.0) | st.just(float("nan"))
)


@given(P_VALUES, st.sampled_from(CORRECTIONS))
def test_a_correction_never_makes_anything_surer(p, correction) -> None:
    found = adjusted(p, correction)
    known = ~np.isnan(p)
    assert np.all(found[known] >= p[known] * (1 - 1e-12))
    assert np.all(found[known] <= 1.0)
    assert np.isnan(found[~known]).all()


@given(P_VALUES, st.sampled_from(CORRECTIONS))
def test_a_correction_keeps_the_order(p, correction) -> None:
    known = ~np.isnan(p)
    found = adjusted(p, correction)[known][np.argsort(p[known])]
    assert np.all(np.diff(found) >= 0)


@given(P_VALUES, st.sampled_from(CORRECTIONS))
def test_what_is_unknown_is_no_comparison(p, correction) -> None:
    known = ~np.isnan(p)
    np.testing.assert_array_equal(adjusted(p, correction)[known], adjusted(p[known], correction))


@given(P_VALUES)
def test_benjamini_yekutieli_is_never_surer_than_benjamini_hochberg(p) -> None:
    known = ~np.isnan(p)
    strict = adjusted(p, "benjamini_yekutieli")[known]
    assert np.all(strict >= adjusted(p, "benjamini_hochberg")[known] * (1 - 1e-12))


def test_one_comparison_needs_no_correction() -> None:
    for correction in CORRECTIONS:
        assert adjusted(np.array([0.03]), correction).tolist() == [0.03]


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_a_probability_lies_between_0_and_1(p) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjusted(np.array([p]))


def test_an_unknown_correction_is_refused() -> None:
    with pytest.raises(ValueError, match="benjamini_hochberg"):
        adjusted(np.array([0.1]), "bonferroni")  # type: ignore[arg-type]
