"""What the views over the output tables answer."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession
from scripts.view_columns import view_columns
from tests.conftest import CountJobs

from modelwatch.io.session.spark_session import prepare_session
from modelwatch.io.store.duckdb_dialect import duckdb_sql
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.io.store.views import ResultViews, create_views, view_statements, views
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.tables import TABLES
from same_answers import answers_of_spark, assert_same_answer
from written import MOMENT, Monitor

FIRST = date(2013, 2, 8)
SECOND = date(2013, 2, 9)
MONDAY = date(2013, 1, 28)
NEXT_MONDAY = date(2013, 2, 4)
ALL_TRAFFIC = {"model_version": "v1", "segmentation": "all", "segment": "all", "role": "inputs"}
EDGES = [-math.inf, -1.0, 0.0, math.nextafter(0.0, 1.0), 2.5, math.inf]


def verdict(day: date, said: str) -> dict[str, Any]:
    return {
        "day": day,
        "constraint_name": "rows",
        "kind": "rows",
        "severity": "fail",
        "observed": 1.0,
        "verdict": said,
    }


def drift(
    day: date, feature: str, statistic: str, value: float | None, threshold: float | None
) -> Any:
    return {
        **ALL_TRAFFIC,
        "feature": feature,
        "window_name": "day",
        "window_start": day,
        "window_end": day,
        "partial": False,
        "reference": "january",
        "statistic": statistic,
        "value": value,
        "threshold": threshold,
    }


def profile(day: date, feature: str, metric: str, value: float) -> dict[str, Any]:
    return {
        **ALL_TRAFFIC,
        "feature": feature,
        "window_name": "day",
        "window_start": day,
        "window_end": day,
        "partial": False,
        "metric": metric,
        "value": value,
    }


def state(day: date, feature: str, kind: str, binning: str | None, counts: list[int]) -> Any:
    return {
        **ALL_TRAFFIC,
        "day": day,
        "feature": feature,
        "kind": kind,
        "binning": binning,
        "row_count": counts[0] if kind == "rows" else sum(counts),
        "counts_length": len(counts),
        "positions": None if kind == "rows" else [at for at, n in enumerate(counts) if n],
        "counts": counts if kind == "rows" else [n for n in counts if n],
    }


@pytest.fixture(scope="module")
def monitor(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Two days: the second was computed again, and a third run died before it was published."""
    folder = tmp_path_factory.mktemp("it's a `monitor`.of [flights]")
    flights = Monitor(prepare_session(spark.newSession(), brief=True), folder)
    for run_id, said, value in (("old", "pass", 0.1), ("new", "fail", 0.5), ("dead", "warn", 0.9)):
        flights.append("constraint_results", run_id, verdict(FIRST, said), verdict(SECOND, said))
        flights.append(
            "drift_metrics",
            run_id,
            *(
                row
                for day in (FIRST, SECOND)
                for row in (
                    drift(day, "wind", "psi", value, 0.2),
                    drift(day, "wind", "jensen_shannon", value / 2, None),
                    drift(day, "carrier", "psi", 0.01, 0.2),
                    drift(day, "pressure", "psi", None, 0.2),
                )
            ),
        )
        flights.append(
            "profile_metrics", run_id, *(profile(d, "wind", "mean", value) for d in (FIRST, SECOND))
        )
        flights.append(
            "feature_states",
            run_id,
            *(
                row
                for day in (FIRST, SECOND)
                for row in (
                    state(day, "*", "rows", None, [10, 10, 10, 10, 0, 0]),
                    state(day, "wind", "numeric", "n", [1, 0, 0, 2, 3, 4, 0, 0]),
                    state(day, "carrier", "categorical", "c", [0, 1, 2, 3, 4]),
                )
            ),
        )
    flights.append(
        "binnings",
        "old",
        {
            "feature": "wind",
            "role": "inputs",
            "kind": "numeric",
            "fingerprint": "n",
            "settings": "{}",
            "edges": EDGES,
            "categories": None,
        },
        {
            "feature": "carrier",
            "role": "inputs",
            "kind": "categorical",
            "fingerprint": "c",
            "settings": "{}",
            "edges": None,
            "categories": ["AA", "UA"],
        },
    )
    flights.append(
        "drift_metrics",
        "weeks",
        {**drift(MONDAY, "wind", "psi", 0.3, 0.2), "window_name": "week"},
        {**drift(NEXT_MONDAY, "wind", "psi", 0.9, 0.2), "window_name": "week", "partial": True},
    )
    flights.publish("old", 1, [FIRST, SECOND])
    weeks = [
        {"window_name": "week", "window_start": d, "window_end": d} for d in (MONDAY, NEXT_MONDAY)
    ]
    flights.publish("weeks", 1, [], windows=weeks)
    flights.publish(
        "new",
        2,
        [SECOND],
        sources=[{"role": "inputs", "files": 3, "bytes": 5}, {"role": "predictions", "files": 4}],
        stages=[{"stage": "states", "seconds": 7.0}],
    )
    flights.publish("failed", 3, [SECOND], outcome="failed")
    return flights


