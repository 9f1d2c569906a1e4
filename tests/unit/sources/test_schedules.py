"""Schedules that are learned from the days of a table, and the batch that did not come."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwatch.model.sources.freshness import missing_days
from modelwatch.model.sources.schedule import learned_schedule

FIRST = date(2024, 1, 1)
"""A Monday."""
Calendar = Callable[[date], bool]


def of_weekdays(*weekdays: int) -> Calendar:
    return lambda day: day.weekday() in weekdays


def every(days: int) -> Calendar:
    return lambda day: (day - FIRST).days % days == 0


def of_month(*numbers: int) -> Calendar:
    """Days of the month, -1 for the last one."""

    def expected(day: date) -> bool:
        length = calendar.monthrange(day.year, day.month)[1]
        return day.day in numbers or day.day - length - 1 in numbers

    return expected


def working_day_from(number: int) -> Calendar:
    """A day of the month, or the Monday after."""

    def expected(day: date) -> bool:
        back = 1 + (2 if day.weekday() == 0 else 0)
        return day.weekday() < 5 and any(
            (day - timedelta(days=n)).day == number for n in range(back)
        )

    return expected


def nth(week: int, weekday: int) -> Calendar:
    return lambda day: day.weekday() == weekday and (day.day - 1) // 7 == week - 1


CALENDARS: dict[str, Calendar] = {
    "every day": of_weekdays(*range(7)),
    "working days": of_weekdays(*range(5)),
    "but Sundays": of_weekdays(*range(6)),
    "Monday, Wednesday, Friday": of_weekdays(0, 2, 4),
    "Tuesday and Thursday": of_weekdays(1, 3),
    "weekly": of_weekdays(3),
    "every 2 days": every(2),
    "every 10 days": every(10),
    "every 14 days": every(14),
    "every 28 days": every(28),
    "the 1st": of_month(1),
    "the 1st and the 15th": of_month(1, 15),
    "the end of the month": of_month(-1),
    "the first working day": working_day_from(1),
    "the first Monday": nth(1, 0),
}


def days_of(calendar_: Calendar, first: date, count: int) -> Iterator[date]:
    return (day for n in range(count) if calendar_(day := first + timedelta(days=n)))


@pytest.mark.parametrize("name", CALENDARS)
@settings(max_examples=10)
@given(offset=st.integers(0, 60), age=st.integers(14, 330), late_days=st.integers(0, 3))
def test_a_table_that_keeps_its_schedule_is_never_overdue(
    name: str, offset: int, age: int, late_days: int
) -> None:
    first = FIRST + timedelta(days=offset)
    as_of = first + timedelta(days=age)
    assert missing_days(set(days_of(CALENDARS[name], first, age)), as_of, late_days) == ()


@pytest.mark.parametrize("name", CALENDARS)
@settings(max_examples=5)
@given(dead=st.integers(220, 330), late_days=st.integers(0, 3))
def test_the_batch_that_did_not_come_is_overdue_on_its_day_and_stays_so(
    name: str, dead: int, late_days: int
) -> None:
    held = set(days_of(CALENDARS[name], FIRST, dead))
    missed = next(days_of(CALENDARS[name], FIRST + timedelta(days=dead), 62))
    due = missed + timedelta(days=1 + late_days)
    assert missing_days(held, due - timedelta(days=1), late_days) == ()
    for later in (0, 1, 100, 700):
        found = missing_days(held, due + timedelta(days=later), late_days)
        assert found
        assert found[0] == missed or later == 700


@pytest.mark.parametrize("name", ["weekly", "every 14 days", "the 1st and the 15th", "the 1st"])
def test_a_batch_that_came_a_day_late_is_not_missing(name: str) -> None:
    days = list(days_of(CALENDARS[name], FIRST, 300))
    moved = {*days[:-2], days[-2] + timedelta(days=1), days[-1]}
    assert missing_days(moved, days[-1] + timedelta(days=1), 0) == ()


def test_a_batch_that_was_left_out_is_missing_while_it_is_recent() -> None:
    days = list(days_of(CALENDARS["every 14 days"], FIRST, 300))
    held = {*days[:-2], days[-1]}
    assert missing_days(held, days[-1] + timedelta(days=1), 0) == (days[-2],)


def test_a_table_without_a_schedule_is_overdue_after_its_longest_gaps() -> None:
    gaps = [1, 4, 2, 7, 3, 1, 6, 2, 5, 3, 1, 4, 6, 2]
    days = [FIRST + timedelta(days=sum(gaps[:n])) for n in range(len(gaps) + 1)]
    newest = days[-1]
    assert missing_days(days, newest + timedelta(days=7), 0) == ()
    (overdue,) = missing_days(days, newest + timedelta(days=15), 0)
    assert newest + timedelta(days=7) <= overdue <= newest + timedelta(days=14)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("every day", "every day"),
        ("working days", "Monday to Friday"),
        ("every 14 days", "every 14 days"),
        ("the 1st and the 15th", "day 1 and day 15 of the month"),
        ("the end of the month", "the last day of the month"),
        ("the first Monday", "the first Monday of the month"),
    ],
)
def test_a_schedule_has_words(name: str, words: str) -> None:
    found = learned_schedule(set(days_of(CALENDARS[name], FIRST, 300)))
    assert found is not None
    assert found.words == words
