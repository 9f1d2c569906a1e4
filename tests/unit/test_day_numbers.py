"""Days as numbers."""

from __future__ import annotations

from datetime import date

from modelwatch.stats.day_numbers import day_number, numbered_day

NUMBERS = {date(1970, 1, 1): 0, date(1969, 12, 31): -1, date(1972, 1, 1): 730}


def test_days_are_counted_from_1970() -> None:
    assert {day: day_number(day) for day in NUMBERS} == NUMBERS


def test_a_number_gives_its_day_back() -> None:
    assert [numbered_day(number) for number in NUMBERS.values()] == list(NUMBERS)
