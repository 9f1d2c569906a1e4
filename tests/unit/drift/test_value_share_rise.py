"""A column that is stuck at one value."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from samples import categorical_binning, categorical_state, numeric_binning, numeric_state

KEY = "value_share_rise"
EVEN = [float(i) for i in range(100)]
SHOPS = ["north"] * 60 + ["south"] * 40


def rise_of_numbers(current: list[float | None]) -> float:
    binning = numeric_binning(EVEN)
    states = Comparison(numeric_state(binning, current), numeric_state(binning, EVEN))
    return float(drift(states, [KEY])[KEY].value[0])


def rise_of_texts(current: list[str | None]) -> float:
    binning = categorical_binning(SHOPS)
    states = Comparison(categorical_state(binning, current), categorical_state(binning, SHOPS))
    return float(drift(states, [KEY])[KEY].value[0])


def test_a_number_that_takes_over_is_all_but_its_own_share() -> None:
    assert rise_of_numbers([7.0] * 50) == pytest.approx(0.99)


def test_a_shift_beyond_all_that_was_is_no_value_that_takes_over() -> None:
    assert rise_of_numbers([100.0 + i for i in range(50)]) <= 0.01


def test_a_tail_that_fills_up_is_no_value_that_takes_over_unless_it_is_one() -> None:
    random = np.random.default_rng(1)
    usual = random.normal(1015.0, 7.0, 5000)
    bins = numeric_binning(usual)
    low = float(np.sort(usual)[1])

    def rise(current: list[float]) -> float:
        states = Comparison(numeric_state(bins, current), numeric_state(bins, list(usual)))
        return float(drift(states, [KEY])[KEY].value[0])

    assert rise([low + i / 500.0 for i in range(500)]) < 0.3
    assert rise([low] * 500) > 0.9


def test_the_same_rows_rise_nowhere() -> None:
    assert rise_of_numbers(list(EVEN)) == 0.0
    assert rise_of_texts(list(SHOPS)) == 0.0


def test_a_category_that_takes_over_is_all_but_its_own_share() -> None:
    assert rise_of_texts(["south"] * 10) == pytest.approx(0.6)


def test_nulls_and_unseen_values_are_no_value_that_rises() -> None:
    assert rise_of_numbers([None] * 10) == 0.0
    assert rise_of_texts([None, "west"] * 10) == 0.0
