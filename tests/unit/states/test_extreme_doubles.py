"""Doubles of any size have the moments that exact arithmetic gives, and nothing warns of them."""

from __future__ import annotations

import logging
import warnings
from fractions import Fraction
from math import sqrt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.library_warnings import warnings_to_log
from modelwatch.stats.states.moments import in_scales
from modelwatch.stats.states.numeric import numeric_stack
from modelwatch.stats.states.pairs import STEPS, standardised
from modelwatch.stats.verdicts.chance import chance_models
from profiled_columns import fitted, profile_of, stack_of, state_of

LARGEST = float(np.finfo(np.float64).max)
LEAST = 5e-324


def moments(values: list[float]) -> tuple[float, float]:
    """Mean and standard deviation in exact arithmetic; the root to the digits of a double."""
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    variance = sum((value - mean) ** 2 for value in exact) / (len(exact) - 1)
    size = max(abs(value) for value in exact) or Fraction(1)
    return float(mean), float(Fraction(sqrt(variance / size**2)) * size)


COLUMNS = {
    "largest of both signs": [LARGEST if k % 2 else -LARGEST / 2 for k in range(60)],
    "1.7e308 of both signs": [1.7e308 if k % 2 else -1.7e308 for k in range(60)],
    "largest in a row": [LARGEST * (1 - k / 100) for k in range(60)],
    "1e300": [1e300 * (1 + k) for k in range(60)],
    "1e-122": [1e-122 * (3 + k) for k in range(60)],
    "1e-200": [1e-200 * k for k in range(60)],
    "1e-300": [-1e-300 * k for k in range(60)],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_moments_of_extreme_doubles_are_exact(values: list[float]) -> None:
    column = pa.array(values, pa.float64())
    binning = fitted(column, None)
    found = profile_of(state_of(column, binning), binning)
    mean, sd = moments(values)
    assert found["mean"][0] == pytest.approx(mean, rel=1e-9, abs=sd * 1e-9)
    assert found["sd"][0] == pytest.approx(sd, rel=1e-6, abs=0)
    assert found["distinct"][0] == len(set(values))
    assert "equal" not in str(found["skewness"][2])


@pytest.mark.filterwarnings("error")
def test_subnormal_doubles_have_moments_as_near_as_doubles_are() -> None:
    values = [LEAST * k for k in range(60)]
    column = pa.array(values, pa.float64())
    binning = fitted(column, None)
    found = profile_of(state_of(column, binning), binning)
    mean, sd = moments(values)
    assert abs(found["mean"][0] - mean) <= LEAST and abs(found["sd"][0] - sd) <= LEAST
    assert found["distinct"][0] == 60 and found["sd"][0] > 0


@pytest.mark.filterwarnings("error")
def test_a_deviation_that_no_double_holds_is_undefined() -> None:
    values = [LARGEST if k % 2 else -LARGEST for k in range(60)]
    column = pa.array(values, pa.float64())
    binning = fitted(column, None)
    found = profile_of(state_of(column, binning), binning)
    assert found["mean"][0] == pytest.approx(0.0, abs=LARGEST * 1e-12)
    assert np.isnan(found["sd"][0]) and found["sd"][2] is not None
    assert found["distinct"][0] == 2 and "equal" not in str(found["skewness"][2])


@pytest.mark.filterwarnings("error")
def test_values_nearer_than_the_frozen_scale_resolves_are_not_called_equal() -> None:
    binning = fitted(pa.array([float(k) for k in range(1000)]), None)
    found = profile_of(state_of(pa.array([7.0, 7.0 + 1e-12] * 30), binning), binning)
    assert found["distinct"][0] == 2
    assert np.isnan(found["sd"][0]) and "too close together" in str(found["sd"][2])
    assert "too close together" in str(found["skewness"][2])


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-1074, 1023),
)
def test_distances_in_scales_are_those_of_exact_arithmetic(
    values: list[float], center: float, exponent: int
) -> None:
    scale = 2.0**exponent
    out = np.empty(len(values))
    with np.errstate(all="ignore"):
        found = in_scales(np.array(values), center, scale, 20, out)
    for value, one in zip(values, found.tolist(), strict=True):
        exact = (Fraction(value) - Fraction(center)) / Fraction(scale) * 2**20
        if abs(exact) < 2**1000 and abs(Fraction(value) - Fraction(center)) < Fraction(LARGEST):
            assert abs(Fraction(one) - exact) <= abs(exact) * Fraction(1, 2**52) + Fraction(
                1, 2**900
            )


@pytest.mark.filterwarnings("error")
def test_standardised_values_are_clipped_whatever_their_size() -> None:
    values = np.array([LARGEST, -LARGEST, 0.0, LEAST])
    for scale in (2.0**-1074, 1.0, 2.0**1023):
        steps = standardised(values, 0.0, scale)
        assert np.isfinite(steps).all() and np.abs(steps).max() <= 8 * STEPS


def test_warnings_of_libraries_go_to_the_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG, "modelwatch"), warnings_to_log():
        warnings.simplefilter("always")
        np.array([1.0]) / np.array([0.0])
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert capfd.readouterr().err == ""
    assert "divide by zero" in caplog.text and "DeprecationWarning: old" in caplog.text


JUDGED = {
    **{name: (pa.array(values, pa.float64()), None) for name, values in COLUMNS.items()},
    "subnormal": (pa.array([LEAST * k for k in range(60)], pa.float64()), None),
    "longs": (pa.array([2**62 + k for k in range(60)], pa.int64()), 0),
    "both ends": (pa.array([k - 2**63 if k % 2 else 2**63 - 1 - k for k in range(60)]), 0),
}


@pytest.mark.parametrize(("column", "digits"), JUDGED.values(), ids=JUDGED)
def test_extreme_numbers_are_compared_and_judged(column: pa.Array, digits: int | None) -> None:
    binning = fitted(column, digits)
    day = stack_of(state_of(column, binning), binning)
    days = numeric_stack([day] * 14)
    reference = days.roll_up(np.array([[0, 14]]))
    with np.errstate(all="ignore"):
        found = drift(Comparison(day, reference))
        models = chance_models(days, np.arange(14), DEFAULT_THRESHOLDS, 10.0)
    assert found["psi"].value[0] == pytest.approx(0.0, abs=0.1)
    assert not np.isinf([metric.value[0] for metric in found.values()]).any()
    assert models
