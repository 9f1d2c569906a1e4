"""Days that should have data by now but do not, and the age of the newest data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from modelwatch.model.days import shifted
from modelwatch.model.plain_text import counted
from modelwatch.model.sources.schedule import Irregular, Schedule, learned_schedule, met, slack_days

LOOKBACK_DAYS = 30
"""Number of days before the as-of day in which gaps are reported."""
LOOKBACK_BATCHES = 2
"""Number of batches before the as-of day in which gaps are reported, if batches are farther
apart."""
MOST_OVERDUE_DAYS = 400
"""Maximum number of overdue days that are listed for a table that has stopped."""


def missing_days(
    held: Collection[date],
    as_of: date,
    late_days: int,
    holidays: Collection[date] = (),
) -> tuple[date, ...]:
    """Overdue days before ``as_of``, ascending.

    ``held``: the days with data; those from ``as_of`` on do not count. The expected days follow
    from the schedule of the days with data, which is learned backward from the newest one, so a
    table that has stopped keeps its schedule. A day is overdue if it is more than ``late_days``
    before the day before the as-of day: every expected day since the newest day with data, and gaps
    before it in the last weeks or batches. ``holidays`` are not expected.
    """
    known = {day for day in held if day < as_of}
    schedule = learned_schedule(known, holidays)
    if schedule is None:
        return ()
    newest = max(known)
    overdue = as_of - timedelta(days=1 + late_days)
    stale = overdue - timedelta(days=slack_days(known))
    off = frozenset(holidays)
    first = max(min(known), min(_lookback_start(schedule, newest, as_of), newest))
    expected = [
        day for day in schedule.days(first, shifted(as_of, LOOKBACK_DAYS)) if day not in off
    ]
    missing = [
        day
        for day in expected
        if day <= (stale if day > newest else overdue) and not met(day, expected, known)
    ]
    return tuple(missing[-MOST_OVERDUE_DAYS:])


def _lookback_start(schedule: Schedule, newest: date, as_of: date) -> date:
    """The first day for which gaps before the newest day with data are reported."""
    first = shifted(as_of, -LOOKBACK_DAYS)
    if isinstance(schedule, Irregular):
        return newest
    before = schedule.days(shifted(newest, -MOST_OVERDUE_DAYS), newest)
    return min([first, *before[-1 - LOOKBACK_BATCHES :][:1]])


@dataclass(frozen=True)
class TableAge:
    """The age of the newest data of a table.

    ``newest``: the newest day with rows; None without one. ``is_known``: whether the days of the
    table are known. ``overdue``: number of days since then that should have rows by now, by the
    ``schedule``. ``due_days``: for labels, the days after which they are due.
    """

    role: str
    newest: date | None
    overdue: int = 0
    schedule: str | None = None
    due_days: int = 0
    is_known: bool = True


def table_age(
    role: str,
    held: Collection[date] | None,
    as_of: date,
    late_days: int,
    *,
    holidays: Collection[date] = (),
    due_days: int = 0,
) -> TableAge:
    """The age of a table's data as of a day; rows are due ``due_days`` after their day.

    ``held``: its days with rows, None where they are not known.
    """
    if held is None:
        return TableAge(role, None, due_days=due_days, is_known=False)
    known = {day for day in held if day < as_of}
    if not known:
        return TableAge(role, None, due_days=due_days)
    newest = max(known)
    missing = missing_days(known, shifted(as_of, -due_days), late_days, holidays)
    schedule = learned_schedule(known, holidays)
    return TableAge(
        role,
        newest,
        sum(day > newest for day in missing),
        None if schedule is None else schedule.words,
        due_days,
    )


def age_summary(ages: Collection[TableAge], as_of: date) -> str:
    """The age of the newest data of each table, in one line."""
    return "; ".join(_age_sentence(age, as_of) for age in ages)


def _age_sentence(age: TableAge, as_of: date) -> str:
    if not age.is_known:
        return f"{age.role}: days are unknown"
    if age.newest is None:
        return f"{age.role}: no day with rows before {as_of}"
    days = (as_of - age.newest).days
    wording = f"{age.role}: newest day {age.newest}, {counted(days, 'day')} old"
    if age.due_days:
        wording += f" (due after {age.due_days})"
    if age.overdue:
        batches = f"{counted(age.overdue, 'expected day')} without rows"
        wording += f", {batches} since ({age.schedule})"
    return wording
