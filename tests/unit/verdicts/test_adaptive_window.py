"""The longest recent stretch without a change."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.verdicts.adaptive_window import Stretches, adaptive_windows

DAYS, ROWS = 80, 200


def stretches(level, effect: float = 1.0, seed: int = 1, assumed: float | None = None) -> Stretches:
    random = np.random.default_rng(seed)
    mean = level + np.sqrt((effect - 1) / ROWS) * random.standard_normal(DAYS)
    rows = random.standard_normal((DAYS, ROWS)) + mean[:, None]
    return adaptive_windows(
        np.full(DAYS, ROWS),
        rows.sum(axis=1),
        (rows**2).sum(axis=1),
        design_effect=effect if assumed is None else assumed,
    )


STEP = 1.0 * (np.arange(DAYS) >= 50)


def test_without_a_change_the_window_is_all_there_is() -> None:
    kept = [stretches(0.0, effect, seed).start[-1] for effect in (1.0, 10.0) for seed in range(20)]
    assert np.mean(np.array(kept) == 0) >= 0.95


def test_after_a_change_the_window_begins_with_it() -> None:
    found = stretches(STEP)
    assert found.start[-1] == pytest.approx(50, abs=1)
    assert found.mean[-1] == pytest.approx(1.0, abs=0.1)


def test_a_change_is_reported_within_days() -> None:
    assert np.flatnonzero(stretches(STEP).cut)[0] in (50, 51, 52)


def test_days_that_differ_by_themselves_are_no_change() -> None:
    alarms = [stretches(0.0, 30.0, seed).cut.any() for seed in range(20)]
    assert np.mean(alarms) <= 0.05


def test_taking_rows_for_independent_gives_false_alarms() -> None:
    alarms = [stretches(0.0, 30.0, seed, assumed=1.0).cut.any() for seed in range(20)]
    assert np.mean(alarms) > 0.9


def test_what_was_given_up_does_not_come_back() -> None:
    assert np.all(np.diff(stretches(STEP, 10.0).start) >= 0)


def test_a_small_change_of_a_large_metric_is_seen() -> None:
    found = stretches(1e9 + STEP)
    assert found.start[-1] == pytest.approx(50, abs=1)


def test_a_block_without_rows_changes_nothing() -> None:
    count = np.array([100.0, 0.0, 100.0, 100.0, 100.0])
    total, squares = count * 2.0, count * 5.0
    found = adaptive_windows(count, total, squares)
    assert found.start.tolist() == [0] * 5
    np.testing.assert_allclose(found.mean, 2.0)


def test_no_rows_have_no_mean() -> None:
    found = adaptive_windows(np.zeros(3), np.zeros(3), np.zeros(3))
    assert np.isnan(found.mean).all()
    assert not found.cut.any()


@pytest.mark.parametrize("wrong", [{"design_effect": 0.5}, {"confidence": 0.0}])
def test_a_design_effect_is_at_least_1_and_a_confidence_a_probability(wrong) -> None:
    with pytest.raises(ValueError, match="design effect"):
        adaptive_windows(np.ones(3), np.ones(3), np.ones(3), **wrong)
