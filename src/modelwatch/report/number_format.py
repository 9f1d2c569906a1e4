"""Numbers for people: three significant digits, days, and short counts."""

from __future__ import annotations

import math
from datetime import date

from modelwatch.stats.instants import text_of
from modelwatch.stats.numerals import brief
from modelwatch.stats.profile.metric import Unit

NONE = "–"
"""Placeholder for an unknown value."""
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def three_digits(value: float | None) -> str:
    """A number with three significant digits, without an exponent between 0.0001 and a million."""
    if value is None or not math.isfinite(value):
        return NONE if value is None or math.isnan(value) else ("∞" if value > 0 else "−∞")
    return brief(value).replace("-", "−")


def value_text(value: float | None, unit: Unit) -> str:
    """A value of a feature: a date, a timestamp to the minute, or a number with three digits."""
    text = None if value is None else text_of(value, unit)
    return three_digits(value) if text is None else text[: len("2013-02-07 00:00")]


def signed(value: float | None) -> str:
    """The same, with its sign."""
    if value is None or math.isnan(value):
        return NONE
    return f"+{three_digits(value)}" if value > 0 else three_digits(value)


def percent(share: float | None) -> str:
    """A share as a percentage with at most three significant digits."""
    if share is None or math.isnan(share):
        return NONE
    size = abs(share) * 100
    if 0 < size < 0.01:
        return "<0.01%" if share > 0 else "−<0.01%"
    return f"{three_digits(round(share * 100, 2))}%"


def short_count(value: float | None) -> str:
    """A count: in full below 10,000, then as 12.3k or 4.56M."""
    if value is None or math.isnan(value):
        return NONE
    if abs(value) < 10_000:
        return f"{value:,.0f}".replace("-", "−")
    for size, unit in _UNITS:
        if abs(value) >= size * 0.9995:
            return f"{three_digits(value / size)}{unit}"
    return three_digits(value)


def times(effect: float | None) -> str:
    """An effect as a multiple of the threshold."""
    return NONE if effect is None else f"{three_digits(effect)}×"


def duration_text(seconds: float | None) -> str:
    """A duration in its two largest units."""
    if seconds is None:
        return NONE
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def day_text(day: date | None) -> str:
    """A day as Feb 7, 2013."""
    return NONE if day is None else f"{day:%b} {day.day}, {day.year}"


def span_text(first: date, last: date) -> str:
    """A range of days, without repeating common parts."""
    if first == last:
        return day_text(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%b} {first.day}–{last.day}, {last.year}"
    if first.year == last.year:
        return f"{first:%b} {first.day} – {last:%b} {last.day}, {last.year}"
    return f"{day_text(first)} – {day_text(last)}"


def ago(days: int) -> str:
    """A number of days before the report, in words."""
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days} days ago"


def capital(text: str) -> str:
    """A text with a capital first letter."""
    return text[:1].upper() + text[1:]
