"""Scales from values to places of a picture, and the ticks beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """A linear scale: ``low`` to ``high`` is drawn from ``start`` to ``end``, no value beyond.

    Places are rounded to ``digits`` after the point.
    """

    low: float
    high: float
    start: float
    end: float
    digits: int = 1

    def __call__(self, value: float) -> float:
        """The place of a value, at an end for one beyond it."""
        width = self.high - self.low
        share = 0.5 if width <= 0 else (value - self.low) / width
        place = self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)
        return round(place, self.digits)


def fitted(
    values: Iterable[float | None],
    start: float,
    end: float,
    *,
    zero: bool = False,
    within: tuple[float, float] | None = None,
    digits: int = 1,
) -> Scale:
    """A scale that holds all finite values with some air, and zero if asked.

    ``within``: bounds that no value of this kind can pass, such as 0 and 1 of a share.
    """
    known = [v for v in values if v is not None and math.isfinite(v)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    air = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    bottom = low if zero and low == 0 else low - air
    top = high if zero and high == 0 else high + air
    if within is not None:
        bottom, top = max(bottom, min(within[0], low)), min(top, max(within[1], high))
    return Scale(bottom, top, start, end, digits)


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round values between two ends, at most so many."""
    width = high - low
    if not (width > 0 and math.isfinite(width)):
        return [low] if math.isfinite(low) else []
    power = 10.0 ** math.floor(math.log10(width / most))
    step = next(s * power for s in (*_STEPS, 20.0, 50.0) if width / (s * power) <= most)
    first = math.ceil(low / step - 1e-9)
    found = [n * step for n in range(first, first + most + 2)]
    return [round(v, 12) for v in found if v <= high + step * 1e-9]


def day_ticks(first: date, last: date, most: int = 8) -> list[tuple[date, str]]:
    """Days to mark between two days, with what is written there."""
    days = (last - first).days + 1
    if days <= most:
        return [
            (first + timedelta(days=n), f"{(first + timedelta(days=n)).day}") for n in range(days)
        ]
    if days <= 7 * most:
        start = first + timedelta(days=-first.weekday() % 7)
        weeks = [start + timedelta(days=7 * n) for n in range(most + 1)]
        return [(day, f"{day:%b} {day.day}") for day in weeks if day <= last]
    months = _months(first, last)
    step = next(s for s in (1, 2, 3, 6, 12, 24, 60) if len(months) / s <= most or s == 60)
    chosen = [day for day in months if (day.year * 12 + day.month - 1) % step == 0]
    # A label at the last days would not fit.
    fitting = [day for day in chosen if (last - day).days * 40 >= days]
    return [(day, f"{day:%b}" if day.month > 1 else f"{day:%Y}") for day in fitting]


def _months(first: date, last: date) -> Sequence[date]:
    found, year, month = [], first.year, first.month
    while date(year, month, 1) <= last:
        found.append(date(year, month, 1))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return [day for day in found if day >= first]
