"""Models without a past: a reference of the first days, and what a plan says of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modelwatch.model.planning.reference_days import steady_count, with_first_days
from modelwatch.model.planning.short_histories import short_history_lines, short_references
from monitored import monitor

FIRST = date(2024, 1, 1)
GROWING = [{"name": "start", "first_days": 14}]


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(count)]


@pytest.mark.parametrize(
    ("known", "count"), [(1, 1), (3, 2), (6, 4), (7, 7), (13, 7), (14, 14), (15, 14), (300, 14)]
)
def test_a_reference_of_first_days_grows_in_steps(known: int, count: int) -> None:
    assert steady_count(known, 14) == count


def test_the_newest_day_may_be_under_way_and_is_left_out() -> None:
    found = with_first_days(monitor(references=GROWING), days(8)).references[0]
    assert found.days is not None
    assert (found.days.first, found.days.last) == (FIRST, FIRST + timedelta(days=6))
    assert found.kind == "fixed"


def test_days_of_tests_before_the_launch_are_no_reference() -> None:
    rows = {day: 3.0 if at < 5 else 900.0 for at, day in enumerate(days(60))}
    (found,) = with_first_days(monitor(references=GROWING), days(60), rows).references
    assert found.days is not None
    assert (found.days.first, found.days.last) == (days(6)[5], days(19)[18])


def test_small_days_between_usual_ones_belong_to_the_reference() -> None:
    rows = {day: 10.0 if day.weekday() >= 5 else 900.0 for day in days(60)}
    (found,) = with_first_days(monitor(references=GROWING), days(60), rows).references
    assert found.days is not None
    assert found.days.first == FIRST


def test_without_rows_there_is_no_reference_yet() -> None:
    config = monitor(references=GROWING)
    assert with_first_days(config, ()) == config


def test_a_plan_says_what_a_short_reference_can_not_tell() -> None:
    config = monitor(references=[{"name": "start", "days": "2024-01-01..2024-01-02"}])
    wording = list(short_history_lines(config, days(40), FIRST + timedelta(days=40)))
    assert len(wording) == 1
    assert "compared with start: it has 2 days with rows" in wording[0]


def test_a_plan_of_the_first_days_says_from_when_on_the_volume_is_judged() -> None:
    config = monitor(references=[{"name": "start", "days": "2024-01-01..2024-01-14"}])
    wording = list(short_history_lines(config, days(3), FIRST + timedelta(days=3)))
    assert "there are 3" in wording[0]


def test_a_plan_of_a_long_history_has_nothing_to_add() -> None:
    config = monitor(references=[{"name": "start", "days": "2024-01-01..2024-01-14"}])
    assert list(short_history_lines(config, days(40), FIRST + timedelta(days=40))) == []


def test_a_reference_is_short_until_a_week_of_its_days_has_rows() -> None:
    config = monitor(
        references=[
            {"name": "start", "days": "2024-01-01..2024-01-31"},
            {"name": "week", "days": "2024-01-01..2024-01-05"},
        ]
    )
    assert short_references(config, days(6)) == {"start", "week"}
    assert short_references(config, days(7)) == {"week"}


def test_a_reference_without_rows_is_not_short() -> None:
    config = monitor(references=[{"name": "start", "days": "2024-03-01..2024-03-05"}])
    assert short_references(config, days(7)) == frozenset()
