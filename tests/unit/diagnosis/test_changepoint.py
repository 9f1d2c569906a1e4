"""The onset of a change of a metric, and whether the change is abrupt or gradual."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.diagnosis.changepoint import (
    LEAST_MARGIN,
    TOO_SHORT,
    ChangePoint,
    change_point,
)

DAYS = np.arange(15_000, 15_060)
T = DAYS - DAYS[0]


def noise(seed: int, n: int = 60, alike: float = 0.0) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal(n)
    for day in range(1, n):
        found[day] = alike * found[day - 1] + np.sqrt(1 - alike**2) * found[day]
    return found


def changes(level, alike: float = 0.0, series: int = 40) -> list[ChangePoint]:
    return [change_point(level + noise(seed, alike=alike), DAYS) for seed in range(series)]


def share(found: list[ChangePoint], shape: str) -> float:
    return float(np.mean([one.shape == shape for one in found]))


def test_a_step_is_found_on_its_day() -> None:
    found = change_point(10.0 * (T >= 40) + noise(1), DAYS)
    assert found.shape == "step"
    assert found.days == (15_040,)
    assert found.levels == pytest.approx((0.0, 10.0), abs=1.0)


def test_two_steps_are_several() -> None:
    found = change_point(8.0 * ((T >= 20) & (T < 40)) + noise(2), DAYS)
    assert (found.shape, found.days) == ("steps", (15_020, 15_040))
    assert len(found.levels) == 3


def test_a_ramp_has_a_foot_and_a_head() -> None:
    found = change_point(10.0 * np.clip((T - 15) / 30, 0, 1) + noise(3), DAYS)
    assert found.shape == "ramp"
    assert found.days == pytest.approx((15_015, 15_045), abs=4)
    assert found.levels == pytest.approx((0.0, 10.0), abs=1.0)


def test_a_ramp_may_still_go_on() -> None:
    found = change_point(10.0 * np.clip((T - 30) / 30, 0, None) + noise(4), DAYS)
    assert (found.shape, found.days[1]) == ("ramp", 15_059)


def test_nothing_is_seldom_taken_for_a_change() -> None:
    found = changes(0.0)
    assert share(found, "constant") > 0.6
    assert share(found, "constant") + share(found, "undetermined") >= 0.95


def test_a_slow_wander_is_seldom_taken_for_a_change() -> None:
    found = changes(0.0, alike=0.6)
    assert share(found, "constant") + share(found, "undetermined") >= 0.95


def test_a_step_is_seldom_taken_for_a_ramp() -> None:
    found = changes(5.0 * (T >= 40))
    assert share(found, "step") > 0.6
    assert share(found, "ramp") <= 0.05


def test_a_ramp_is_seldom_taken_for_a_step() -> None:
    found = changes(8.0 * np.clip((T - 15) / 30, 0, 1))
    assert share(found, "ramp") > 0.6
    assert share(found, "step") <= 0.05


def test_the_interval_of_a_date_holds_it() -> None:
    found = [one for one in changes(2.0 * (T >= 40), series=100) if one.likely == "step"]
    held = [one.lower[0] <= 15_040 <= one.upper[0] for one in found]
    assert np.mean(held) >= 0.93


def test_a_small_step_has_a_wider_interval() -> None:
    wide, narrow = (
        np.mean([one.upper[0] - one.lower[0] for one in changes(size * (T >= 40)) if one.days])
        for size in (1.5, 6.0)
    )
    assert wide > narrow + 2


def test_what_the_margin_does_not_show_is_undetermined() -> None:
    for found in changes(1.5 * (T >= 40)):
        assert (found.shape == found.likely) == (found.margin >= LEAST_MARGIN)


def test_gaps_do_not_move_the_days() -> None:
    kept = (T % 3 != 0) | (T == 39)
    found = change_point((10.0 * (T >= 40) + noise(5))[kept], DAYS[kept])
    assert (found.likely, found.days) == ("step", (15_040,))


def test_days_without_a_value_are_gaps() -> None:
    values = 10.0 * (T >= 40) + noise(6)
    values[5:10] = np.nan
    found = change_point(values, DAYS)
    kept = np.isfinite(values)
    assert found == change_point(values[kept], DAYS[kept])


def test_a_day_of_few_rows_weighs_little() -> None:
    values, weights = noise(7), np.ones(60)
    values[50:53], weights[50:53] = 12.0, 1e-3
    assert change_point(values, DAYS).likely == "steps"
    assert change_point(values, DAYS, weights).likely == "constant"


def test_a_constant_series_is_constant() -> None:
    found = change_point(np.full(60, 0.25), DAYS)
    assert (found.likely, found.levels) == ("constant", (0.25,))


def test_a_step_without_noise_is_a_step() -> None:
    found = change_point(np.where(T >= 40, 1.0, 0.0), DAYS)
    assert (found.shape, found.days, found.lower, found.upper) == (
        "step",
        (15_040,),
        (15_040,),
        (15_040,),
    )


def test_few_days_show_nothing() -> None:
    found = change_point(np.arange(7.0), np.arange(7))
    assert (found.shape, found.reason) == ("undetermined", TOO_SHORT)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_does_not_matter(factor) -> None:
    values = 3.0 * (T >= 40) + noise(8)
    first, second = change_point(values, DAYS), change_point(values * factor + 5 * factor, DAYS)
    assert (first.shape, first.days, first.lower, first.upper) == (
        second.shape,
        second.days,
        second.lower,
        second.upper,
    )


def test_days_ascend() -> None:
    with pytest.raises(ValueError, match="ascend"):
        change_point(np.zeros(9), np.zeros(9, dtype=int))
