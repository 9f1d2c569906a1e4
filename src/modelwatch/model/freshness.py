"""Days that should have data by now and have none."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

LOOK_BACK_DAYS = 30
"""Days before the as-of day that are looked at: older gaps are no news."""
WEEKS = 4
"""Weeks before a day whose same weekdays say whether it has data as a rule."""


def missing_days(held: Collection[date], as_of: date, late_days: int) -> tuple[date, ...]:
    """Days before ``as_of`` that are overdue, ascending.

    ``held`` are the days with data. A day is overdue when it is more than ``late_days`` before the
    as-of day's eve, lies after the first day with data, and most of the same weekdays of the four
    weeks before it that lie after that first day had data: nobody waits for Sundays of a shop that
    is closed on Sundays.
    """
    if not held:
        return ()
    first = min(held)
    last = as_of - timedelta(days=1 + late_days)
    since = max(first + timedelta(days=1), as_of - timedelta(days=LOOK_BACK_DAYS))
    days = (since + timedelta(days=n) for n in range((last - since).days + 1))
    return tuple(day for day in days if day not in held and _is_expected(day, held, first))


def _is_expected(day: date, held: Collection[date], first: date) -> bool:
    before = [day - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    known = [one for one in before if one >= first]
    # Within the first week, any day with data makes the next one expected.
    return sum(one in held for one in known) * 2 >= len(known)
