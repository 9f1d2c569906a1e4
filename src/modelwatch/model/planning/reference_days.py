"""The days that a reference stands for."""

from __future__ import annotations

from datetime import date

from modelwatch.model.days import DayRange, shifted
from modelwatch.model.planning.window_specs import Reference
from modelwatch.model.planning.windows import Window


def reference_days(reference: Reference, window: Window) -> DayRange | None:
    """The days with which a window is compared; None for all rows of a table of its own.

    A previous window is the one of the same kind before: the month before a month, the k days
    before a window of k days; several of them are taken together. A lag moves the window as it
    is, so that a month keeps its length. Days before the calendar's first are cut off.
    """
    if reference.lag_days is not None:
        back = -reference.lag_days
        return DayRange(shifted(window.start, back), shifted(window.end, back))
    if reference.trailing_days is not None:
        return _before(window, reference.trailing_days)
    if reference.previous_windows is None:
        return reference.days
    if window.name == "month":
        return DayRange(_months_before(window.start, reference.previous_windows), _eve(window))
    return _before(window, reference.previous_windows * len(window.days))


def _before(window: Window, days: int) -> DayRange:
    return DayRange(shifted(window.start, -days), _eve(window))


def _eve(window: Window) -> date:
    return shifted(window.start, -1)


def _months_before(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return date(year, month + 1, 1) if year > 0 else date.min
