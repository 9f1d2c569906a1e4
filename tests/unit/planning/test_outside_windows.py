"""Rows that arrived and belong to no window."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modelwatch.model.planning.outside_windows import Arrived, Outside, outside_rows, stray_rows
from modelwatch.model.sources.health import HealthRow

FIRST = date(2026, 3, 1)
AS_OF = date(2026, 3, 15)
HELD = [FIRST + timedelta(days=n) for n in range(14)]
WRITTEN_LATER = date(2026, 11, 1)


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def judged(arrived: Arrived, threshold: float | None = 0.01) -> dict[str, HealthRow]:
    return {row.check: row for row in outside_rows(arrived, HELD, AS_OF, threshold)}


def test_rows_that_all_belong_to_days_are_reported_to_be_well() -> None:
    rows = judged(Arrived("inputs", 840))
    assert {check: row.verdict for check, row in rows.items()} == {
        "missing_time": "pass",
        "future_time": "pass",
    }
    assert {row.value for row in rows.values()} == {0.0}
    assert {row.reason for row in rows.values()} == {None}


def test_a_partition_can_contradict_the_time_only_where_one_is_configured() -> None:
    assert "partition_mismatch" in judged(Arrived("inputs", 840, partitioned=True))


def test_a_share_from_the_threshold_on_fails_with_examples() -> None:
    outside = {"missing_time": Outside(42, ("day null, in a.parquet",))}
    row = judged(Arrived("labels", 840, outside))["missing_time"]
    assert (row.verdict, row.value, row.threshold, row.onset) == ("fail", 0.05, 0.01, AS_OF)
    assert (row.expected, row.observed) == ("0 of 840 rows", "42 of 840 rows")
    assert row.examples == ("day null, in a.parquet",)
    assert row.reason is not None
    assert row.reason.startswith("42 of 840 rows have no day")


def test_a_share_below_the_threshold_passes_and_is_reported() -> None:
    row = judged(Arrived("inputs", 84_000, {"missing_time": Outside(42)}))["missing_time"]
    assert (row.verdict, row.value) == ("pass", 42 / 84_000)
    assert row.reason is not None


def test_a_large_share_of_a_few_rows_is_a_warning() -> None:
    row = judged(Arrived("inputs", 3, {"missing_time": Outside(1)}))["missing_time"]
    assert row.verdict == "warn"


def test_without_a_threshold_shares_are_reported_and_not_judged() -> None:
    row = judged(Arrived("inputs", 84, {"missing_time": Outside(42)}), None)["missing_time"]
    assert (row.verdict, row.value) == ("pass", 0.5)


def test_where_nothing_arrived_there_is_nothing_to_tell() -> None:
    assert judged(Arrived("inputs", 0)) == {}


def test_a_table_that_does_not_show_says_why() -> None:
    rows = judged(Arrived("inputs", None, reason="no log"))
    assert {(row.verdict, row.reason) for row in rows.values()} == {("undefined", "no log")}


def test_days_after_those_were_written_are_stray() -> None:
    future = {on(3, 16): 10, on(3, 17): 20}
    assert stray_rows(future, HELD, AS_OF, AS_OF) == 30
    assert stray_rows(future, HELD, AS_OF, on(3, 16)) == 20
    assert stray_rows(future, HELD, AS_OF, None) == 30


def test_days_that_a_later_run_of_a_past_day_reads_are_not_stray() -> None:
    following = {AS_OF + timedelta(days=n): 60 for n in range(1, 40)}
    assert stray_rows(following, [*HELD, AS_OF], AS_OF, WRITTEN_LATER) == 0


def test_a_batch_a_week_later_follows_the_weeks_before() -> None:
    weeks = [AS_OF - timedelta(days=7 * n) for n in range(8)]
    assert stray_rows({AS_OF + timedelta(days=7): 500}, weeks, AS_OF, WRITTEN_LATER) == 0


@pytest.mark.parametrize("day", [on(3, 20), on(6, 3)])
def test_a_day_apart_from_all_others_is_stray_whenever_it_was_written(day: date) -> None:
    assert stray_rows({day: 42}, HELD, AS_OF, WRITTEN_LATER) == 42


def test_only_the_stray_ones_of_later_rows_are_judged_and_all_are_counted() -> None:
    future = {AS_OF + timedelta(days=1): 60, AS_OF + timedelta(days=2): 60, on(9, 9): 42}
    outside = {"future_time": Outside(162)}
    arrived = Arrived("inputs", 1000, outside, future, WRITTEN_LATER)
    row = judged(arrived)["future_time"]
    assert (row.verdict, row.value) == ("fail", 0.042)
    assert row.observed == "162 of 1000 rows"
    assert row.reason is not None
    assert "; a later run reads 120 of them, because" in row.reason
