"""The size of a source table by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class DayFiles:
    """Files whose rows lie between two days: their number, bytes, and rows (None if unknown)."""

    first: date
    last: date
    files: int
    bytes: int
    rows: int | None


@dataclass(frozen=True)
class DayVolume:
    """Files, bytes, and rows of some days; rows None if the table does not know them."""

    files: int
    bytes: int
    rows: int | None


def days_between(first: date, last: date) -> list[date]:
    """All days from one to another, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