@pytest.mark.parametrize(
    "view",
    ["constraints_current", "drift_current", "profile_current", "feature_states_current"],
)
def test_a_day_shows_the_newest_published_run_and_nothing_else(monitor: Monitor, view: str) -> None:
    day = "day" if "day" in monitor.columns(view) else "window_start"
    of_days = f"{day} >= '{FIRST}'"
    found = monitor.query(
        f"SELECT DISTINCT {day} AS day, run_id FROM {view} WHERE {of_days} ORDER BY day"
    )
    assert [tuple(row) for row in found] == [(FIRST, "old"), (SECOND, "new")]


@pytest.mark.parametrize("view", sorted(views()))
def test_a_view_has_no_row_twice(monitor: Monitor, view: str) -> None:
    assert monitor.rows_twice(view) == []


@pytest.fixture(scope="module")
def of_spark(monitor: Monitor) -> ResultQueries:
    """Queries that Spark answers on the views that other tests have made."""
    return answers_of_spark(monitor.spark, monitor.output, monitor.views)


@pytest.mark.parametrize("view", sorted(views()))
def test_a_view_has_the_same_rows_without_spark(of_spark: ResultQueries, view: str) -> None:
    if duckdb_sql(views()[view]) is not None:
        assert_same_answer(of_spark, f"SELECT * FROM {view}")


@pytest.mark.parametrize("view", sorted(views()))
def test_the_columns_that_the_reference_lists_are_those_of_the_view(
    monitor: Monitor, view: str
) -> None:
    assert tuple(monitor.columns(view)) == view_columns(view)


def test_a_statement_makes_what_it_names_and_what_that_reads(monitor: Monitor) -> None:
    fresh = monitor.spark.newSession()
    results = ResultViews(fresh, monitor.output)
    assert results.query("SELECT count(*) AS n FROM Drift_Current").collect()[0].n > 0
    made = {row.viewName for row in fresh.sql("SHOW VIEWS").collect()}
    assert {"drift_current", "current_windows", "drift_metrics"} <= made
    assert "model_today" not in made


def test_show_sees_all_and_making_all_runs_no_spark_job(
    monitor: Monitor, count_jobs: CountJobs
) -> None:
    # Delta may read the log of a table that the session has not met before, or has forgotten.
    for _ in range(3):
        results = ResultViews(monitor.spark.newSession(), monitor.output)
        assert results.query("SELECT 1 AS one").collect()[0].one == 1
        assert results.session.sql("SHOW VIEWS").count() == 0
        with count_jobs() as counted:
            shown = results.query("SHOW VIEWS")
        assert {row.viewName for row in shown.collect()} >= {*TABLES, *views()}
        if counted.jobs == 0:
            break
    assert counted.jobs == 0


def test_the_ranking_begins_with_what_moved_most(monitor: Monitor) -> None:
    found = monitor.query("SELECT * FROM drift_ranking WHERE window_name = 'day' ORDER BY rank")
    assert [row.feature for row in found] == ["wind", "carrier", "pressure"]
    assert [row.beyond_threshold for row in found] == [True, False, None]
    assert found[0].times_threshold == pytest.approx(2.5)
    assert {row.window_start for row in found} == {SECOND}


def test_the_ranking_is_of_the_latest_complete_window(monitor: Monitor) -> None:
    found = monitor.query("SELECT * FROM drift_ranking WHERE window_name = 'week'")
    assert {(row.window_start, row.partial) for row in found} == {(MONDAY, False)}


