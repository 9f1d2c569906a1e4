"""Values that were delivered before, as a run reports them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from bookings import bookings, bookings_config, day
from modelwatch.model.diagnosis.onset import day_words
from modelwatch.pipelines.runs.monitor import RunReport
from shop import Shop

pytestmark = pytest.mark.slow

LAST = 31
REFRESHED = 15
"""Rows of the stale day whose values are new: ids that were not there the day before."""


@dataclass(frozen=True)
class Watched:
    """A run over thirty sound days and one that is not, and the incidents that are open."""

    report: RunReport
    incidents: list[Any]


def with_column(rows: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)


def stale_day() -> pa.Table:
    """A day whose nights, but for some rows, are those of the day before."""
    today, before = bookings([day(LAST)]), bookings([day(LAST - 1)])
    old, new = before.column("nights"), today.column("nights")
    mixed = pa.chunked_array([*old[REFRESHED:].chunks, *new[:REFRESHED].chunks])
    return with_column(today, "nights", mixed)


def day_again() -> pa.Table:
    """The rows of the day before, as of a day later."""
    rows = bookings([day(LAST - 1)])
    days = pa.chunked_array([pa.array([day(LAST)] * len(rows), pa.date32())])
    return with_column(rows, "day", days)


@pytest.fixture(scope="module")
def watched(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, pa.Table], Watched]:
    known: dict[str, Watched] = {}

    def run(name: str, newest: pa.Table) -> Watched:
        if name not in known:
            folder = tmp_path_factory.mktemp(name)
            shop = Shop(spark, folder, bookings_config(folder))
            shop.add("inputs", bookings([day(n) for n in range(1, LAST)]))
            shop.add("inputs", newest)
            report = shop.run(as_of=day(LAST + 1))
            incidents = shop.ask("SELECT * FROM open_incidents ORDER BY rank")
            known[name] = Watched(report, incidents)
        return known[name]

    return run


def test_a_feature_that_was_not_refreshed_is_one_incident_at_once(watched) -> None:
    found = watched("stale", stale_day())
    (incident,) = found.incidents
    assert found.report.exit_code == 1
    assert (incident.subject, incident.metric, incident.kind) == ("nights", "stale_share", "stale")
    assert (incident.severity, incident.onset) == ("fail", day(LAST))
    assert incident.value == pytest.approx(0.925, abs=0.1)


def test_it_says_which_day_is_repeated_and_what_to_look_at(watched) -> None:
    wording = watched("stale", stale_day()).report.text
    assert (
        f"on {day_words(day(LAST))}, `nights` repeats most values of {day_words(day(LAST - 1))}"
        in wording
    )
    assert "Check whether the refresh job ran." in wording


def test_a_day_that_was_delivered_again_is_one_incident(watched) -> None:
    found = watched("again", day_again())
    (incident,) = found.incidents
    assert incident.kind == "repeated_delivery"
    repeated = f"all columns repeat the values of {day_words(day(LAST - 1))}"
    wording = f"on {day_words(day(LAST))}, {repeated}"
    assert wording in incident.sentence
    assert incident.sentence in found.report.text
    assert found.report.exit_code == 1
