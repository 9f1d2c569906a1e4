"""How far estimates are from the reference's when nothing has changed."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from modelwatch.stats.drift.comparison import values
from modelwatch.stats.estimation.calibration import Calibration
from modelwatch.stats.estimation.estimates import Estimate, estimates, expected
from modelwatch.stats.estimation.multiclass import estimates_multiclass, fit_multiclass
from modelwatch.stats.estimation.usual_estimates import usual_estimates
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states, multiclass_states

ENDS = np.array([0.0, 1.0])
AS_SAID = Calibration(ENDS, ENDS, False, None, 0.0, 0.0, 1000)
BINNING = fit_numeric(np.arange(101) / 100, 0.0, 1.0, bins=202)
ROWS = 200
ACCURACY = ["accuracy"]


def days_of(levels, seed: int = 1):
    """Days whose scores are sure by so much: the expected accuracy of a day is its level."""
    random = np.random.default_rng(seed)
    days = np.repeat(np.arange(len(levels)), ROWS)
    right = np.clip(np.repeat(levels, ROWS) + random.normal(0, 0.05, len(days)), 0.5, 1.0)
    score = np.where(random.random(len(days)) < 0.5, right, 1.0 - right)
    return binary_states(BINNING, score, (score >= 0.5).astype(int), np.zeros(len(days)), days)


def reported(states, keys=ACCURACY):
    return estimates(expected(states, AS_SAID), keys)


def estimate_of(value: float, rows: int = 7 * ROWS) -> Estimate:
    return Estimate(values(np.array([value])), np.array([0.0]), np.array([float(rows)]))


def p_of(usual, value: float, days: int = 7) -> float:
    found = usual["accuracy"].p_values(
        estimate_of(value, days * ROWS), np.array([days]), np.array([-1])
    )
    return float(found[0])


def test_a_week_within_what_the_reference_s_days_vary_is_usual() -> None:
    levels = 0.8 + 0.06 * np.random.default_rng(3).standard_normal(28)
    usual = usual_estimates(days_of(levels), np.arange(28), reported)
    # The standard error of a week is 0.06 / sqrt(7) = 0.023; that of its outcomes is 0.01.
    assert p_of(usual, usual["accuracy"].value - 0.03) > 0.1
    assert p_of(usual, usual["accuracy"].value - 0.15) < 0.001


def test_days_that_are_alike_leave_what_outcomes_do_by_chance() -> None:
    usual = usual_estimates(days_of(np.full(28, 0.8)), np.arange(28), reported)["accuracy"]
    assert usual.value == pytest.approx(0.8, abs=0.002)
    assert usual.model.design_effect == 1.0
    assert usual.model.rows == pytest.approx(0.8 * 0.2 - 0.05**2, rel=0.05)
    p = usual.p_values(estimate_of(0.77), np.array([7]), np.array([-1]))
    assert 0.005 < p[0] < 0.05


def test_a_short_reference_is_judged_with_the_assumed_design_effect() -> None:
    days = days_of(np.full(3, 0.8))
    few, more = (usual_estimates(days, np.arange(3), reported, effect) for effect in (1.0, 30.0))
    assert few["accuracy"].model.reason is not None
    assert p_of(few, 0.75) < 0.05 < p_of(more, 0.75)


def test_one_day_is_a_reference_as_well() -> None:
    usual = usual_estimates(days_of(np.array([0.8])), np.arange(1), reported)
    assert p_of(usual, 0.5) < 0.05 < p_of(usual, 0.78)


def test_no_day_has_no_usual_estimate() -> None:
    none = days_of(np.array([0.8])).take(np.zeros(0, dtype=int))
    assert usual_estimates(none, np.zeros(0), reported) == {}


def test_a_metric_that_the_reference_does_not_define_has_none() -> None:
    days = binary_states(BINNING, [0.1, 0.2], [0, 0], [0, 0], [0, 1])
    usual = usual_estimates(days, np.arange(2), partial(reported, keys=["precision", "accuracy"]))
    assert set(usual) == {"accuracy"}


def test_classes_vary_by_day_as_well() -> None:
    random = np.random.default_rng(5)
    n, days = 40 * 100, np.repeat(np.arange(40), 100)
    top = np.clip(np.repeat(random.normal(0.7, 0.08, 40), 100), 0.4, 1.0)
    decision = random.integers(0, 3, n)
    score = np.repeat(((1.0 - top) / 2.0)[:, None], 3, axis=1)
    score[np.arange(n), decision] = top
    label = np.where(random.random(n) < top, decision, (decision + 1) % 3) + 1
    states = multiclass_states("abc", score, decision, label, days)
    fits = fit_multiclass(states)
    usual = usual_estimates(states, np.arange(40), lambda s: estimates_multiclass(s, fits))
    assert usual["accuracy"].model.design_effect > 2.0
