"""Days and ranges of days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_day(text: str) -> date:
    """The day written as YYYY-MM-DD; ValueError for anything else."""
    if not _ISO_DAY.fullmatch(text):
        raise ValueError(f"{text!r} is not a day such as 2013-02-08")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not in the calendar") from None


def parse_ascending_days(text: str) -> tuple[date, ...]:
    """Days written as YYYY-MM-DD and separated by commas; ValueError unless they ascend."""
    days = tuple(parse_day(part.strip()) for part in text.split(","))
    for before, day in pairwise(days):
        if day <= before:
            raise ValueError(f"{day} does not come after {before}")
    return days


def shifted(day: date, days: int) -> date:
    """The day a number of days later (earlier if negative), limited to the range of the
    calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def begins_twice(day: date, time_zone: str) -> bool:
    """Whether midnight of a day occurs twice or not at all because of a clock change."""
    midnight = datetime.combine(day, time(), ZoneInfo(time_zone))
    return midnight.utcoffset() != midnight.replace(fold=1).utcoffset()


@dataclass(frozen=True, order=True)
class DayRange:
    """A range of days from ``first`` to ``last``, inclusive; ValueError if it is empty."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Rejects a range that ends before it begins."""
        if self.last < self.first:
            raise ValueError(f"ends on {self.last}, before it begins on {self.first}")

    @classmethod
    def parse(cls, text: str) -> DayRange:
        """The range written as ``2013-01-01..2013-01-31``, or as a single day; otherwise
        ValueError."""
        first, dots, last = text.partition("..")
        start = parse_day(first.strip())
        return cls(start, parse_day(last.strip()) if dots else start)

    def __contains__(self, day: date) -> bool:
        """Whether the day is in the range."""
        return self.first <= day <= self.last

    def __len__(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        """Its days in order."""
        return (self.first + timedelta(days=i) for i in range(len(self)))

    def __str__(self) -> str:
        """The text that ``parse`` reads."""
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"


def day_ranges(days: Iterable[date]) -> tuple[DayRange, ...]:
    """The longest ranges of consecutive days, in order; repeated days count once."""
    ranges: list[DayRange] = []
    for day in sorted(set(days)):
        if ranges and (day - ranges[-1].last).days == 1:
            ranges[-1] = DayRange(ranges[-1].first, day)
        else:
            ranges.append(DayRange(day, day))
    return tuple(ranges)


def joined_ranges(ranges: Sequence[DayRange], most: int) -> tuple[DayRange, ...]:
    """At most ``most`` ranges that contain all days of the given ones, which ascend and are
    disjoint.

    The closest ranges are merged, including the days between them. ValueError if ``most`` is below
    1.
    """
    if most < 1:
        raise ValueError("at least one range is needed")
    if len(ranges) <= most:
        return tuple(ranges)
    gaps = [(after.first - before.last).days for before, after in pairwise(ranges)]
    widest = sorted(range(len(gaps)), key=lambda at: gaps[at], reverse=True)[: most - 1]
    cuts = [0, *(at + 1 for at in sorted(widest)), len(ranges)]
    return tuple(
        DayRange(ranges[start].first, ranges[stop - 1].last) for start, stop in pairwise(cuts)
    )
