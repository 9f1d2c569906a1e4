"""The onset and shape of a change, from its daily series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from modelwatch.stats.day_numbers import numbered_day
from modelwatch.stats.diagnosis.changepoint import ChangePoint

_NEAR_DAYS = 45
"""Days from the first failing window after which a change is a different one."""


def day_words(day: date) -> str:
    """A day in a sentence: ``Mar 2``."""
    return f"{day:%b} {day.day}"


@dataclass(frozen=True)
class Onset:
    """The most likely day of a change with its 95% interval, and its ``shape``.

    ``step``: at once. ``steps``: several times. ``ramp``: gradually, from ``lower`` on; the day is
    the one before it began. ``undetermined``: another shape fits about as well.
    """

    shape: str
    day: date | None = None
    lower: date | None = None
    upper: date | None = None


def onset_of(change: ChangePoint, first_failing: date) -> Onset:
    """The change that a failure goes back to: the one nearest to its first failing day.

    ``change`` is of a series whose days count from 1970-01-01.
    """
    days = [numbered_day(day) for day in change.days]
    if change.shape == "ramp":
        days = days[:1]
    if not days or change.shape in ("constant", "undetermined"):
        return Onset("undetermined")
    at = min(range(len(days)), key=lambda i: abs(days[i] - first_failing))
    if abs(days[at] - first_failing) > timedelta(days=_NEAR_DAYS):
        return Onset("undetermined")
    lower, upper = (numbered_day(of[at]) for of in (change.lower, change.upper))
    return Onset(change.shape, days[at], lower, upper)
