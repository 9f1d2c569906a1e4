"""Which days of a table are typical, to compare others with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil
from statistics import median

import numpy as np

from modelwatch.model.days import DayRange, shifted
from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.diagnosis.changepoint import change_point

REFERENCE_DAYS = 28
"""Fewest days of a typical stretch, where the table has enough."""
REFERENCE_BATCHES = 8
"""Days with rows that a reference holds, of a table that has few of them."""
_LONGEST_DAYS = 84
"""Days of a typical stretch at most: a longer one covers seasons."""
_NEWEST_DAYS = 28
"""Newest days that are left to be compared, or a quarter of all, whichever is less."""
_SETTLED_SHARE = 0.2
"""Share of the usual rows of a day below which days are a launch, or under way."""
_MATTERS = {"rows": 0.3, "mean": 0.25, "share": 0.03}
"""Changes that split a stretch: of rows as a share, of means in standard deviations, of shares."""
HISTORY_DAYS = 250
"""Newest days with rows in which a stretch is sought."""
_FEWEST_DAYS = 14
"""Days below which no stretch is sought."""


@dataclass(frozen=True)
class DailyFigure:
    """A figure of each day of a table.

    ``kind``: 'rows', 'mean' (in standard deviations of a row) or 'share'. ``name`` is what the
    figure is called in a sentence.
    """

    name: str
    kind: str
    by_day: Mapping[date, float]


@dataclass(frozen=True)
class Typical:
    """Days that are typical, and why; ``changes``: days of changes and what changed."""

    days: DayRange | None
    why: str
    changes: tuple[tuple[date, str], ...] = ()
    grows: bool = False


def typical_days(
    rows_by_day: Mapping[date, int],
    figures: Sequence[DailyFigure] = (),
    labels_until: date | None = None,
) -> Typical:
    """The longest recent stretch of days without a change.

    ``rows_by_day``: of the inputs. ``figures``: daily figures beside the number of rows.
    ``labels_until``: the last day whose labels are due. A stretch has whole weeks. The newest days
    are left to be compared with it. Tables of few days have a reference that grows (``grows``).
    """
    present = sorted(day for day, rows in rows_by_day.items() if rows > 0)
    if len(present) < REFERENCE_BATCHES:
        wording = f"The inputs have {len(present)} days with rows so far: the reference grows."
        return Typical(None, wording if present else "", grows=True)
    days = DayRange(present[0], present[-1])
    batches = REFERENCE_BATCHES * (len(days) - 1) / (len(present) - 1)
    wanted = max(REFERENCE_DAYS, 7 * ceil(batches / 7))
    left = min(_NEWEST_DAYS, len(days) // 4)
    newest = shifted(days.last, -left)
    due = labels_until is not None and labels_until < newest
    until = max(labels_until, present[0]) if due and labels_until is not None else newest
    recent = present[-HISTORY_DAYS:]
    changes = _changes(rows_by_day, figures, recent)
    first = _settled(rows_by_day, recent)
    stretches = _stretches(first, until, [day for day, _ in changes])
    if not stretches:
        half = DayRange(days.first, shifted(days.first, max(1, len(days) // 2) - 1))
        return Typical(half, "The first half of the days: labels of none later are due.", changes)
    long = [stretch for stretch in stretches if len(stretch) >= wanted]
    chosen = long[-1] if long else max(stretches, key=len)
    weeks = min(len(chosen), max(_LONGEST_DAYS, wanted)) // 7 * 7 or len(chosen)
    reference = DayRange(shifted(chosen.last, 1 - weeks), chosen.last)
    return Typical(reference, _why(reference, chosen, until, newest, due, changes), changes)


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
        wording += ", of those whose labels are due"
    else:
        wording += f", without those after {newest}, which are left to be compared"
    if before:
        wording += f"; on {stretch.first}, {before[0]} changed"
    return f"{wording}."


def _settled(rows_by_day: Mapping[date, int], present: Sequence[date]) -> date:
    usual = median(rows_by_day[day] for day in present)
    return next(day for day in present if rows_by_day[day] >= _SETTLED_SHARE * usual)


def _stretches(first: date, until: date, cuts: Sequence[date]) -> list[DayRange]:
    if until < first:
        return []
    edges = [first, *sorted({day for day in cuts if first < day <= until}), shifted(until, 1)]
    return [DayRange(start, shifted(stop, -1)) for start, stop in pairwise(edges)]


def _changes(
    rows_by_day: Mapping[date, int], figures: Sequence[DailyFigure], present: Sequence[date]
) -> tuple[tuple[date, str], ...]:
    """Days on which a figure changed by more than chance, and so much that it matters."""
    if len(present) < _FEWEST_DAYS:
        return ()
    rows = DailyFigure("the number of rows", "rows", {d: float(rows_by_day[d]) for d in present})
    found: dict[date, list[str]] = {}
    for figure in (rows, *figures):
        for day in _changes_of(figure, present):
            found.setdefault(day, []).append(figure.name)
    return tuple((day, _listed(names)) for day, names in sorted(found.items()))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more figures"


def _changes_of(figure: DailyFigure, present: Sequence[date]) -> list[date]:
    values = np.array([figure.by_day.get(day, np.nan) for day in present], dtype=np.float64)
    numbers = np.array([day.toordinal() for day in present], dtype=np.int64)
    if figure.kind == "rows":
        values = _without_weekdays(np.log(np.maximum(values, 1.0)), numbers)
    if np.nanmax(values, initial=-np.inf) == np.nanmin(values, initial=np.inf):
        return []
    found = change_point(values, numbers)
    if found.shape not in ("step", "steps", "ramp"):
        return []
    least = np.log1p(_MATTERS["rows"]) if figure.kind == "rows" else _MATTERS[figure.kind]
    if found.shape == "ramp":
        moved = abs(found.levels[-1] - found.levels[0]) >= least
        days = [found.days[0] + 1, found.days[-1]]
        return [date.fromordinal(day) for day in days] if moved else []
    steps = zip(found.days, pairwise(found.levels), strict=True)
    return [date.fromordinal(day) for day, (a, b) in steps if abs(b - a) >= least]


def _without_weekdays(values: Floats, numbers: Counts) -> Floats:
    """Values less the median of their weekday, where each has several."""
    weekday = numbers % 7
    moved = values.copy()
    for one in range(7):
        same = weekday == one
        if same.sum() >= 3:
            moved[same] -= np.nanmedian(values[same]) - np.nanmedian(values)
    return moved
