"""Find the typical days of a table as a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil
from statistics import median

import numpy as np

from modelwatch.model.days import DayRange, shifted
from modelwatch.model.plain_text import counted
from modelwatch.model.planning.window_specs import CALENDAR_DAYS
from modelwatch.model.planning.window_volumes import average_volume, chosen_windows
from modelwatch.model.verdicts.options import Verdicts
from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.diagnosis.changepoint import change_point

REFERENCE_DAYS = 28
"""Minimum days of a typical stretch, if the table has enough."""
REFERENCE_BATCHES = 8
"""Days with rows of a reference for a table with few of them."""
_REFERENCE_WINDOWS = 12
"""Maximum judged windows of a typical stretch, and weeks if windows are shorter: a longer one
covers seasons. Months of few rows show only over a year how much they differ."""
_NEWEST_DAYS = 28
_NEWEST_WINDOWS = 4
"""Newest days and judged windows left for comparison, or a quarter of all days if that is less."""
_SETTLED_SHARE = 0.2
"""Share of a day's usual rows below which days belong to a launch or are incomplete."""
_MATTERS = {"rows": 0.3, "mean": 0.25, "share": 0.03}
"""Changes that split a stretch: of rows as a share, of means in standard deviations, of shares."""
_HISTORY_DAYS = 250
"""Newest days in which a stretch is searched for, if windows of a week or less are judged."""
_FEWEST_DAYS = 14
"""Days below which no stretch is searched for."""


@dataclass(frozen=True)
class DailyMetric:
    """A daily metric of a table.

    ``kind`` is 'rows', 'mean' (in standard deviations of a row), or 'share'. ``name`` is its name
    in sentences.
    """

    name: str
    kind: str
    by_day: Mapping[date, float]


@dataclass(frozen=True)
class Typical:
    """Typical days, and why they are typical; ``changes`` has days of changes and what changed."""

    days: DayRange | None
    why: str
    changes: tuple[tuple[date, str], ...] = ()
    grows: bool = False


