"""Values far beyond all of the reference."""

from __future__ import annotations

import pytest

from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from samples import numeric_binning, numeric_state, numeric_states


def novel(reference, current, **binned) -> float:
    binning = numeric_binning(reference, **binned)
    states = Comparison(numeric_state(binning, current), numeric_state(binning, reference))
    return float(drift(states, ["novel_share_change"])["novel_share_change"].value[0])


EVEN = [float(i) for i in range(1000)]


def test_a_code_beyond_the_reference_is_novel() -> None:
    assert novel(EVEN, [*EVEN[:95], *[-999.0] * 5]) == 0.05


def test_a_value_between_those_of_the_reference_is_not_novel() -> None:
    assert novel([1.0, 2.0, 5.0] * 10, [1.0, 2.0, 3.5, 5.0]) == 0.0


def test_a_record_by_a_little_is_not_novel_and_one_by_a_quarter_of_the_range_is() -> None:
    assert novel(EVEN, [0.0, 1050.0, -50.0, 999.0]) == 0.0
    assert novel(EVEN, [0.0, 1250.0, -250.0, 999.0]) == 0.5


AMOUNTS = [0.0, *(1.5**i for i in range(40) for _ in range(5))]
"""A long tail above, up to 7e6, so that an eighth of the range is 9e5."""


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_other_sign_is_novel_where_the_reference_has_one_sign_and_a_long_tail(sign) -> None:
    reference = [sign * value for value in AMOUNTS]
    assert novel(reference, [*reference[:95], *[sign * -999.0] * 5]) == 0.05
    assert novel(reference, [*reference[:95], *[sign * -0.5] * 5]) == 0.05
    assert novel(reference, [*reference[:95], *[0.0] * 5]) == 0.0


def test_a_first_frost_is_no_other_sign_of_a_skewed_reference() -> None:
    temperatures = [i / 10 for i in range(5, 200)]
    assert novel(temperatures, [*temperatures[:95], *[-1.5] * 5]) == 0.0


def test_any_other_value_is_novel_where_the_reference_has_one() -> None:
    assert novel([3.0] * 30, [3.0, 3.0, 4.0, 2.0]) == 0.5


def test_the_ends_of_the_reference_are_not_novel() -> None:
    assert novel(EVEN, [0.0, 999.0]) == 0.0


def test_infinities_nulls_and_special_values_are_not_novel() -> None:
    current = [1.0, None, float("nan"), float("inf"), -999.0]
    assert novel(EVEN, current, special=[-999.0]) == 0.0


def test_each_window_has_its_own_reference() -> None:
    binning = numeric_binning([1.0, 2.0, 3.0])
    current = numeric_states(binning, [[3.0], [3.0]])
    reference = numeric_states(binning, [[1.0], [3.0]])
    found = drift(Comparison(current, reference), ["novel_share_change"])["novel_share_change"]
    assert found.value.tolist() == pytest.approx([1.0, 0.0])
