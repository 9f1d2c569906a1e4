"""Which days a first configuration compares with."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from modelwatch.model.days import DayRange
from modelwatch.model.onboarding.reference_guess import DailyMetric, typical_days

FIRST = date(2024, 1, 1)


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def rows(count: int, *, every: int = 1, seed: int = 3) -> dict[date, int]:
    drawn = np.random.default_rng(seed).poisson(1000, count)
    return {day(n * every): int(held) for n, held in enumerate(drawn)}


def metric(levels: list[tuple[int, float]], count: int, noise: float = 0.05) -> DailyMetric:
    """The mean of an amount that has each level from a day on."""
    rng = np.random.default_rng(5)
    values = np.zeros(count)
    for start, level in levels:
        values[start:] = level
    noisy = values + rng.normal(0, noise, count)
    return DailyMetric(
        "the mean of amount", "mean", {day(n): float(v) for n, v in enumerate(noisy)}
    )


def test_the_newest_days_are_left_to_be_compared() -> None:
    found = typical_days(rows(200))
    assert found.days == DayRange(day(171 - 83), day(171))
    assert found.changes == ()


def test_days_before_a_change_are_not_mixed_with_those_after_it() -> None:
    found = typical_days(rows(200), [metric([(0, 0.0), (100, 1.0)], 200)])
    (change,) = found.changes
    assert abs((change[0] - day(100)).days) <= 1
    assert found.days is not None
    assert found.days.first >= change[0]
    assert "the mean of amount changed" in found.why


def test_a_fault_of_the_newest_days_is_no_part_of_the_reference() -> None:
    found = typical_days(rows(120), [metric([(0, 0.0), (80, 1.0)], 120)])
    assert found.days is not None
    assert found.days.last < day(80)
    assert len(found.days) >= 28


def test_a_change_too_small_to_matter_splits_nothing() -> None:
    found = typical_days(rows(200), [metric([(0, 0.0), (100, 0.1)], 200, noise=0.01)])
    assert found.changes == ()


@pytest.mark.parametrize("count", [40, 63, 100, 365])
def test_a_reference_has_whole_weeks(count: int) -> None:
    found = typical_days(rows(count)).days
    assert found is not None
    assert len(found) % 7 == 0


def test_the_labels_of_a_reference_are_due() -> None:
    found = typical_days(rows(200), labels_until=day(120))
    assert found.days is not None
    assert found.days.last == day(120)
    assert "labels are due" in found.why


def test_labels_that_are_never_due_leave_the_first_half() -> None:
    found = typical_days(rows(100), labels_until=day(-30))
    assert found.days is not None
    assert found.days.first == day(0)


def test_a_launch_is_no_part_of_the_reference() -> None:
    held = rows(60) | {day(n): 3 for n in range(20)}
    found = typical_days(held).days
    assert found is not None
    assert found.first >= day(20)


def test_weekly_batches_have_a_reference_of_eight() -> None:
    held = rows(60, every=7)
    found = typical_days(held).days
    assert found is not None
    assert sum(one in found for one in held) >= 8


def test_a_table_of_few_days_has_a_reference_that_grows() -> None:
    assert typical_days(rows(5)).grows
    assert typical_days({}).days is None


def test_a_table_with_few_rows_leaves_four_of_its_months_to_be_compared() -> None:
    held = {day(n): 5 for n in range(900)}
    found = typical_days(held).days
    assert found is not None
    assert (day(899) - found.last).days >= 4 * 30


def test_months_of_few_rows_are_compared_with_a_year() -> None:
    found = typical_days({day(n): 5 for n in range(900)}).days
    assert found is not None
    assert len(found) == 364
