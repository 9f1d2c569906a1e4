"""Days and runs of days."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.days import (
    DayRange,
    begins_twice,
    day_ranges,
    joined_ranges,
    parse_ascending_days,
    shifted,
)

DAYS = st.dates(date(2019, 12, 20), date(2020, 3, 10))


@given(st.sets(DAYS))
def test_ranges_hold_the_same_days(days: set[date]) -> None:
    assert [day for run in day_ranges(days) for day in run] == sorted(days)


@given(st.lists(DAYS))
def test_ranges_are_as_long_as_can_be(days: list[date]) -> None:
    ranges = day_ranges(days)
    assert all((b.first - a.last).days > 1 for a, b in pairwise(ranges))


def test_no_days_make_no_ranges() -> None:
    assert day_ranges([]) == ()


@given(DAYS, DAYS)
def test_a_range_is_read_as_it_is_written(a: date, b: date) -> None:
    days = DayRange(min(a, b), max(a, b))
    assert DayRange.parse(str(days)) == days


def test_a_range_counts_both_ends_and_a_leap_day() -> None:
    assert len(DayRange.parse("2020-02-01..2020-03-01")) == 30
    assert date(2020, 2, 29) in DayRange.parse("2020-02-29")


@pytest.mark.parametrize("text", ["", "..", "2020-02-30", "20200201", "2020-W05-1", "2020-02-02.."])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        DayRange.parse(text)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        DayRange(date(2020, 1, 2), date(2020, 1, 1))


def test_days_beyond_the_calendar_stop_at_its_ends() -> None:
    assert shifted(date(1, 1, 3), -7) == date.min
    assert shifted(date(9999, 12, 30), 7) == date.max


def test_days_of_a_list_come_one_after_the_other() -> None:
    days = (date(2024, 2, 29), date(2024, 3, 1))
    assert parse_ascending_days("2024-02-29, 2024-03-01") == days
    with pytest.raises(ValueError, match="2024-02-29 does not come after 2024-02-29"):
        parse_ascending_days("2024-02-29,2024-02-29")


@given(st.sets(DAYS), st.integers(1, 12))
def test_joined_ranges_are_few_hold_every_day_and_join_what_lies_nearest(days, most) -> None:
    ranges = day_ranges(days)
    joined = joined_ranges(ranges, most)
    assert len(joined) == min(most, len(ranges))
    assert all(any(day in one for one in joined) for day in days)
    gaps = sorted((after.first - before.last for before, after in pairwise(ranges)), reverse=True)
    kept = sorted((after.first - before.last for before, after in pairwise(joined)), reverse=True)
    assert kept == gaps[: len(kept)]


def test_joined_ranges_are_one_at_least() -> None:
    with pytest.raises(ValueError, match="at least one"):
        joined_ranges((), 0)


@pytest.mark.parametrize(
    ("day", "zone", "twice"),
    [
        (date(2026, 11, 1), "America/Havana", True),  # back from 1:00 to 0:00
        (date(2018, 11, 4), "America/Sao_Paulo", True),  # on from 0:00 to 1:00
        (date(2011, 12, 30), "Pacific/Apia", True),  # a day that was left out
        (date(2006, 10, 29), "America/St_Johns", True),  # back from 0:01 to 23:01
        (date(2026, 11, 1), "America/New_York", False),  # back from 2:00 to 1:00
        (date.min, "Asia/Tokyo", False),
        (date.max, "America/New_York", False),
    ],
)
def test_a_day_begins_twice_or_never_where_clocks_are_set_over_midnight(
    day: date, zone: str, twice: bool
) -> None:
    assert begins_twice(day, zone) == twice
