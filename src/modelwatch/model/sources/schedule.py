"""The schedule of a table's batches, learned from its days with rows."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from math import ceil, floor
from statistics import fmean, median, pstdev
from typing import Literal, Protocol

from modelwatch.model.days import shifted

RECENT_DAYS = 56
"""Minimum number of days before the newest one from which a schedule is learned."""
RECENT_BATCHES = 12
"""Minimum number of batches from which it is learned, if there are so many."""
REGULAR = 0.8
"""Agreement of observed and expected days from which a schedule is regular."""
SETTLED_GAPS = 6
"""Number of gaps between batches below which the next batch gets more time."""
ONE_BATCH_DAYS = 31
"""Days after which a second batch is overdue, because a single day does not show a schedule."""
FIRST_WEEKS_DAYS = 4
"""Days granted in the first two weeks of a table that does not have data every day."""
_SPARSE_DAYS = 3
"""Median gap between batches from which they may follow the days of the month."""
MOST_MONTH_DAYS = 8
_WEEK, _FORTNIGHT = 7, 14
_SATURDAY = 5
_MOST_PERIOD = 400

Roll = Literal["none", "next", "previous"]


class Schedule(Protocol):
    """The days on which a batch is expected."""

    def days(self, first: date, last: date) -> tuple[date, ...]:
        """Expected days from ``first`` to ``last``, inclusive, ascending."""

    @property
    def words(self) -> str:
        """The schedule in words, such as "every 14 days"."""


@dataclass(frozen=True)
class Weekdays:
    """The same days of every week, with Monday as 0."""

    weekdays: frozenset[int]

    def days(self, first: date, last: date) -> tuple[date, ...]:
        """Expected days of a range."""
        return tuple(day for day in _span(first, last) if day.weekday() in self.weekdays)

    @property
    def words(self) -> str:
        """The weekdays by name."""
        if len(self.weekdays) == _WEEK:
            return "every day"
        if self.weekdays == frozenset(range(_SATURDAY)):
            return "Monday to Friday"
        return "every " + ", ".join(calendar.day_name[day] for day in sorted(self.weekdays))


@dataclass(frozen=True)
class EveryDays:
    """Every ``period`` days, counted from a day with a batch."""

    period: int
    anchor: date

    def days(self, first: date, last: date) -> tuple[date, ...]:
        """Expected days of a range."""
        offset = -((self.anchor - first).days // -self.period) * self.period
        begin = self.anchor - timedelta(days=offset)
        while begin < first:
            begin += timedelta(days=self.period)
        return tuple(_span(begin, last, self.period))

    @property
    def words(self) -> str:
        """The period in words."""
        return f"every {self.period} days"


@dataclass(frozen=True)
class MonthDays:
    """The same days of every month; -1 is the last one.

    ``roll``: whether a day on a weekend moves to the next Monday or to the previous Friday.
    """

    numbers: frozenset[int]
    roll: Roll = "none"

    def days(self, first: date, last: date) -> tuple[date, ...]:
        """Expected days of a range."""
        found = {
            _rolled(_of_month(month, number), self.roll)
            for month in _months(shifted(first, -_WEEK), shifted(last, _WEEK))
            for number in self.numbers
        }
        return tuple(sorted(day for day in found if first <= day <= last))

    @property
    def words(self) -> str:
        """The days of the month in words."""
        names = {-1: "the last day", -2: "the last day but one", -3: "the last day but two"}
        ordered = sorted(self.numbers, key=lambda number: number % 100)
        named = [names.get(number, f"day {number}") for number in ordered]
        rolled = {"none": "", "next": ", or the Monday after", "previous": ", or the Friday before"}
        return f"{' and '.join(named)} of the month{rolled[self.roll]}"


@dataclass(frozen=True)
class MonthWeekday:
    """The nth weekday of every month; the last one for -1."""

    nth: int
    weekday: int

    def days(self, first: date, last: date) -> tuple[date, ...]:
        """Expected days of a range."""
        found = (self._of(month) for month in _months(first, last))
        return tuple(day for day in found if first <= day <= last)

    def _of(self, month: date) -> date:
        earliest = month + timedelta(days=(self.weekday - month.weekday()) % _WEEK)
        if self.nth > 0:
            return earliest + timedelta(weeks=self.nth - 1)
        length = calendar.monthrange(month.year, month.month)[1]
        return earliest + timedelta(weeks=(length - earliest.day) // _WEEK)

    @property
    def words(self) -> str:
        """The weekday of the month in words."""
        which = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}[self.nth]
        return f"the {which} {calendar.day_name[self.weekday]} of the month"


@dataclass(frozen=True)
class Irregular:
    """No schedule: a batch is expected within a number of days after the newest one."""

    newest: date
    longest_days: int

    def days(self, first: date, last: date) -> tuple[date, ...]:
        """The day by which the next batch is expected, and multiples of that time."""
        return EveryDays(self.longest_days, self.newest).days(
            max(first, shifted(self.newest, 1)), last
        )

    @property
    def words(self) -> str:
        """The longest usual gap in words."""
        return f"at irregular times, within {self.longest_days} days"


def learned_schedule(held: Collection[date], holidays: Collection[date] = ()) -> Schedule | None:
    """The schedule that best explains the newest observed days; None without any.

    Candidates are weekdays, every n days, days of the month (with or without moved weekends), and
    weekdays of the month. The best one has the highest agreement: days that are both observed and
    expected, divided by days that are either. Consecutive expected days without data count as one,
    so that an outage is not a schedule. Below an agreement of ``REGULAR``, the table is irregular.
    Only days before the newest one count, so a table that has stopped keeps its schedule.
    """
    if not held:
        return None
    ordered = sorted(held)
    newest = ordered[-1]
    if len(ordered) == 1:
        return Irregular(newest, ONE_BATCH_DAYS)
    gaps = _gaps(ordered)
    usual = median(gaps[-2 * RECENT_BATCHES :])
    span = max(RECENT_DAYS, ceil(RECENT_BATCHES * usual))
    start = max(ordered[0], shifted(newest, -span))
    observed = [day for day in ordered if day >= start]
    if len(observed) < 2:
        observed = ordered[-2:]
    off = frozenset(holidays)
    chosen: Schedule = Irregular(newest, _longest_usual(_gaps(observed)))
    best = REGULAR
    for candidate in _candidates(observed, usual):
        agreement = round(_agreement(candidate, observed, off), 6)
        # Among schedules that explain the days equally well, weekdays are preferred, then the one
        # with longer gaps.
        tied = agreement == best and not isinstance(chosen, Weekdays)
        if agreement > best or (tied and _wait(candidate, newest) > _wait(chosen, newest)):
            chosen, best = candidate, agreement
        if best == 1.0 and isinstance(chosen, Weekdays):
            break
    return chosen


def slack_days(held: Collection[date]) -> int:
    """Days that the next batch is granted while few batches have arrived."""
    ordered = sorted(held)
    gaps = _gaps(ordered)
    if not gaps or len(gaps) >= SETTLED_GAPS:
        return 0
    usual = median(gaps)
    # Two or three batches of the first weeks may look like weekdays; the longest gap may be yet to
    # come.
    first_weeks = usual > 1 and (ordered[-1] - ordered[0]).days < _FORTNIGHT
    return max(floor(usual / (2 * len(gaps))), FIRST_WEEKS_DAYS if first_weeks else 0)


def met(day: date, expected: Sequence[date], held: Collection[date]) -> bool:
    """Whether a batch arrived for each expected day, ascending: on it, or closer to it than to its
    neighbors, on a day of its own.

    A daily batch can only arrive on its own day.
    """
    if day in held:
        return True
    at = expected.index(day)
    sides = [abs((day - other).days) for other in expected[max(at - 1, 0) : at + 2] if other != day]
    reach = (min(sides, default=1) - 1) // 2
    taken = set(expected)
    near = (shifted(day, n) for n in range(-reach, reach + 1))
    return any(other in held and other not in taken for other in near)


def _candidates(observed: Sequence[date], usual: float) -> Iterator[Schedule]:
    yield _weekdays(observed)
    gaps = {gap for gap in _gaps(observed) if 1 < gap <= _MOST_PERIOD}
    for period in sorted(gaps):
        for anchor in observed[-3:]:
            yield EveryDays(period, anchor)
    if usual < _SPARSE_DAYS:
        return
    rolls: tuple[Roll, ...] = ("none", "next", "previous")
    for roll in rolls:
        numbers = _month_days(observed, roll)
        if numbers:
            yield MonthDays(numbers, roll)
    weekday, count = Counter(day.weekday() for day in observed).most_common(1)[0]
    if count >= REGULAR * len(observed):
        for nth in (1, 2, 3, 4, -1):
            yield MonthWeekday(nth, weekday)


def _weekdays(observed: Sequence[date]) -> Weekdays:
    """Weekdays with data in at least half of the weeks with data. Until two weeks have shown them,
    working days as well, and Saturdays if a Sunday had data."""
    first, last = observed[0], observed[-1]
    weeks = {day - timedelta(days=day.weekday()) for day in observed}
    held = set(observed)
    few = (last - first).days < _FORTNIGHT
    if few and any(day.weekday() > _SATURDAY for day in observed):
        return Weekdays(frozenset(range(_WEEK)))
    found = set()
    for weekday in range(_WEEK):
        of = [monday + timedelta(days=weekday) for monday in weeks]
        of = [day for day in of if first <= day <= last]
        if (of and 2 * sum(day in held for day in of) >= len(of)) or (few and weekday < _SATURDAY):
            found.add(weekday)
    return Weekdays(frozenset(found))


def _month_days(observed: Sequence[date], roll: Roll) -> frozenset[int]:
    """Days of the month that explain the observed days, the most frequent first."""
    first, last = observed[0], observed[-1]
    held = set(observed)
    shares: list[tuple[float, int, list[date]]] = []
    months = list(_months(first, last))
    for number in (*range(1, 29), -1, -2, -3):
        of_months = [_rolled(_of_month(month, number), roll) for month in months]
        days = [day for day in of_months if first <= day <= last]
        share = sum(day in held for day in days) / max(len(days), 1)
        if share >= 0.75:
            shares.append((share, number, days))
    shares.sort(key=lambda one: (-one[0], -len(one[2]), abs(one[1] - 0.5)))
    chosen: set[int] = set()
    explained: set[date] = set()
    for _, number, days in shares:
        if any(day in held and day not in explained for day in days):
            chosen.add(number)
            explained.update(days)
        if len(chosen) > MOST_MONTH_DAYS:
            return frozenset()
    return frozenset(chosen)


def _wait(schedule: Schedule, newest: date) -> int:
    """Days from the newest batch to the next one."""
    next_days = schedule.days(shifted(newest, 1), shifted(newest, _MOST_PERIOD))
    return (next_days[0] - newest).days if next_days else _MOST_PERIOD


def _agreement(schedule: Schedule, observed: Sequence[date], off: Collection[date]) -> float:
    held = set(observed)
    expected = [day for day in schedule.days(observed[0], observed[-1]) if day not in off]
    hits = sum(day in held for day in expected)
    misses = sum(not here for here, _ in groupby(day in held for day in expected))
    others = len(held) - hits
    return hits / (hits + misses + others)


def _longest_usual(gaps: Sequence[int]) -> int:
    """The longest gap except for outages, with a margin for varying gaps."""
    usual = median(gaps)
    typical = [gap for gap in gaps if gap <= 3 * usual] if len(gaps) >= SETTLED_GAPS - 1 else gaps
    return ceil(max(typical) * (1.0 + pstdev(typical) / fmean(typical)))


def _gaps(ordered: Sequence[date]) -> list[int]:
    return [(later - day).days for day, later in pairwise(ordered)]


def _span(first: date, last: date, step: int = 1) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range(0, (last - first).days + 1, step))


def _months(first: date, last: date) -> Iterable[date]:
    """The first days of the months in a range."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)


def _of_month(month: date, number: int) -> date:
    """A day of a month, 1 to 28, or counted from its end."""
    if number > 0:
        return month.replace(day=number)
    return month.replace(day=calendar.monthrange(month.year, month.month)[1] + 1 + number)


def _rolled(day: date, roll: Roll) -> date:
    beyond = day.weekday() - _SATURDAY + 1
    if roll == "none" or beyond <= 0:
        return day
    return shifted(day, 3 - beyond if roll == "next" else -beyond)
