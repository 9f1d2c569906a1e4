"""Windows: the ranges of days that are profiled and compared."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from modelwatch.model.days import DayRange, shifted
from modelwatch.model.planning.window_specs import CALENDAR, CalendarUnit, WindowSpec


@dataclass(frozen=True, order=True)
class Window:
    """A range of days with the name of its kind, from ``start`` to ``end``, inclusive.

    ``partial``: it was not over on the as-of day, so it may still grow.
    """

    name: str
    start: date
    end: date
    partial: bool = False

    @property
    def days(self) -> DayRange:
        """Its days."""
        return DayRange(self.start, self.end)


def window_around(kind: CalendarUnit, day: date) -> DayRange:
    """The calendar window that contains a day; weeks run from Monday to Sunday (ISO 8601)."""
    if kind == "day":
        return DayRange(day, day)
    if kind == "week":
        return DayRange(shifted(day, -day.weekday()), shifted(day, 6 - day.weekday()))
    length = calendar.monthrange(day.year, day.month)[1]
    return DayRange(day.replace(day=1), day.replace(day=length))


def windows_of(
    spec: WindowSpec, days_with_data: Collection[date], as_of: date
) -> tuple[Window, ...]:
    """Every window of one kind that contains a day with data, in order.

    A trailing window ends on each of these days.
    """
    ranges = sorted(set(_ranges(spec, days_with_data)))
    return tuple(Window(spec.name, r.first, r.last, r.last >= as_of) for r in ranges)


def _ranges(spec: WindowSpec, days: Collection[date]) -> Iterator[DayRange]:
    if spec.days is not None:
        if any(day in spec.days for day in days):
            yield spec.days
        return
    for day in days:
        if spec.trailing_days is not None:
            yield DayRange(shifted(day, 1 - spec.trailing_days), day)
        else:
            yield from (window_around(kind, day) for kind in CALENDAR if kind == spec.name)
