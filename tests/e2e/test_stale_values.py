"""Values that were delivered before, as a run tells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from bookings import bookings, bookings_config, day
from modelwatch.pipelines.monitor import RunReport
from shop import Shop

WELL_DAYS = 30
STALE, FRESH, AGAIN = WELL_DAYS + 1, WELL_DAYS + 2, WELL_DAYS + 6
REFRESHED = 15
"""Rows of the stale day whose values are new: ids that were not there the day before."""


@dataclass
class Watched:
    shop: Shop
    reports: dict[str, RunReport] = field(default_factory=dict)
    incidents: dict[str, list[Any]] = field(default_factory=dict)

    def run(self, name: str, last_day: int) -> None:
        self.reports[name] = self.shop.run(as_of=day(last_day + 1))
        self.incidents[name] = self.shop.ask("SELECT * FROM open_incidents ORDER BY rank")


def with_column(rows: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)


def stale_day() -> pa.Table:
    """A day whose nights, but for some rows, are those of the day before."""
    today, before = bookings([day(STALE)]), bookings([day(STALE - 1)])
    old, new = before.column("nights"), today.column("nights")
    return with_column(
        today, "nights", pa.chunked_array([*old[REFRESHED:].chunks, *new[:REFRESHED].chunks])
    )


def day_again() -> pa.Table:
    """The rows of the day before, as of a day later."""
    rows = bookings([day(AGAIN - 1)])
    days = pa.chunked_array([pa.array([day(AGAIN)] * len(rows), pa.date32())])
    return with_column(rows, "day", days)


@pytest.fixture(scope="module")
def watched(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("stale")
    shop = Shop(spark, folder, bookings_config(folder))
    shop.add("inputs", bookings([day(n) for n in range(1, WELL_DAYS + 1)]))
    shop.add("inputs", stale_day())
    watched = Watched(shop)
    watched.run("stale", STALE)
    shop.add("inputs", bookings([day(n) for n in range(FRESH, AGAIN)]))
    shop.add("inputs", day_again())
    watched.run("again", AGAIN)
    return watched


def test_a_feature_that_was_not_refreshed_is_an_incident_at_once(watched: Watched) -> None:
    (incident,) = watched.incidents["stale"]
    assert watched.reports["stale"].exit_code == 1
    assert (incident.subject, incident.figure, incident.kind) == ("nights", "stale_share", "stale")
    assert incident.severity == "fail"
    assert incident.since == day(STALE)
    assert incident.value == pytest.approx(0.925, abs=0.1)


def test_it_says_which_day_is_repeated_and_what_to_look_at(watched: Watched) -> None:
    told = watched.reports["stale"].text
    assert f"nights has on {day(STALE)} most of the values of {day(STALE - 1)}" in told
    assert "look at the job that refreshes them" in told


def test_a_day_that_was_delivered_again_is_one_incident(watched: Watched) -> None:
    incident, *related = [one for one in watched.incidents["again"] if one.parent_id is None]
    assert [one.role for one in related] in ([], ["predictions"])
    assert incident.kind == "repeated_delivery"
    assert (
        f"all columns of the inputs have on {day(AGAIN)} the values of {day(AGAIN - 1)}"
        in incident.sentence
    )
    assert incident.sentence in watched.reports["again"].text
    assert watched.reports["again"].exit_code == 1


def test_it_is_over_with_days_of_new_values(watched: Watched) -> None:
    assert "Over by now: 1 incident" in watched.reports["again"].text
