"""A few rows far beyond all others, in the reference and in windows."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.statistics import drift
from modelwatch.stats.profile.metrics import profile
from simulated_verdicts import failures, number_states, persistent

REFERENCE, ROWS = 28, 160
MEAN, SD = "mean_change_in_sd", "sd_log_ratio"


def days_of(random: np.random.Generator, moved: float = 0.0, wide: float = 1.0) -> list[np.ndarray]:
    """Days of a normal number that is moved by so much after the reference."""
    days = [random.standard_normal(ROWS) for _ in range(REFERENCE + 14)]
    return [d if at < REFERENCE else wide * d + moved for at, d in enumerate(days)]


def week(days: list[np.ndarray]) -> dict[str, float]:
    states = number_states(days, REFERENCE)
    spans = np.array([[REFERENCE, REFERENCE + 7], [0, REFERENCE]])
    current, reference = (states.roll_up(spans[[at]]) for at in (0, 1))
    found = drift(Comparison(current, reference), [MEAN, SD, "novel_share_change"])
    return {key: float(of.value[0]) for key, of in found.items()}


@pytest.mark.parametrize("far", [1e6, 1e9, -1e12, 1e300])
def test_a_far_row_of_the_reference_does_not_hide_a_shift(far) -> None:
    days = days_of(np.random.default_rng(1), moved=2.0, wide=2.0)
    days[3][0] = far
    found = week(days)
    assert found[MEAN] == pytest.approx(2.0, rel=0.1)
    assert found[SD] == pytest.approx(np.log(2.0), abs=0.1)


@pytest.mark.parametrize("far", [1e6, 1e9])
def test_a_far_row_of_the_reference_is_not_taken_for_a_shift_later(far) -> None:
    days = days_of(np.random.default_rng(2))
    days[3][0] = far
    found = week(days)
    assert abs(found[MEAN]) < 0.1
    assert abs(found[SD]) < 0.1


def test_a_far_row_of_a_window_does_not_make_its_mean_undefined() -> None:
    days = days_of(np.random.default_rng(3), moved=1.0)
    days[REFERENCE + 2][0] = 1e300
    assert week(days)[MEAN] == pytest.approx(1.0, abs=0.1)


def test_a_code_beyond_the_others_is_found_though_the_reference_once_held_a_larger_one() -> None:
    days = days_of(np.random.default_rng(4))
    days[3][0] = 1e6
    for day in days[REFERENCE:]:
        day[:16] = 999.0
    assert week(days)["novel_share_change"] == pytest.approx(0.1, abs=0.001)


def test_moments_are_exact_without_far_rows() -> None:
    days = days_of(np.random.default_rng(5), moved=0.5)
    current, reference = np.concatenate(days[REFERENCE:][:7]), np.concatenate(days[:REFERENCE])
    expected = (current.mean() - reference.mean()) / reference.std(ddof=1)
    assert week(days)[MEAN] == pytest.approx(expected, rel=1e-9)


def test_a_heavy_tail_is_no_mistake() -> None:
    random = np.random.default_rng(6)
    days = [random.lognormal(0.0, 1.0, ROWS) for _ in range(REFERENCE + 7)]
    expected = np.concatenate(days[REFERENCE:]).mean() - np.concatenate(days[:REFERENCE]).mean()
    expected /= np.concatenate(days[:REFERENCE]).std(ddof=1)
    assert week(days)[MEAN] == pytest.approx(expected, rel=1e-9)


def test_the_profile_counts_far_rows() -> None:
    days = days_of(np.random.default_rng(7))
    days[3][:2] = 1e6, -1e7
    states = number_states(days, REFERENCE).roll_up(np.array([[0, REFERENCE], [4, REFERENCE]]))
    assert profile(states, keys=["far_rows"])["far_rows"].value.tolist() == [2.0, 0.0]


@pytest.mark.parametrize("moved", [0.0, 1.0])
def test_a_shift_opens_an_incident_and_a_far_row_of_the_reference_alone_opens_none(moved) -> None:
    worlds = 25
    found = 0
    for seed in range(worlds):
        days = days_of(np.random.default_rng([8, seed]), moved)
        days[seed][0] = 1e9
        failing = failures({"amount": number_states(days, REFERENCE)}, REFERENCE)
        found += bool(persistent(failing))
    assert found >= 0.95 * worlds if moved else found <= 1
