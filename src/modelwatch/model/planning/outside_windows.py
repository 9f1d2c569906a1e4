"""New rows that belong to no window, and whether they matter."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Literal, get_args

from modelwatch.model.sources.health import HealthRow

Cause = Literal["missing_time", "partition_mismatch", "future_time"]
"""Why a row belongs to no window: it has no valid day, its partition is more than one day from its
time, or its day is after the as-of day. The first cause that applies counts."""
_FEWEST_ROWS = 5
"""Number of rows below which a share is a warning instead of a failure."""
OUTSIDE_WORDS: Mapping[str, str] = {
    "missing_time": "have no day: their time is null or outside the years 1 to 9999",
    "partition_mismatch": "are in a partition more than one day from their time and are not read",
    "future_time": "are dated after the as-of day",
}
"""What is wrong with rows, by cause."""
OUTSIDE_BRIEFLY: Mapping[str, str] = {
    "missing_time": "have no valid time",
    "partition_mismatch": "are in a wrong partition",
    "future_time": "are dated in the future",
}
"""The same in a few words, for the sentence of an incident."""
_LATER = "because they were written on a later day and continue the series"


@dataclass(frozen=True)
class Outside:
    """Rows with one cause, and examples with their day, partition, and file."""

    rows: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrived:
    """The rows in the files of a table that were written since a version, including those that
    belong to no window.

    ``rows`` is None if unknown, for the ``reason``. ``future``: rows by day after the as-of day.
    ``written``: the day of the newest file. ``partitioned``: whether a partition column is
    configured that may contradict the time.
    """

    role: str
    rows: int | None
    outside: Mapping[Cause, Outside] = field(default_factory=dict)
    future: Mapping[date, int] = field(default_factory=dict)
    written: date | None = None
    partitioned: bool = False
    reason: str | None = None

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes that are checked."""
        every: tuple[Cause, ...] = get_args(Cause)
        return tuple(c for c in every if self.partitioned or c != "partition_mismatch")


def outside_rows(
    arrived: Arrived, held: Collection[date], as_of: date, threshold: float | None
) -> Iterator[HealthRow]:
    """One row per cause: its share of the new rows, judged by the threshold.

    No row if nothing arrived; the last verdict then still applies. ``held``: days of the table with
    rows. Days after the as-of day are judged only if no later run expects them (see
    ``stray_rows``).
    """
    for cause in arrived.causes if arrived.rows != 0 else ():
        if arrived.rows is None:
            wording = arrived.reason
            yield HealthRow(arrived.role, cause, "undefined", subject=arrived.role, reason=wording)
            continue
        found = arrived.outside.get(cause, Outside(0))
        judged = found.rows
        if cause == "future_time":
            judged = stray_rows(arrived.future, held, as_of, arrived.written)
        share = judged / arrived.rows
        beyond = threshold is not None and share >= threshold
        reason = (
            f"{found.rows} of {arrived.rows} rows {OUTSIDE_WORDS[cause]}" if found.rows else None
        )
        if reason is not None and judged < found.rows:
            later = found.rows - judged
            which = f"{later} of them" if judged else "them"
            reason += f"; a later run reads {which}, {_LATER}"
        yield HealthRow(
            arrived.role,
            cause,
            "pass" if not beyond else "fail" if judged >= _FEWEST_ROWS else "warn",
            subject=arrived.role,
            expected=f"0 of {arrived.rows} rows",
            observed=f"{found.rows} of {arrived.rows} rows",
            value=share,
            onset=as_of if beyond else None,
            reason=reason,
            threshold=threshold,
            examples=found.examples,
        )


def stray_rows(
    future: Mapping[date, int], held: Collection[date], as_of: date, written: date | None
) -> int:
    """Rows of days after the as-of day that no later run expects.

    A day is expected if its rows were written on it or later, as in a run as of a past day, and if
    it follows another day with rows as closely as days of this table do.
    """
    before = sorted(day for day in held if day <= as_of)
    gaps = [(later - earlier).days for earlier, later in pairwise(before)]
    usual = max(1.0, median(gaps)) if gaps else 1.0
    known = sorted({*before, *future})
    near = {
        day
        for earlier, later in pairwise(known)
        if (later - earlier).days <= usual
        for day in (earlier, later)
    }
    return sum(
        rows
        for day, rows in future.items()
        if written is None or day > written or (day < written and day not in near)
    )
