"""Kinds of window that hold enough rows to be judged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from modelwatch.model.planning.window_volumes import (
    chosen_windows,
    silent_windows,
    volume_of,
    window_lines,
    with_judged_windows,
)
from monitored import monitor

FIRST = date(2024, 1, 1)
TRAILING = {"name": "last 30", "trailing_days": 30}


def days(rows: float, *, every: int = 1, count: int = 60) -> dict[date, float]:
    return {FIRST + timedelta(days=n * every): rows for n in range(count)}


def chosen(rows: float, windows: list[Any], **sections: Any) -> tuple[str, ...]:
    config = monitor(windows=windows, **sections)
    return with_judged_windows(config, volume_of(days(rows))).incident_windows


def test_the_volume_is_that_of_a_day_with_rows_and_of_the_calendar() -> None:
    volume = volume_of(days(500, every=10))
    assert volume is not None
    assert volume.rows_of_a_day == 500
    assert volume.rows_per_day == pytest.approx(50)
    assert volume.rows_of(7) == 500
    assert volume.rows_of(30) == pytest.approx(1500)


def test_a_few_days_show_no_volume() -> None:
    assert volume_of(days(500, count=6)) is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(5000, ("day", "week")), (30, ("day", "week")), (10, ("day", "week", "month"))],
)
def test_incidents_are_of_windows_that_hold_enough_rows(
    rows: float, expected: tuple[str, ...]
) -> None:
    assert chosen(rows, ["day", "week", "month"]) == expected


def test_a_trailing_window_stands_in_where_no_other_holds_enough() -> None:
    assert chosen(30, ["day", TRAILING]) == ("day", "last 30")


def test_windows_that_were_asked_for_stay() -> None:
    assert chosen(10, ["day", "month"], incidents={"windows": ["day"]}) == ("day",)


@pytest.mark.parametrize(
    ("rows", "windows", "incidents", "key", "wording"),
    [
        (30, ["day"], {}, "windows", "day has about 30 rows"),
        (30, ["day"], {}, "windows", "add week"),
        (99, ["day", "week"], {"windows": ["day"]}, "incidents.windows", "use week"),
        (1, ["day", "week", "month"], {}, "windows", "trailing window of 100 days"),
    ],
)
def test_a_monitor_that_can_never_alarm_is_reported_with_the_key_and_the_way_out(
    rows: float, windows: list[str], incidents: dict[str, Any], key: str, wording: str
) -> None:
    config = monitor(windows=windows, incidents=incidents)
    found = silent_windows(config, volume_of(days(rows)))
    assert found is not None
    assert found[0] == key
    assert wording in found[1]


def test_a_monitor_that_can_alarm_is_not_silent() -> None:
    assert silent_windows(monitor(windows=["day", "week"]), volume_of(days(30))) is None
    assert silent_windows(monitor(windows=["day"]), volume_of(days(2000, every=14))) is None


def test_a_plan_says_which_windows_are_judged_and_which_are_not() -> None:
    wording = list(window_lines(monitor(windows=["day", "week"]), volume_of(days(30))))
    assert wording == [
        "judged: week (about 210 rows); drift opens incidents by week",
        "not judged (fewer than 100 rows): day (about 30)",
    ]
    assert "not yet known" in next(iter(window_lines(monitor(), None)))


def test_a_first_configuration_has_windows_that_can_be_judged() -> None:
    assert chosen_windows(volume_of(days(500)), 100) == ("day", "week", "month")
    assert chosen_windows(volume_of(days(30)), 100) == ("week", "month")
    assert chosen_windows(volume_of(days(2)), 100) == (
        "month",
        "{name: last_60_days, trailing_days: 60}",
    )
    assert chosen_windows(None, 100) == ("day", "week", "month")
