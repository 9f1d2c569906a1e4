"""Power of the best test, with which a monitor is compared."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.stats import nct, t
from scripts.evidence.detection import Injected
from scripts.evidence.faults import FAULTS
from scripts.evidence.oracle import FALSE_ALARMS, oracle_power
from scripts.evidence.simulated import Shape, quiet_world
from scripts.evidence.world import START, World

FIRST = START + 7
NORMAL = "normal_1"


def power(quiet: World, key: str, target: str, size: float) -> float:
    fault = FAULTS[key]
    inject = partial(fault.inject, target=target, size=size, rng=np.random.default_rng(1))
    broken = quiet.changed_from(FIRST - fault.before, inject)
    days = 7 if fault.windows == "week" else 1
    return oracle_power(quiet, Injected("plain", fault, target, size, True, FIRST, days, broken))


@pytest.fixture(scope="module")
def quiet() -> World:
    return quiet_world(Shape(rows=200), 1)


@pytest.mark.parametrize(
    ("fault", "target", "size"),
    [
        ("nulls", NORMAL, 0.2),
        ("sentinel", NORMAL, 0.05),
        ("scale", NORMAL, 1.0),
        ("rounded", NORMAL, 1.0),
        ("unseen", "some_values", 0.05),
        ("stale", NORMAL, 1.0),
        ("ramp", NORMAL, 2.0),
        ("shuffled", "probability", 1.0),
        ("dead", "rows", 1.0),
    ],
)
def test_what_is_plain_is_found(quiet: World, fault: str, target: str, size: float) -> None:
    assert power(quiet, fault, target, size) > 0.999


@pytest.mark.parametrize("fault", ["nulls", "scale", "constant", "swap"])
def test_what_breaks_no_row_is_found_no_more_often_than_chance(quiet: World, fault: str) -> None:
    target = f"{NORMAL}=normal_2" if fault == "swap" else NORMAL
    assert power(quiet, fault, target, 0.0) < 0.05


def test_the_power_is_that_of_student_s_test_of_a_share() -> None:
    quiet = quiet_world(Shape(rows=400).with_design_effect(1), 3)
    share = float(quiet.rows["with_nulls"].isna().mean())
    more = 0.05
    rise = more * (1.0 - share)
    error = (share * (1.0 - share) / 400 * (1 / 2 + 1 / 28)) ** 0.5
    level = FALSE_ALARMS / ((len(quiet.table.features) + 2) * 28)
    expected = nct.sf(t.isf(level, 27), 27, rise / error)
    assert 0.2 < expected < 0.9
    assert power(quiet, "nulls", "with_nulls", more) == pytest.approx(expected, abs=0.2)


def test_power_grows_with_rows_and_with_size() -> None:
    few, many = (quiet_world(Shape(rows=n), 1) for n in (40, 400))
    assert power(few, "scale", "with_zeros", 0.1) < power(many, "scale", "with_zeros", 0.33)
    assert power(few, "nulls", "with_nulls", 0.05) < power(few, "nulls", "with_nulls", 0.5)


def test_a_coarse_column_repeats_itself_by_chance() -> None:
    quiet = quiet_world(Shape(rows=20), 1)
    assert power(quiet, "stale", "rare_value", 1.0) == 0.0
