"""Which days are overdue."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modelwatch.model.sources.freshness import age_summary, missing_days, table_age

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


def test_one_day_shows_no_schedule_and_the_next_has_a_month() -> None:
    assert missing_days({FIRST}, FIRST + timedelta(days=31), 0) == ()
    assert missing_days({FIRST}, FIRST + timedelta(days=32), 0) == (FIRST + timedelta(days=31),)


def test_the_third_day_is_waited_for_after_two_in_a_row() -> None:
    assert missing_days(_days(2), FIRST + timedelta(days=3), 0) == (FIRST + timedelta(days=2),)


@pytest.mark.parametrize(("age", "missing"), [(22, 19), (43, 40), (64, 61), (261, 258)])
def test_a_table_that_has_stopped_is_overdue_however_long_ago_that_was(
    age: int, missing: int
) -> None:
    as_of = FIRST + timedelta(days=39 + age)
    found = missing_days(_days(40), as_of, 2)
    assert len(found) == missing
    assert found[0] == FIRST + timedelta(days=40)


def test_an_old_gap_is_not_reported_once_data_have_come_again() -> None:
    assert missing_days(_days(80, 20), FIRST + timedelta(days=80), 0) == ()


def test_an_outage_of_weeks_is_no_schedule() -> None:
    days = {FIRST + timedelta(days=n) for n in (*range(40), *range(70, 75))}
    assert missing_days(days, FIRST + timedelta(days=77), 0)[-2:] == (
        FIRST + timedelta(days=75),
        FIRST + timedelta(days=76),
    )


def test_holidays_are_not_waited_for() -> None:
    holiday = FIRST + timedelta(days=27)
    as_of = FIRST + timedelta(days=30)
    held = _days(29, 27)
    assert missing_days(held, as_of, 1) == (holiday,)
    assert missing_days(held, as_of, 1, holidays=(holiday,)) == ()


def test_days_of_the_future_are_no_data() -> None:
    future = FIRST + timedelta(days=300)
    as_of = FIRST + timedelta(days=30)
    assert missing_days({*_days(28), future}, as_of, 1) == (FIRST + timedelta(days=28),)


def test_the_age_of_a_table_is_reported_with_what_is_overdue() -> None:
    as_of = FIRST + timedelta(days=288)
    ages = (
        table_age("inputs", _days(28), as_of, 1),
        table_age("labels", _days(28), as_of, 1, due_days=365),
        table_age("challenger:next", None, as_of, 1),
        table_age("predictions", (), as_of, 1),
    )
    assert age_summary(ages, as_of) == (
        "inputs: newest day 2024-01-28, 261 days old, 259 expected days without rows since "
        "(every day); labels: newest day 2024-01-28, 261 days old (due after 365); "
        "challenger:next: days are unknown; predictions: no day with rows before 2024-10-15"
    )


def test_without_any_data_nothing_is_expected() -> None:
    assert missing_days((), FIRST, 0) == ()
