"""What is said of the tables that a run reads."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modelwatch.model.sources.health import (
    ColumnOf,
    HealthRow,
    Joined,
    arrival_rows,
    join_rows,
    late_rows,
    newest_row,
    schema_rows,
)

MONDAY = date(2013, 2, 4)
COLUMNS = (ColumnOf("id", "string"), ColumnOf("amount", "int"), ColumnOf("at", "date"))


def days(*numbers: int) -> set[date]:
    return {MONDAY + timedelta(days=n) for n in numbers}


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def schema(now: tuple[ColumnOf, ...], before: tuple[ColumnOf, ...] = COLUMNS) -> list[HealthRow]:
    return list(schema_rows("inputs", before, now, day(9)))


def test_a_table_whose_days_have_come_is_fresh() -> None:
    (row,) = arrival_rows("inputs", days(*range(10)), day(10), 1)
    assert (row.verdict, row.expected, row.observed, row.onset) == (
        "pass",
        str(day(9)),
        str(day(9)),
        None,
    )


def test_a_stale_table_is_reported_with_the_day_since_when() -> None:
    fresh, *missing = arrival_rows("inputs", days(*range(10)), day(14), 1)
    assert (fresh.verdict, fresh.value, fresh.onset) == ("fail", 3.0, day(10))
    assert (fresh.expected, fresh.observed) == (str(day(12)), str(day(9)))
    assert [row.day for row in missing] == [day(10), day(11), day(12)]
    assert {row.onset for row in missing} == {day(10)}


def test_a_gap_between_days_is_missing_and_the_table_still_fresh() -> None:
    fresh, missing = arrival_rows("inputs", days(0, 1, 2, 3, 4, 6, 7, 8, 9), day(10), 1)
    assert fresh.verdict == "pass"
    assert (missing.check, missing.day, missing.onset) == ("missing_partition", day(5), day(5))


def test_nobody_waits_for_sundays_of_a_shop_that_is_closed_on_sundays() -> None:
    weekdays = {d for d in (day(n) for n in range(63)) if d.weekday() != 6}
    (row,) = arrival_rows("inputs", weekdays, day(63), 0)
    assert row.verdict == "pass"


def test_an_empty_table_says_why_nothing_is_known() -> None:
    (row,) = arrival_rows("inputs", (), day(3), 1)
    assert (row.verdict, row.reason) == ("undefined", "the table has no day with rows")


def test_a_table_of_which_no_day_is_expected_is_not_judged_by_its_newest_day() -> None:
    row = newest_row("labels", days(0, 4), "each label is due at a date of its row")
    assert (row.check, row.verdict, row.day) == ("freshness", "undefined", day(4))
    assert newest_row("labels", (), "").observed is None


def test_a_day_that_the_last_run_should_have_had_is_late() -> None:
    (row,) = late_rows("inputs", days(3, 8), day(8), day(10), 1)
    assert (row.day, row.onset, row.value) == (day(3), day(5), 5.0)


def test_the_first_run_finds_no_day_late() -> None:
    assert not list(late_rows("inputs", days(3), None, day(10), 1))


def test_rows_without_a_partner_are_reported_of_both_tables() -> None:
    inputs, predictions = join_rows({day(0): Joined(100, 80, 80)}, 0.05)
    assert (inputs.verdict, inputs.value, inputs.onset) == ("warn", 0.2, day(0))
    assert inputs.reason == "20 of 100 inputs have no predictions"
    assert (predictions.verdict, predictions.value) == ("pass", 0.0)


def test_a_day_without_rows_has_no_share() -> None:
    assert {r.verdict for r in join_rows({day(0): Joined(0, 0, 0)}, 0.05)} == {"undefined"}


def test_columns_that_are_as_they_were_are_one_row_that_passes() -> None:
    (row,) = schema(COLUMNS)
    assert (row.verdict, row.subject, row.onset) == ("pass", None, None)


@pytest.mark.parametrize(
    ("now", "verdict", "subject", "expected", "observed"),
    [
        (COLUMNS[:2], "fail", "at", "date", "none"),
        ((*COLUMNS, ColumnOf("more", "int")), "warn", "more", "none", "int"),
        ((*COLUMNS[:2], ColumnOf("at", "string")), "fail", "at", "date", "string"),
        ((COLUMNS[0], ColumnOf("amount", "bigint"), COLUMNS[2]), "warn", "amount", "int", "bigint"),
        (COLUMNS[::-1], "warn", "*", "id", "at"),
    ],
    ids=["gone", "new", "retyped", "widened", "reordered"],
)
def test_a_changed_column_is_reported_with_what_was_expected(
    now: tuple[ColumnOf, ...], verdict: str, subject: str, expected: str, observed: str
) -> None:
    (row,) = schema(now)
    assert (row.verdict, row.subject, row.expected, row.observed) == (
        verdict,
        subject,
        expected,
        observed,
    )
    assert row.onset == day(9)


def test_nullability_is_reported_either_way_and_only_its_loss_is_a_warning() -> None:
    strict = (ColumnOf("id", "string", nullable=False),)
    loose = (ColumnOf("id", "string", nullable=True),)
    assert [row.verdict for row in schema(loose, strict)] == ["warn"]
    assert [row.verdict for row in schema(strict, loose)] == ["pass"]


def test_another_spelling_of_a_name_is_the_same_column() -> None:
    (row,) = schema((ColumnOf("ID", "string"), *COLUMNS[1:]))
    assert row.verdict == "pass"


def test_columns_that_are_not_known_are_unknown() -> None:
    (row,) = schema_rows("inputs", None, COLUMNS, day(9))
    assert row.verdict == "undefined"