def test_a_timeline_has_the_profile_beside_the_drift(monitor: Monitor) -> None:
    found = monitor.query(
        "SELECT window_start, value, mean, beyond_threshold FROM feature_timeline "
        "WHERE feature = 'wind' AND statistic = 'psi' AND window_name = 'day' ORDER BY window_start"
    )
    assert [tuple(row) for row in found] == [(FIRST, 0.1, 0.1, False), (SECOND, 0.5, 0.5, True)]


def test_a_numeric_histogram_shows_its_bins(monitor: Monitor) -> None:
    found = monitor.query(
        f"SELECT label, row_count, share FROM histogram_comparison "
        f"WHERE feature = 'wind' AND window_start = '{FIRST}' ORDER BY bin"
    )
    assert [(row.label, row.row_count) for row in found] == [
        ("(null)", 1),
        ("(NaN)", 0),
        ("[-Infinity, -1.0)", 0),
        ("[-1.0, 0.0)", 2),
        ("0.0", 3),
        ("[0.0, 2.5)", 4),
        ("[2.5, Infinity)", 0),
        ("Infinity", 0),
    ]
    assert sum(row.share for row in found) == pytest.approx(1.0)


def test_a_categorical_histogram_shows_its_values(monitor: Monitor) -> None:
    found = monitor.query(
        f"SELECT label, row_count FROM histogram_comparison "
        f"WHERE feature = 'carrier' AND window_start = '{FIRST}' ORDER BY bin"
    )
    assert [tuple(row) for row in found] == [
        ("(null)", 0),
        ("(other)", 1),
        ("(unseen)", 2),
        ("AA", 3),
        ("UA", 4),
    ]


def test_two_windows_stand_side_by_side(monitor: Monitor) -> None:
    found = monitor.query(
        f"""
        SELECT a.label, a.share, b.share
        FROM histogram_comparison AS a
        JOIN histogram_comparison AS b USING (monitor, role, feature, segment, binning, bin)
        WHERE feature = 'wind' AND a.window_start = '{FIRST}' AND b.window_start = '{SECOND}'
        """
    )
    assert len(found) == len(EDGES) + 2


def test_failed_constraints_leave_out_what_passed(monitor: Monitor) -> None:
    found = monitor.query("SELECT day, verdict, run_id FROM failed_constraints")
    assert [tuple(row) for row in found] == [(SECOND, "fail", "new")]


def test_costs_are_reported_of_every_run(monitor: Monitor) -> None:
    found = {row.run_id: row for row in monitor.query("SELECT * FROM run_costs")}
    assert set(found) == {"old", "weeks", "new", "failed"}
    assert found["new"].seconds == 12
    assert (found["new"].files_read, found["new"].bytes_read) == (7, 5)
    assert found["new"].seconds_by_stage.asDict() == {"states": 7.0}


def test_a_schema_has_the_views_beside_the_tables(spark: SparkSession) -> None:
    output = OutputAddress(schema="monitor_views")
    store = Store(spark, output)
    store.prepare()
    store.publish(
        {
            "monitor": "flights",
            "run_id": "only",
            "started_at": MOMENT,
            "finished_at": MOMENT,
            "outcome": "published",
            "days": [FIRST],
        }
    )
    create_views(spark, output)
    found = spark.sql("SELECT day, run_id FROM monitor_views.current_days").collect()
    assert [tuple(row) for row in found] == [(FIRST, "only")]
    for name in views():
        assert spark.table(f"monitor_views.{name}").columns
    spark.sql("DROP DATABASE monitor_views CASCADE")


def test_a_view_is_made_after_those_that_it_reads() -> None:
    made: set[str] = set(TABLES)
    statements = view_statements(OutputAddress(path="somewhere"))
    for name, text in views().items():
        read = {source for _, source in re.findall(r"\b(FROM|JOIN) ([a-z_]+)", text)}
        assert read & set(views()) <= made
        made.add(name)
    assert len(statements) == len(made)


def test_a_few_views_are_made_with_those_that_they_read_and_no_others() -> None:
    made = view_statements(OutputAddress(path="somewhere"), ["run_costs", "current_days"])
    names = [re.search(r"VIEW `([a-z_]+)`", statement) for statement in made]
    assert [name and name[1] for name in names] == [
        "runs",
        "published_runs",
        "current_days",
        "run_costs",
    ]
