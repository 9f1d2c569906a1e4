"""One value in the place of nulls."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.model.planning.window_specs import DEFAULT_THRESHOLDS
from simulated_verdicts import category_states, failures, number_states, persistent

REFERENCE, DAYS, ROWS = 28, 49, 160
KEY = "filled_share"
WORLDS = 25


def numbers(random: np.random.Generator, share: float, effect: float, then: str):
    """Days of an amount with some nulls; after the reference they stay, are 0, or are mended."""
    shares = share * random.gamma(1.0 / (effect * 0.05), effect * 0.05, DAYS)
    lost = np.minimum(random.binomial(ROWS, np.minimum(shares, 0.9)), ROWS - 1)
    days = [random.lognormal(3.0, 1.0, ROWS - n) for n in lost]
    for at in range(REFERENCE, DAYS):
        if then == "zero":
            days[at] = np.append(days[at], np.zeros(lost[at]))
        if then == "mended":
            days[at] = np.append(days[at], random.lognormal(3.0, 1.0, lost[at]))
    nulls = lost * (np.arange(DAYS) < REFERENCE) if then != "stay" else lost
    return number_states(days, REFERENCE, nulls)


def alarmed(share: float, effect: float, then: str) -> int:
    found = 0
    for seed in range(WORLDS):
        states = numbers(np.random.default_rng([seed, int(100 * share)]), share, effect, then)
        found += bool(persistent(failures({"a": states}, REFERENCE, {KEY: 0.02}, (7,))))
    return found


@pytest.mark.parametrize(("share", "effect"), [(0.12, 1.0), (0.12, 3.0), (0.04, 1.0)])
def test_zeros_in_the_place_of_nulls_are_found(share, effect) -> None:
    assert alarmed(share, effect, "zero") >= 0.95 * WORLDS


@pytest.mark.parametrize("then", ["stay", "mended"])
def test_nulls_that_stay_and_nulls_that_are_mended_are_no_filling(then) -> None:
    assert sum(alarmed(share, 3.0, then) for share in (0.12, 0.02)) <= 1


def test_an_empty_text_in_the_place_of_nulls_is_found() -> None:
    random = np.random.default_rng(3)
    counts = random.multinomial(ROWS, [0.12, 0.5, 0.38, 0.0], DAYS)
    nulls = np.where(np.arange(DAYS) < REFERENCE, counts[:, 0], 0)
    filled = counts[:, 0] - nulls
    states = category_states(np.stack([counts[:, 1], counts[:, 2], filled], axis=1), nulls)
    assert persistent(failures({"a": states}, REFERENCE, {KEY: DEFAULT_THRESHOLDS[KEY]}))


def test_nulls_of_few_days_are_not_missed() -> None:
    random = np.random.default_rng(4)
    lost = np.where(np.arange(DAYS) % 7 == 0, 80, 0) * (np.arange(DAYS) < REFERENCE)
    days = [random.standard_normal(ROWS - n) for n in lost]
    for at in range(REFERENCE, DAYS):
        days[at][:12] = 0.0
    states = number_states(days, REFERENCE, lost)
    assert not failures({"a": states}, REFERENCE, {KEY: 0.02})
