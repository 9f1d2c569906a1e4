"""How much of a source table lies on which days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DayFiles:
    """Files whose rows lie between two days: their number, bytes and rows (None: not known)."""

    first: date
    last: date
    files: int
    bytes: int
    rows: int | None


@dataclass(frozen=True)
class DayVolume:
    """Files, bytes and rows of some days; rows None where the table does not tell."""

    files: int
    bytes: int
    rows: int | None
