"""Days as numbers, as states and series count them."""

from __future__ import annotations

from datetime import date, timedelta

EPOCH = date(1970, 1, 1)
"""The day with number 0."""


def day_number(day: date) -> int:
    """Days from 1970-01-01 to a day."""
    return (day - EPOCH).days


def numbered_day(number: int) -> date:
    """The day of a number; OverflowError if it is not in the calendar."""
    return EPOCH + timedelta(days=int(number))
