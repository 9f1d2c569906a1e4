"""Values with decimals that become integers, detected with exact sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from modelwatch.stats.drift.rounded_values import RoundedModel, rounded_model
from simulated_verdicts import category_states, failures, number_states, persistent

REFERENCE, DAYS, ROWS = 28, 35, 160
THRESHOLDS = {"rounded_values": 0.5}
Draw = Callable[[np.random.Generator], np.ndarray]
DRAWS: dict[str, Draw] = {
    "amounts in cents": lambda random: random.lognormal(3.5, 1.0, ROWS).round(2),
    "tenths": lambda random: random.normal(-3.0, 12.0, ROWS).round(1),
    "shares": lambda random: random.random(ROWS),
    "large": lambda random: random.normal(1e6, 1e5, ROWS).round(2),
    "quarters": lambda random: random.integers(0, 400, ROWS) / 4.0,
    "integers": lambda random: random.poisson(9.0, ROWS).astype(float),
    "integers with some halves": lambda random: np.where(
        np.arange(ROWS) < random.integers(0, 3), 0.5, random.poisson(9.0, ROWS)
    ),
}


def days_of(draw: Draw, seed: int, *, rounded: bool = False) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    days = [draw(random) for _ in range(DAYS)]
    return [np.round(d) if rounded and at >= REFERENCE else d for at, d in enumerate(days)]


@pytest.mark.parametrize("name", ["amounts in cents", "tenths", "shares", "large"])
def test_decimals_that_are_lost_are_found(name) -> None:
    for seed in range(10):
        days = days_of(DRAWS[name], seed, rounded=True)
        assert persistent(failures({"a": number_states(days, REFERENCE)}, REFERENCE, THRESHOLDS))


@pytest.mark.parametrize("name", list(DRAWS))
def test_values_that_stay_as_they_are_are_not_rounded(name) -> None:
    worlds = 20
    found = 0
    for seed in range(worlds):
        states = number_states(days_of(DRAWS[name], 100 + seed), REFERENCE)
        found += bool(persistent(failures({"a": states}, REFERENCE, THRESHOLDS)))
    assert found == 0


def test_decimals_that_lie_evenly_around_a_value_are_not_rounded() -> None:
    hours = np.tile((4.0 * np.sin(np.arange(24) / 24 * 2 * np.pi)).round(1), 7)
    levels = [*np.resize([5.3, 6.2, 7.7, 9.8, 10.6], REFERENCE), *[8.0] * (DAYS - REFERENCE)]
    states = number_states([(level + hours).round(1) for level in levels], REFERENCE)
    assert not failures({"temperature": states}, REFERENCE, THRESHOLDS)


def test_large_integers_that_were_none_are_found() -> None:
    random = np.random.default_rng(4)
    days = [random.normal(3e8, 1e8, ROWS).round(1) for _ in range(DAYS)]
    days = [day if at < REFERENCE else np.rint(day) for at, day in enumerate(days)]
    assert persistent(failures({"a": number_states(days, REFERENCE)}, REFERENCE, THRESHOLDS))


def test_the_steps_of_the_values_show_how_often_they_add_up_to_an_integer() -> None:
    states = number_states([np.full(20, 1.0), np.array([0.125] * 3 + [2.0] * 17)] * 2, 4)
    assert rounded_model(states.take(np.array([1, 3])), np.arange(2)) == RoundedModel(0.125, 2)
    assert rounded_model(states, np.arange(4)) == RoundedModel(1.0, 4)


def test_a_category_is_not_rounded() -> None:
    assert rounded_model(category_states(np.ones((3, 2), dtype=int)), np.arange(3)) is None