def typical_days(
    rows_by_day: Mapping[date, int],
    metrics: Sequence[DailyMetric] = (),
    labels_until: date | None = None,
) -> Typical:
    """Return the longest recent stretch of days without a change.

    ``rows_by_day`` are those of the inputs. ``metrics`` are daily metrics other than the number of
    rows. ``labels_until`` is the last day whose labels are due. A stretch has whole weeks. The
    newest days are left for comparison: several windows of the shortest kind that has enough rows
    to be judged. Tables of few days have a growing reference (``grows``).
    """
    present = sorted(day for day, rows in rows_by_day.items() if rows > 0)
    if len(present) < REFERENCE_BATCHES:
        held = counted(len(present), "day")
        wording = f"The inputs have {held} with rows so far: the reference grows."
        return Typical(None, wording if present else "", grows=True)
    days = DayRange(present[0], present[-1])
    batches = REFERENCE_BATCHES * (len(days) - 1) / (len(present) - 1)
    wanted = max(REFERENCE_DAYS, 7 * ceil(batches / 7))
    judged = _judged_days(rows_by_day)
    windows = ceil(_NEWEST_WINDOWS * judged)
    left = min(max(_NEWEST_DAYS, windows), len(days) // 4)
    newest = shifted(days.last, -left)
    due = labels_until is not None and labels_until < newest
    until = max(labels_until, present[0]) if due and labels_until is not None else newest
    recent = present[-searched_days(rows_by_day) :]
    changes = _changes(rows_by_day, metrics, recent)
    first = _settled(rows_by_day, recent)
    stretches = _stretches(first, until, [day for day, _ in changes])
    if not stretches:
        half = DayRange(days.first, shifted(days.first, max(1, len(days) // 2) - 1))
        return Typical(half, "The first half of the days: later labels are not due.", changes)
    long = [stretch for stretch in stretches if len(stretch) >= wanted]
    chosen = long[-1] if long else max(stretches, key=len)
    longest = max(int(_REFERENCE_WINDOWS * max(7.0, judged)), wanted)
    weeks = min(len(chosen), longest) // 7 * 7 or len(chosen)
    reference = DayRange(shifted(chosen.last, 1 - weeks), chosen.last)
    return Typical(reference, _why(reference, chosen, until, newest, due, changes), changes)


def searched_days(rows_by_day: Mapping[date, int]) -> int:
    """Return the number of newest days in which a stretch is searched for."""
    windows = _NEWEST_WINDOWS + _REFERENCE_WINDOWS
    return max(_HISTORY_DAYS, ceil(windows * _judged_days(rows_by_day)))


def _judged_days(rows_by_day: Mapping[date, int]) -> float:
    """Return the days of the shortest calendar window that is judged; 0 if none is."""
    held = {day: rows for day, rows in rows_by_day.items() if rows > 0}
    if not held:
        return 0.0
    volume = average_volume(sum(held.values()), len(held), DayRange(min(held), max(held)))
    chosen = chosen_windows(volume, Verdicts().min_rows)
    return CALENDAR_DAYS.get(chosen[0], 0.0)


def _why(
    reference: DayRange,
    stretch: DayRange,
    until: date,
    newest: date,
    due: bool,
    changes: Sequence[tuple[date, str]],
) -> str:
    before = [what for day, what in changes if day == stretch.first]
    after = [what for day, what in changes if day == shifted(stretch.last, 1)]
    wording = f"The newest {len(reference)} days without a change"
    if after:
        wording += f" before {shifted(stretch.last, 1)}, when {after[0]} changed"
    elif due and stretch.last == until:
        wording += " whose labels are due"
    else:
        wording += f", up to {newest}; later days are left for comparison"
    earlier = f" On {stretch.first}, {before[0]} changed." if before else ""
    return f"{wording}.{earlier}"


def _settled(rows_by_day: Mapping[date, int], present: Sequence[date]) -> date:
    usual = median(rows_by_day[day] for day in present)
    return next(day for day in present if rows_by_day[day] >= _SETTLED_SHARE * usual)


def _stretches(first: date, until: date, cuts: Sequence[date]) -> list[DayRange]:
    if until < first:
        return []
    edges = [first, *sorted({day for day in cuts if first < day <= until}), shifted(until, 1)]
    return [DayRange(start, shifted(stop, -1)) for start, stop in pairwise(edges)]


def _changes(
    rows_by_day: Mapping[date, int], metrics: Sequence[DailyMetric], present: Sequence[date]
) -> tuple[tuple[date, str], ...]:
    """Return the days on which a metric changed by more than chance, and materially."""
    if len(present) < _FEWEST_DAYS:
        return ()
    rows = DailyMetric("the number of rows", "rows", {d: float(rows_by_day[d]) for d in present})
    found: dict[date, list[str]] = {}
    for metric in (rows, *metrics):
        for day in _changes_of(metric, present):
            found.setdefault(day, []).append(metric.name)
    return tuple((day, _listed(names)) for day, names in sorted(found.items()))


def _listed(names: Sequence[str]) -> str:
    return (
        names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, 'other metric')}"
    )


def _changes_of(metric: DailyMetric, present: Sequence[date]) -> list[date]:
    values = np.array([metric.by_day.get(day, np.nan) for day in present], dtype=np.float64)
    numbers = np.array([day.toordinal() for day in present], dtype=np.int64)
    if metric.kind == "rows":
        values = _without_weekdays(np.log(np.maximum(values, 1.0)), numbers)
    if np.nanmax(values, initial=-np.inf) == np.nanmin(values, initial=np.inf):
        return []
    found = change_point(values, numbers)
    if found.shape not in ("step", "steps", "ramp"):
        return []
    least = np.log1p(_MATTERS["rows"]) if metric.kind == "rows" else _MATTERS[metric.kind]
    if found.shape == "ramp":
        moved = abs(found.levels[-1] - found.levels[0]) >= least
        days = [found.days[0] + 1, found.days[-1]]
        return [date.fromordinal(day) for day in days] if moved else []
    steps = zip(found.days, pairwise(found.levels), strict=True)
    return [date.fromordinal(day) for day, (a, b) in steps if abs(b - a) >= least]


def _without_weekdays(values: Floats, numbers: Counts) -> Floats:
    """Return the values minus the median of their weekday, if each weekday has several."""
    weekday = numbers % 7
    moved = values.copy()
    for one in range(7):
        same = weekday == one
        if same.sum() >= 3:
            moved[same] -= np.nanmedian(values[same]) - np.nanmedian(values)
    return moved
