"""Windows, the days of their references, and what a changed day touches."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.model.config.configuration import MonitorConfig, parse_config
from modelwatch.model.days import DayRange
from modelwatch.model.planning.reference_days import reference_days
from modelwatch.model.planning.window_changes import windows_touching
from modelwatch.model.planning.window_specs import Reference, WindowSpec
from modelwatch.model.planning.windows import Window, window_around, windows_of

FUTURE = date(2030, 1, 1)


def monitor(windows: str, references: str = "") -> MonitorConfig:
    return parse_config(
        "monitor: m\noutput: {path: o}\ninputs: {table: {path: i}, day: {column: d}}\n"
        f"references: [{{name: fixed, days: 2000-01-01}}{', ' if references else ''}{references}]\n"
        f"windows: {windows}\n",
        statistics={"psi"},
    )


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(i) for i in range(count)]


def touched(config: MonitorConfig, known: list[date], changed: list[date]) -> list[str]:
    windows = windows_touching(config, known, changed, FUTURE)
    return [f"{window.name} {window.days}" for window in windows]


@pytest.mark.parametrize(
    ("kind", "day", "window"),
    [
        ("day", "2020-02-29", "2020-02-29"),
        ("week", "2020-02-29", "2020-02-24..2020-03-01"),
        ("week", "2021-01-03", "2020-12-28..2021-01-03"),
        ("week", "2021-01-04", "2021-01-04..2021-01-10"),
        ("week", "2024-12-31", "2024-12-30..2025-01-05"),
        ("month", "2020-02-01", "2020-02-01..2020-02-29"),
        ("month", "2021-02-28", "2021-02-01..2021-02-28"),
        ("month", "1900-02-28", "1900-02-01..1900-02-28"),
        ("month", "2020-12-31", "2020-12-01..2020-12-31"),
        ("week", "9999-12-31", "9999-12-27..9999-12-31"),
        ("month", "9999-12-31", "9999-12-01..9999-12-31"),
        ("week", "0001-01-01", "0001-01-01..0001-01-07"),
    ],
)
def test_a_calendar_window_holds_its_day(kind: str, day: str, window: str) -> None:
    around = window_around(kind, date.fromisoformat(day))  # type: ignore[arg-type]
    assert around == DayRange.parse(window)


@given(st.dates(date(1, 2, 1), date(9999, 11, 30)))
def test_weeks_are_those_of_iso_8601(day: date) -> None:
    week = window_around("week", day)
    assert len(week) == 7
    assert {other.isocalendar()[:2] for other in week} == {day.isocalendar()[:2]}


@given(st.sets(st.dates(date(2019, 11, 1), date(2020, 4, 1)), max_size=30))
def test_calendar_windows_hold_each_day_with_data_once(known: set[date]) -> None:
    for kind in ("day", "week", "month"):
        windows = windows_of(WindowSpec(name=kind), known, FUTURE)
        assert sorted(day for w in windows for day in w.days if day in known) == sorted(known)


def test_a_trailing_window_ends_on_each_day_with_data() -> None:
    spec = WindowSpec(name="last_7", trailing_days=7)
    windows = windows_of(spec, [date(2020, 3, 1), date(2020, 3, 5)], FUTURE)
    assert [str(window.days) for window in windows] == [
        "2020-02-24..2020-03-01",
        "2020-02-28..2020-03-05",
    ]


def test_a_custom_window_needs_a_day_with_data() -> None:
    spec = WindowSpec(name="storm", first=date(2020, 1, 3), last=date(2020, 1, 4))
    assert windows_of(spec, [date(2020, 1, 2)], FUTURE) == ()
    assert len(windows_of(spec, [date(2020, 1, 4)], FUTURE)) == 1


@pytest.mark.parametrize(
    ("as_of", "partial"), [("2020-01-31", True), ("2020-02-01", False), ("2020-01-30", True)]
)
def test_a_window_is_partial_until_it_is_over(as_of: str, partial: bool) -> None:
    windows = windows_of(WindowSpec(name="month"), [date(2020, 1, 5)], date.fromisoformat(as_of))
    assert [window.partial for window in windows] == [partial]


def reference(**kind: object) -> Reference:
    return Reference.model_validate({"name": "r", **kind})


def window(name: str, span: str) -> Window:
    run = DayRange.parse(span)
    return Window(name, run.first, run.last)


@pytest.mark.parametrize(
    ("kind", "name", "span", "expected"),
    [
        ({"previous_windows": 1}, "day", "2020-03-01", "2020-02-29"),
        ({"previous_windows": 2}, "day", "2020-03-01", "2020-02-28..2020-02-29"),
        ({"previous_windows": 1}, "week", "2021-01-04..2021-01-10", "2020-12-28..2021-01-03"),
        ({"previous_windows": 1}, "month", "2020-03-01..2020-03-31", "2020-02-01..2020-02-29"),
        ({"previous_windows": 1}, "month", "2021-01-01..2021-01-31", "2020-12-01..2020-12-31"),
        ({"previous_windows": 3}, "month", "2020-02-01..2020-02-29", "2019-11-01..2020-01-31"),
        ({"previous_windows": 13}, "month", "2020-02-01..2020-02-29", "2019-01-01..2020-01-31"),
        ({"previous_windows": 1}, "last_7", "2020-03-01..2020-03-07", "2020-02-23..2020-02-29"),
        ({"previous_windows": 1}, "storm", "2020-03-02..2020-03-03", "2020-02-29..2020-03-01"),
        ({"lag_days": 7}, "day", "2020-03-01", "2020-02-23"),
        ({"lag_days": 7}, "week", "2021-01-04..2021-01-10", "2020-12-28..2021-01-03"),
        ({"lag_days": 364}, "month", "2021-02-01..2021-02-28", "2020-02-03..2020-03-01"),
        ({"trailing_days": 28}, "day", "2020-03-01", "2020-02-02..2020-02-29"),
        ({"trailing_days": 28}, "month", "2020-03-01..2020-03-31", "2020-02-02..2020-02-29"),
        ({"days": "2020-01-01..2020-01-31"}, "day", "2020-05-05", "2020-01-01..2020-01-31"),
        ({"previous_windows": 1}, "month", "0001-01-01..0001-01-31", "0001-01-01"),
        ({"trailing_days": 3}, "day", "0001-01-02", "0001-01-01"),
    ],
)
def test_a_reference_stands_for_days(
    kind: dict[str, object], name: str, span: str, expected: str
) -> None:
    assert reference_days(reference(**kind), window(name, span)) == DayRange.parse(expected)


def test_a_table_without_days_stands_for_all_its_rows() -> None:
    whole = reference(table={"path": "t"})
    assert reference_days(whole, window("day", "2020-01-01")) is None


@given(st.dates(date(2, 1, 1), date(9998, 1, 1)), st.integers(1, 40))
def test_months_before_are_whole_and_join_the_window(day: date, count: int) -> None:
    month = window_around("month", day)
    if month.first.year * 12 + month.first.month - count <= 12:
        return
    before = reference_days(
        reference(previous_windows=count), Window("month", month.first, month.last)
    )
    assert before is not None
    assert before.first.day == 1
    assert before.last == month.first - timedelta(1)
    starts = {(each.year, each.month) for each in before}
    assert len(starts) == count


def test_a_changed_day_touches_the_windows_that_hold_it() -> None:
    config = monitor("[day, week, month, {name: last_3, trailing_days: 3}]")
    known = days(date(2020, 1, 1), 60)
    assert touched(config, known, [date(2020, 1, 31)]) == [
        "day 2020-01-31",
        "week 2020-01-27..2020-02-02",
        "month 2020-01-01..2020-01-31",
        "last_3 2020-01-29..2020-01-31",
        "last_3 2020-01-30..2020-02-01",
        "last_3 2020-01-31..2020-02-02",
    ]


@pytest.mark.parametrize(
    ("kind", "touched_days"),
    [
        ("previous_windows: 1", ["2020-01-10", "2020-01-11"]),
        ("lag_days: 7", ["2020-01-10", "2020-01-17"]),
        ("trailing_days: 3", ["2020-01-10", "2020-01-11", "2020-01-12", "2020-01-13"]),
    ],
)
def test_a_changed_day_touches_the_windows_compared_with_it(
    kind: str, touched_days: list[str]
) -> None:
    config = monitor("[day]", f"{{name: r, {kind}}}")
    known = days(date(2020, 1, 1), 31)
    assert touched(config, known, [date(2020, 1, 10)]) == [f"day {day}" for day in touched_days]


def test_a_changed_day_of_a_fixed_reference_touches_every_window() -> None:
    config = monitor("[day]", "{name: r, days: 2020-01-05}")
    known = days(date(2020, 1, 1), 31)
    assert len(touched(config, known, [date(2020, 1, 5)])) == 31


def test_nothing_changed_touches_nothing() -> None:
    assert touched(monitor("[day, week, month]"), days(date(2020, 1, 1), 31), []) == []
    assert touched(monitor("[day, week, month]"), [], []) == []


def test_a_day_whose_rows_were_all_deleted_is_evaluated_once_more() -> None:
    assert touched(monitor("[day]"), [], [date(2020, 1, 5)]) == ["day 2020-01-05"]


def test_days_from_the_run_s_own_day_on_are_left_to_a_later_run() -> None:
    config = monitor("[day]")
    known = days(date(2020, 1, 1), 5)
    windows = windows_touching(config, known, known, date(2020, 1, 4))
    assert [window.start for window in windows] == known[:3]


def test_a_window_that_is_over_since_the_last_run_loses_its_flag() -> None:
    config = monitor("[week]")
    known = days(date(2020, 1, 6), 5)
    friday, saturday, tuesday = date(2020, 1, 10), date(2020, 1, 11), date(2020, 1, 14)
    assert windows_touching(config, known, [], saturday, last_as_of=friday) == ()
    over = windows_touching(config, known, [], tuesday, last_as_of=saturday)
    assert over == (Window("week", date(2020, 1, 6), date(2020, 1, 12), partial=False),)
    assert windows_touching(config, known, [], tuesday, last_as_of=tuesday) == ()


def test_all_windows_can_be_asked_for() -> None:
    known = days(date(2020, 1, 1), 31)
    windows = windows_touching(monitor("[day, month]"), known, [], FUTURE, all_windows=True)
    assert len(windows) == 32


@given(
    st.sets(st.dates(date(2020, 1, 1), date(2020, 3, 31)), max_size=25),
    st.sets(st.dates(date(2020, 1, 1), date(2020, 3, 31)), max_size=4),
)
def test_exactly_the_windows_with_a_changed_day_in_reach_are_touched(
    known: set[date], changed: set[date]
) -> None:
    config = monitor("[day, week, month, {name: t, trailing_days: 5}]", "{name: r, lag_days: 7}")
    every = windows_touching(config, known, changed, FUTURE, all_windows=True)
    expected = [
        w for w in every if any(day in w.days or day + timedelta(7) in w.days for day in changed)
    ]
    assert list(windows_touching(config, known, changed, FUTURE)) == expected
