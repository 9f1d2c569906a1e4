"""Which days are overdue."""

from __future__ import annotations

from datetime import date, timedelta

from modelwatch.model.freshness import missing_days

FIRST = date(2024, 1, 1)
"""A Monday."""


def _days(count: int, *without: int) -> set[date]:
    return {FIRST + timedelta(days=n) for n in range(count) if n not in without}


def test_nothing_is_missing_where_every_day_has_data() -> None:
    assert missing_days(_days(28), FIRST + timedelta(days=28), 0) == ()


def test_a_gap_is_missing() -> None:
    assert missing_days(_days(28, 20), FIRST + timedelta(days=28), 0) == (
        FIRST + timedelta(days=20),
    )


def test_the_last_days_may_be_late() -> None:
    as_of = FIRST + timedelta(days=30)
    assert missing_days(_days(28), as_of, 2) == ()
    assert missing_days(_days(28), as_of, 1) == (FIRST + timedelta(days=28),)


def test_a_weekday_that_never_has_data_is_not_waited_for() -> None:
    closed_on_sundays = _days(42, 6, 13, 20, 27, 34, 41)
    assert missing_days(closed_on_sundays, FIRST + timedelta(days=42), 0) == ()


def test_days_before_the_first_with_data_are_not_missing() -> None:
    assert missing_days({FIRST + timedelta(days=5)}, FIRST + timedelta(days=6), 0) == ()


def test_the_second_day_of_all_is_already_waited_for() -> None:
    assert missing_days({FIRST}, FIRST + timedelta(days=2), 0) == (FIRST + timedelta(days=1),)


def test_data_that_stopped_long_ago_are_no_news() -> None:
    assert missing_days(_days(28), FIRST + timedelta(days=365), 0) == ()


def test_without_any_data_nothing_is_expected() -> None:
    assert missing_days((), FIRST, 0) == ()
