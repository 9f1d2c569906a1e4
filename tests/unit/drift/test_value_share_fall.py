"""Rows of a value that no longer come."""

from __future__ import annotations

import pytest

from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from samples import categorical_binning, categorical_state

KEY = "value_share_fall"
AIRPORTS = ["EWR"] * 360 + ["JFK"] * 330 + ["LGA"] * 300 + ["HPN"] * 10


def fall(current: list[str | None]) -> float:
    binning = categorical_binning(AIRPORTS)
    states = Comparison(categorical_state(binning, current), categorical_state(binning, AIRPORTS))
    return float(drift(states, [KEY])[KEY].value[0])


def without(airport: str, rows: int) -> list[str]:
    left = list(AIRPORTS)
    for _ in range(rows):
        left.remove(airport)
    return left


def test_the_part_of_a_value_that_is_missing_is_reported_whatever_its_share() -> None:
    assert fall(without("EWR", 216)) == pytest.approx(0.6)
    assert fall(without("LGA", 180)) == pytest.approx(0.6)


def test_all_of_a_value_gone_is_one() -> None:
    assert fall(without("JFK", 330)) == 1.0


def test_the_same_rows_miss_nothing() -> None:
    assert fall(list(AIRPORTS)) == pytest.approx(0.0)


def test_a_rare_value_may_stay_away() -> None:
    assert fall(without("HPN", 10)) < 0.02


def test_a_value_is_not_missed_among_too_few_rows_to_expect_it() -> None:
    assert fall(["EWR"] * 50) == 0.0


def test_nulls_are_no_value_and_take_the_rows_of_all() -> None:
    assert fall([None] * 1000) == 1.0
