"""Days that should have data by now and have none, and how old the newest data are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from modelwatch.model.days import shifted
from modelwatch.model.sources.schedule import Irregular, Schedule, learned_schedule, met, slack_days

LOOK_BACK_DAYS = 30
"""Days before the as-of day in which gaps are reported: older ones are no news."""
LOOK_BACK_BATCHES = 2
"""Batches before the as-of day in which they are, where these are further apart."""
MOST_OVERDUE_DAYS = 400
"""Newest overdue days that are listed of a table that has stopped."""


def missing_days(
    held: Collection[date],
    as_of: date,
    late_days: int,
    holidays: Collection[date] = (),
) -> tuple[date, ...]:
    """Days before ``as_of`` that are overdue, ascending.

    ``held`` are the days with data; those from ``as_of`` on do not count. Which days are expected
    is the schedule of the days with data, learned from the newest of them backward, so that a table
    that has stopped does not change it. A day is overdue when it is more than ``late_days`` before
    the as-of day's eve: each one since the newest day with data, however long ago that is, and of
    the gaps before it those of the last weeks or batches. ``holidays`` are not expected.
    """
    known = {day for day in held if day < as_of}
    schedule = learned_schedule(known, holidays)
    if schedule is None:
        return ()
    newest = max(known)
    overdue = as_of - timedelta(days=1 + late_days)
    stale = overdue - timedelta(days=slack_days(known))
    off = frozenset(holidays)
    since = max(min(known), min(_look_back(schedule, newest, as_of), newest))
    expected = [
        day for day in schedule.days(since, shifted(as_of, LOOK_BACK_DAYS)) if day not in off
    ]
    missing = [
        day
        for day in expected
        if day <= (stale if day > newest else overdue) and not met(day, expected, known)
    ]
    return tuple(missing[-MOST_OVERDUE_DAYS:])


def _look_back(schedule: Schedule, newest: date, as_of: date) -> date:
    """The first day in which gaps before the newest day with data are reported."""
    first = shifted(as_of, -LOOK_BACK_DAYS)
    if isinstance(schedule, Irregular):
        return newest
    before = schedule.days(shifted(newest, -MOST_OVERDUE_DAYS), newest)
    return min([first, *before[-1 - LOOK_BACK_BATCHES :][:1]])


@dataclass(frozen=True)
class TableAge:
    """How old the newest data of a table are.

    ``newest``: the newest day with rows, None where there is none; ``is_known``: whether the days
    of the table are known. ``overdue``: days since then that should have rows by now, by the
    ``schedule``. ``due_days``: days after which rows are due, of labels.
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
    """How old the newest data are, table by table, in one line."""
    return "; ".join(_age_sentence(age, as_of) for age in ages)


def _age_sentence(age: TableAge, as_of: date) -> str:
    if not age.is_known:
        return f"{age.role}: days are unknown"
    if age.newest is None:
        return f"{age.role}: no day with rows before {as_of}"
    days = (as_of - age.newest).days
    wording = f"{age.role}: newest day {age.newest}, {days} day{'s' * (days != 1)} old"
    if age.due_days:
        wording += f" (due after {age.due_days})"
    if age.overdue:
        batches = f"{age.overdue} expected day{'s' * (age.overdue != 1)} without rows"
        wording += f", {batches} since ({age.schedule})"
    return wording
