"""Moments of power sums are those of exact fractions, also far from the reference."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.stats.states.moments import Moments
from samples import numeric_binning, numeric_state

REFERENCE = [k / 16 for k in range(-200, 200)]
STEP = numeric_binning(REFERENCE).scale * 2.0**-20
near = st.lists(st.floats(-50, 50).map(lambda v: round(v, 6)), min_size=2, max_size=60)


def moments(rows: list[float], special: tuple[float, ...] = ()) -> Moments:
    return numeric_state(numeric_binning(REFERENCE, special=special), rows).moments


def exact(rows: list[float]) -> tuple[float, float, float]:
    values = [Fraction(v) for v in rows]
    n = len(values)
    mean = sum(values) / n
    second = sum((v - mean) ** 2 for v in values) / n
    third = sum((v - mean) ** 3 for v in values) / n
    spread = math.sqrt(second)
    sd = math.sqrt(second * n / (n - 1))
    return float(mean), sd, float(third) / spread**3 if spread else math.nan


@given(near)
def test_moments_are_those_of_fractions(rows) -> None:
    found, (mean, sd, skewness) = moments(rows), exact(rows)
    assert found.mean[0] == pytest.approx(mean, rel=1e-11, abs=1e-11)
    # Rows that differ by less than a step of the fixed point have a deviation that is not known.
    if 0.0 < max(rows) - min(rows) < STEP and np.isnan(found.sd[0]):
        return
    assert found.sd[0] == pytest.approx(sd, rel=1e-6, abs=1e-4)
    if sd > 1.0:
        assert found.sd[0] == pytest.approx(sd, rel=1e-9)
        assert found.skewness[0] == pytest.approx(skewness, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e-6])
def test_a_change_of_units_keeps_its_moments(factor: float) -> None:
    rows = [v * factor for v in REFERENCE[::3]] + [factor * 40.0]
    found, (mean, sd, skewness) = moments(rows), exact(rows)
    assert found.mean[0] == pytest.approx(mean, rel=1e-9, abs=1e-12)
    assert found.sd[0] == pytest.approx(sd, rel=1e-9, abs=STEP)
    if 1 < factor < 1e6:
        assert found.skewness[0] == pytest.approx(skewness, rel=1e-6)


def test_values_beyond_the_fixed_point_leave_moments_undefined_and_never_wrong() -> None:
    found = moments([1.0, 2.0, 1e300])
    assert np.isnan([found.mean[0], found.sd[0], found.skewness[0]]).all()


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(2, 9))
def test_equal_values_have_no_spread(value, rows) -> None:
    found = moments([value] * rows)
    assert found.sd[0] == 0.0 or np.isnan(found.sd[0])
    assert np.isnan(found.skewness[0])


@given(near, st.integers(0, 20))
def test_special_values_are_no_part_of_the_moments(rows, times) -> None:
    special = (-999.0, 12345.678)
    plain, mixed = moments(rows, special), moments(rows + [*special] * times, special)
    assert plain.mean[0] == mixed.mean[0]
    assert plain.sd[0] == pytest.approx(mixed.sd[0], rel=1e-9, abs=1e-5)
    assert plain.count[0] == mixed.count[0]


def test_a_mean_of_integers_is_exact() -> None:
    found = moments([float(k) for k in range(1, 1001)])
    assert found.mean[0] == 500.5


def test_no_values_have_no_moments() -> None:
    found = moments([])
    assert np.isnan([found.mean[0], found.sd[0], found.skewness[0]]).all()


@pytest.mark.parametrize("factor", [1.0, 1.00001, 1.001, 1.5])
def test_a_deviation_is_right_or_undefined_however_far_the_mean_has_moved(factor: float) -> None:
    random = np.random.default_rng(3)
    binning = numeric_binning((5.0 + 1e-9 * random.normal(size=500)).tolist())
    values = factor * (5.0 + 1e-9 * random.normal(size=500))
    found = numeric_state(binning, values.tolist()).moments
    exact = float(np.std(values.astype(np.longdouble), ddof=1))
    assert np.isnan(found.sd[0]) or found.sd[0] == pytest.approx(exact, rel=1e-5, abs=0)
    assert found.mean[0] == pytest.approx(values.mean(), rel=1e-12)
    if factor == 1.0:
        assert np.isfinite(found.sd[0])
