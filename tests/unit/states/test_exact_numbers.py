"""Integers and decimals beyond what a double holds keep their differences, counts and moments."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.evaluation.states.batches import exact_numbers_of
from modelwatch.stats.numerals import apart, numerals
from modelwatch.stats.states.distinct import estimate
from modelwatch.stats.states.exact_numbers import (
    NO_OFFSET,
    ExactNumbers,
    double_of,
    doubles_of,
    fitted_offset,
    moved_by,
)
from profiled_columns import fitted, profile_of, state_of

LONGS = st.integers(-(2**63), 2**63 - 1)
WIDE = st.integers(-(10**38) + 1, 10**38 - 1)
BIG = 1_750_000_000_000_000_000


@given(st.lists(LONGS, min_size=1), LONGS)
def test_longs_less_an_offset_are_the_nearest_doubles(longs: list[int], offset: int) -> None:
    numbers = ExactNumbers.of_longs(np.array(longs, dtype=np.int64))
    found, _ = doubles_of(numbers, Decimal(offset))
    expected = [float(Fraction(n - offset)) for n in longs]
    np.testing.assert_allclose(found, expected, rtol=4e-16)
    near = [abs(n - offset) <= 2**53 for n in longs]
    assert all(f == e for f, e, exact in zip(found, expected, near, strict=True) if exact)


@given(st.lists(WIDE, min_size=1), st.integers(0, 38), WIDE)
def test_decimals_less_an_offset_are_doubles_within_a_few_last_places(
    units: list[int], digits: int, offset: int
) -> None:
    with localcontext() as exact:
        exact.prec = 60
        decimals = [Decimal(n).scaleb(-digits) for n in units]
        origin = Decimal(offset).scaleb(-digits)
    column = pa.array(decimals, pa.decimal128(38, digits))
    found, _ = doubles_of(exact_numbers_of(column), origin)
    expected = [float(Fraction(d) - Fraction(origin)) for d in decimals]
    # Numbers that lie farther apart than 128 bits reach are cut there.
    bound = 2.0**127 / 10.0**digits
    expected = [min(max(e, -bound), bound) for e in expected]
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@given(st.lists(LONGS, min_size=1, max_size=40))
def test_different_longs_are_counted_apart_though_they_have_one_double(longs: list[int]) -> None:
    column = pa.array(longs, pa.int64())
    binning = fitted(column, 0)
    assert estimate(state_of(column, binning).sketch) == len(set(longs))


@given(LONGS, st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_at_a_distance_from_the_offset_has_all_of_its_digits(
    offset: int, distance: float
) -> None:
    found = moved_by(distance, Decimal(offset))
    assert Fraction(found) == Fraction(offset) + Fraction(Decimal(repr(distance)))


@given(st.one_of(LONGS, st.integers(-1000, 1000)), LONGS)
def test_a_literal_has_the_double_of_the_value_that_it_names(value: int, offset: int) -> None:
    numbers = ExactNumbers.of_longs(np.array([value], dtype=np.int64))
    origin = Decimal(offset)
    assert double_of(value, origin, 0) == doubles_of(numbers, origin)[0][0]


@pytest.mark.parametrize(
    ("units", "digits", "offset"),
    [
        pytest.param([1, 2, 3], 0, 0, id="small numbers"),
        pytest.param([BIG, BIG + 1, BIG + 2], 0, BIG + 1, id="ids"),
        pytest.param([-(2**62), 0, 2**62], 0, 0, id="hashes, spread over all longs"),
        pytest.param([10**17, 10**17 + 1, 10**17 + 2], 6, 10**11, id="decimals"),
        pytest.param([1234, 5678], 2, 0, id="money"),
    ],
)
def test_an_offset_is_taken_where_doubles_cannot_distinguish_the_bulk(
    units: list[int], digits: int, offset: int
) -> None:
    assert fitted_offset(ExactNumbers.of_integers(units, digits)) == offset


DAYS = {
    "bigint": (pa.array([BIG + k for k in range(60)], pa.int64()), 0, 1),
    "least longs": (pa.array([-(2**63) + k for k in range(60)], pa.int64()), 0, 1),
    "greatest longs": (pa.array([2**63 - 1 - k for k in range(60)], pa.int64()), 0, 1),
    "decimal(38,6)": (
        pa.array([Decimal(BIG + k).scaleb(-6) * 10**6 for k in range(60)], pa.decimal128(38, 6)),
        6,
        1,
    ),
    "decimal(38,6) in units": (
        pa.array([Decimal(10**22 + k).scaleb(-6) for k in range(60)], pa.decimal128(38, 6)),
        6,
        10**6,
    ),
}


@pytest.mark.parametrize(("column", "digits", "per"), DAYS.values(), ids=DAYS)
def test_a_day_of_sixty_large_numbers_has_sixty_values_and_their_moments(
    column: pa.Array, digits: int, per: int
) -> None:
    binning = fitted(column, digits)
    found = profile_of(state_of(column, binning), binning)
    exact = sorted(Fraction(value) for value in column.to_pylist())
    steps = np.array([float((value - exact[0]) * per) for value in exact])
    assert found["distinct"][0] == 60
    assert found["mode_share"][0] == pytest.approx(1 / 60)
    assert found["sd"][0] * per == pytest.approx(np.std(steps, ddof=1), rel=1e-9)
    for key, expected in {"min": exact[0], "max": exact[-1], "q50": exact[29]}.items():
        assert Fraction(str(found[key][1])) == expected
    assert Fraction(str(found["mean"][1])) == pytest.approx(sum(exact) / 60)
    assert float(Fraction(str(found["mean"][1])) - exact[0]) * per == pytest.approx(29.5)
    assert json.loads(str(found["most_frequent"][1]))[0]["value"] == pytest.approx(float(exact[0]))
    assert sum(bar["rows"] for bar in json.loads(str(found["histogram"][1]))) == 60


def test_values_shifted_by_two_thousand_lie_outside_of_the_reference() -> None:
    reference = pa.array([BIG + k for k in range(60)], pa.int64())
    binning = fitted(reference, 0)
    later = state_of(pa.array([BIG + 2000 + k for k in range(60)], pa.int64()), binning)
    found = profile_of(later, binning)
    assert found["mean"][1] == str(Decimal(BIG) + Decimal("2029.5"))
    assert found["sd"][0] == pytest.approx(17.464249196572981)


def test_states_of_several_days_share_the_offset_of_the_frozen_bins_and_add_up() -> None:
    values = [BIG + 7 * k for k in range(600)]
    binning = fitted(pa.array(values[:200], pa.int64()), 0)
    whole = state_of(pa.array(values, pa.int64()), binning)
    parts = [
        state_of(pa.array(values[a:b], pa.int64()), binning)
        for a, b in ((0, 100), (100, 350), (350, 600))
    ]
    merged = parts[2].merge(parts[0]).merge(parts[1])
    assert (merged.counts == whole.counts).all() and (merged.sums == whole.sums).all()
    assert (merged.sketch == whole.sketch).all() and merged.maximum == whole.maximum


def test_bins_of_other_offsets_do_not_add_up() -> None:
    one, other = (
        fitted(pa.array([base + k for k in range(60)], pa.int64()), 0) for base in (BIG, 2 * BIG)
    )
    assert one.fingerprint != other.fingerprint


def test_a_code_among_nanoseconds_does_not_spoil_their_offset() -> None:
    column = pa.array([*(BIG + k for k in range(300)), -1, None, 0], pa.int64())
    binning = fitted(column, 0, (-1,))
    found = profile_of(state_of(column, binning), binning)
    assert binning.offset == BIG + 149
    assert found["nulls"][0] == 1 and found["zeros"][0] == 1
    assert json.loads(str(found["special_values"][1])) == [
        {"value": -1, "rows": 1, "share": pytest.approx(1 / 303, rel=1e-5)}
    ]
    assert found["min"][1] == "0" and found["max"][1] == str(BIG + 299)


def test_large_numbers_among_small_bins_are_not_called_equal() -> None:
    binning = fitted(pa.array(range(1000), pa.int64()), 0)
    column = pa.array([10**17 + k for k in range(60)], pa.int64())
    found = profile_of(state_of(column, binning), binning)
    assert found["distinct"][0] == 60
    assert found["mean"][0] == pytest.approx(10**17 + 29.5)
    assert np.isnan(found["sd"][0]) and "too large" in str(found["sd"][2])
    assert np.isnan(found["skewness"][0]) and "too large" in str(found["skewness"][2])


def test_a_deviation_smaller_than_what_doubles_round_off_is_undefined() -> None:
    hashes = np.random.default_rng(3).integers(-(2**63), 2**63 - 1, 500)
    binning = fitted(pa.array(hashes, pa.int64()), 0)
    column = pa.array([2**61 + k for k in range(60)], pa.int64())
    found = profile_of(state_of(column, binning), binning)
    assert binning.offset == NO_OFFSET and found["distinct"][0] == 60
    assert found["mean"][0] == pytest.approx(2.0**61)
    assert np.isnan(found["sd"][0]) and "too large" in str(found["sd"][2])
    assert np.isnan(found["mode_share"][0])
    whole = profile_of(state_of(pa.array(hashes, pa.int64()), binning), binning)
    assert whole["sd"][0] == pytest.approx(np.std(hashes.astype(np.float64), ddof=1), rel=1e-12)


def test_small_numbers_need_no_offset() -> None:
    binning = fitted(pa.array([*range(50), None], pa.int64()), 0)
    assert binning.offset == NO_OFFSET
    assert binning.has_own_bin(0.0)


def test_numbers_have_as_many_digits_as_distinguish_them() -> None:
    assert numerals([1.0, 2.5]) == ("1", "2.5")
    assert numerals([0.1234561, 0.1234562]) == ("0.1234561", "0.1234562")
    assert numerals([Decimal(BIG), Decimal(BIG + 1)]) == (str(BIG), str(BIG + 1))
    assert numerals([1e300, -0.0]) == ("1e+300", "0")


def test_an_observed_share_below_one_does_not_read_as_one() -> None:
    assert apart(0.9999999, 4) == "0.9999999"
    assert apart(1.0) == "1" and apart(0.5) == "0.5"
