"""What is usual of estimates holds for quiet weeks, however much and however long days differ."""

from __future__ import annotations

import pytest
from scripts.estimate_chance import p_values

WORLDS = 120


@pytest.mark.parametrize(("effect", "alike"), [(1.0, 0.0), (60.0, 0.0), (30.0, 0.6)])
def test_a_quiet_week_is_improbable_as_often_as_it_says(effect: float, alike: float) -> None:
    _, p = p_values(effect, alike, WORLDS)
    # Expected are 6 and 1.2 of 120; neighbors that are alike leave fewer independent weeks.
    assert (p < 0.05).sum() <= (12 if alike else 10)
    assert (p < 0.01).sum() <= (5 if alike else 3)


def test_the_outcomes_alone_take_quiet_weeks_for_changes_where_days_differ() -> None:
    by_outcomes, _ = p_values(60.0, 0.0, WORLDS)
    assert (by_outcomes < 0.01).mean() > 0.2


def test_a_week_beyond_what_days_bring_is_found() -> None:
    # 60 fewer sure rows of 400 are 3.5 standard deviations of a week's mean.
    _, p = p_values(10.0, 0.0, WORLDS, less=60)
    assert (p < 0.05).mean() > 0.8
