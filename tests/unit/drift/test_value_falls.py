"""Which values of a category can be missed, by what the reference's days show of each."""

from __future__ import annotations

import numpy as np
import pytest

from day_draws import numeric_days
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.value_falls import ValueFallModel, value_fall_model
from simulated_verdicts import category_states, failures, persistent

SHARES = np.array([0.4, 0.3, 0.2, 0.1])
REFERENCE, DAYS, ROWS = 42, 70, 160
KEY = "value_share_fall"


def days_of(random: np.random.Generator, rows: int = ROWS) -> np.ndarray:
    """Rows of four values and of a fifth that is not there, (70, 5)."""
    return np.pad(random.multinomial(rows, SHARES, DAYS), ((0, 0), (0, 1)))


def model_of(counts: np.ndarray, reference: int = REFERENCE) -> ValueFallModel:
    found = value_fall_model(category_states(counts[:reference]), np.arange(reference))
    assert found is not None
    return found


def week_of(counts: np.ndarray) -> tuple[float, float]:
    """The statistic of the first week after the reference, and its p-value."""
    states = category_states(counts)
    total = states.roll_up(np.array([[0, REFERENCE]]))
    week = states.roll_up(np.array([[REFERENCE, REFERENCE + 7]]))
    found, p = model_of(counts).judged(Comparison(week, total), np.array([7]), np.array([-1]))
    return float(found.value[0]), float(p[0])


def test_a_value_that_came_on_two_days_is_not_missed() -> None:
    counts = days_of(np.random.default_rng(1))
    counts[[5, 30], 4] += 190
    assert counts[:REFERENCE, 4].sum() > 0.05 * counts[:REFERENCE].sum()
    value, p = week_of(counts)
    assert value < 0.5
    assert p > 0.01


def test_a_value_that_came_for_ten_days_in_a_row_is_not_missed() -> None:
    counts = days_of(np.random.default_rng(2))
    counts[20:30, 4] += 90
    assert week_of(counts)[0] < 0.5


@pytest.mark.parametrize("value", [0, 1, 2])
def test_a_value_that_comes_every_day_is_missed_beside_one_that_comes_in_bursts(value) -> None:
    counts = days_of(np.random.default_rng(3))
    counts[[5, 30], 4] += 190
    counts[REFERENCE:, value] = 0
    found, p = week_of(counts)
    assert found == 1.0
    assert p < 1e-4


def test_the_dispersion_of_a_value_is_its_variance_over_that_of_independent_rows() -> None:
    random = np.random.default_rng(4)
    counts = np.stack([random.multinomial(500, p) for p in random.dirichlet(SHARES * 99, 400)])
    dispersion = model_of(counts, 400).dispersion
    # Of a Dirichlet of total weight a, 1 + (n - 1) / (a + 1). The largest of several block lengths
    # lies above it.
    expected = 1 + 499 / 100
    assert ((dispersion > 0.9 * expected) & (dispersion < 1.7 * expected)).all()


def test_days_too_few_to_show_a_dispersion_take_the_assumed_one() -> None:
    counts = days_of(np.random.default_rng(5))
    states = category_states(counts[:3])
    found = value_fall_model(states, np.arange(3), 12.0)
    assert found is not None
    assert (found.dispersion >= 12.0).all()


def test_a_number_has_no_frequent_values() -> None:
    assert value_fall_model(numeric_days([0.0], 50, np.random.default_rng(6)), np.zeros(1)) is None


def test_bursts_on_three_of_seventy_days_open_no_incident() -> None:
    worlds = 100
    alarmed = 0
    for seed in range(worlds):
        random = np.random.default_rng([7, seed])
        counts = days_of(random)
        counts[random.choice(DAYS, 3, replace=False), 4] += 190
        failing = failures({"code": category_states(counts)}, REFERENCE, {KEY: 0.5}, (7,))
        alarmed += bool(persistent(failing))
    assert alarmed <= 5


def test_a_frequent_value_most_of_whose_rows_no_longer_come_opens_an_incident() -> None:
    worlds = 20
    found = 0
    for seed in range(worlds):
        random = np.random.default_rng([8, seed])
        counts = days_of(random)
        counts[random.choice(DAYS, 3, replace=False), 4] += 190
        counts[REFERENCE:, 1] = random.binomial(counts[REFERENCE:, 1], 0.25)
        failing = failures({"code": category_states(counts)}, REFERENCE, {KEY: 0.5}, (7,))
        found += bool(persistent(failing))
    assert found >= 0.9 * worlds
