"""The first week of a model without a configured reference, as a run reports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from bookings import bookings, bookings_config, day
from modelwatch.pipelines.runs.monitor import RunReport
from shop import Shop

DAYS = 5
MISTAKE = 1e9
ROOMS = ("single", "double")


@dataclass(frozen=True)
class FirstWeek:
    """A run over five days: a price of 1e9 on the first; on the last, one score in all rows, and a
    room of a tenth of them that no other day has."""

    report: RunReport
    incidents: list[Any]
    findings: list[Any]
    warned: list[Any]


def with_column(rows: pa.Table, name: str, values: list[float]) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, pa.array(values))


def with_rooms(rows: pa.Table, new: int = 0) -> pa.Table:
    known = [ROOMS[n % len(ROOMS)] for n in range(len(rows) - new)]
    return rows.append_column("room", pa.array([*known, *["suite"] * new]))


@pytest.fixture(scope="module")
def week(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> FirstWeek:
    folder = tmp_path_factory.mktemp("first")
    config = bookings_config(folder, windows=["day"])
    del config["references"]
    shop = Shop(spark, folder, config)
    first, last = bookings([day(1)]), bookings([day(DAYS)])
    prices = [MISTAKE, *first.column("price").to_pylist()[1:]]
    shop.add("inputs", with_rooms(with_column(first, "price", prices)))
    shop.add("inputs", with_rooms(bookings([day(n) for n in range(2, DAYS)])))
    shop.add("inputs", with_rooms(with_column(last, "score", [0.5] * len(last)), len(last) // 10))
    report = shop.run(as_of=day(DAYS + 1))
    incidents = shop.ask("SELECT * FROM open_incidents ORDER BY rank")
    warned = shop.ask("SELECT * FROM constraints_current WHERE verdict = 'warn'")
    return FirstWeek(report, incidents, shop.runs()[-1]["findings"], warned)


def test_the_run_says_that_the_first_days_are_the_reference(week: FirstWeek) -> None:
    wording = f"compared with the first 4 days with rows, {day(1)}..{day(4)}, until there are 28"
    assert wording in week.report.text


def test_one_score_in_all_rows_of_a_day_is_an_incident(week: FirstWeek) -> None:
    assert week.report.exit_code == 1
    (incident,) = [one for one in week.incidents if one.area == "constraint"]
    assert (incident.subject, incident.severity) == ("score varies", "fail")
    assert incident.onset == day(DAYS)
    assert incident.sentence in week.report.text


def test_the_run_names_an_outlier_in_its_reference(week: FirstWeek) -> None:
    wording = "reference first_days: 1 row of price is far outside the other values"
    assert f"Warning: {wording}" in week.report.text
    (found,) = [one for one in week.findings if one["kind"] == "far_rows"]
    assert (found["severity"], found["subject"], found["value"]) == ("warn", "price", 1.0)


def test_values_that_the_first_days_lack_are_a_warning(week: FirstWeek) -> None:
    (found,) = [one for one in week.warned if one.constraint_name == "room has known values"]
    assert found.day == day(DAYS)
    assert found.reason == "10% of the rows have a null or a value that the reference lacks"
