"""What the views over verdicts, incidents and what follows from them answer."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from modelwatch.io.session.spark_session import prepare_session
from modelwatch.io.store.duckdb_dialect import duckdb_sql
from modelwatch.io.store.views import views
from same_answers import answers_of_spark, assert_same_answer
from written import MOMENT, Monitor

FIRST = date(2013, 2, 8)
SECOND = date(2013, 2, 9)
VIEWS = (
    "current_verdict_windows",
    "verdicts_current",
    "incidents_current",
    "open_incidents",
    "incident_history",
    "retraining_current",
    "outliers_current",
    "outbox_current",
    "model_today",
)
SCOPE = {"model_version": "v1", "segmentation": "all", "segment": "all"}


def after(hour: float) -> datetime:
    return MOMENT + timedelta(hours=hour)


def windows(*named: tuple[str, date]) -> list[dict[str, Any]]:
    return [
        {"source": source, "window_name": "day", "window_start": day, "window_end": day}
        for source, day in named
    ]


def of_day(day: date) -> dict[str, Any]:
    return {**SCOPE, "window_name": "day", "window_start": day, "window_end": day, "partial": False}


def verdict(source: str, day: date, said: str, metric: str = "psi") -> dict[str, Any]:
    return {
        **of_day(day),
        "source": source,
        "role": "inputs",
        "subject": "wind",
        "metric": metric,
        "verdict": said,
    }


def incident(name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        **SCOPE,
        "as_of": SECOND,
        "incident_id": name,
        "parent_id": parent,
        "state": "open",
        "severity": "fail",
        "area": "data",
        "role": "inputs",
        "subject": f"subject of {name}",
        "window_name": "day",
        "onset": FIRST,
        "opened": FIRST,
        "last_failing": SECOND,
        "closed": None,
        "reopened": 0,
        "failing_windows": 2,
        "metric": "psi",
        "metrics": ["psi"],
        "effect": 3.0,
        "worst_start": FIRST,
        "worst_end": FIRST,
        "importance": 1.0,
        "score": 1.0,
        "rank": None,
        "children": 0,
        "related": [],
        "reported_effect": 3.0,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "muted_until": None,
        "sentence": f"sentence of {name}",
        **more,
    }


def event(position: int, name: str, what: str, hour: float, by: str | None = None) -> Any:
    return {
        "position": position,
        "incident_id": name,
        "event": what,
        "day": FIRST,
        "is_reported": True,
        "responded_by": by,
        "reported_at": after(hour),
    }


def action(name: str, what: str, hour: float) -> dict[str, Any]:
    return {
        "incident_id": name,
        "action": what,
        "until": date(2013, 3, 1) if what == "mute" else None,
        "responded_by": "me",
        "note": "why",
        "responded_at": after(hour),
    }


def decision(policy: str, said: str) -> dict[str, Any]:
    return {
        "as_of": SECOND,
        "model_version": "v1",
        "policy": policy,
        "kind": "age",
        "decision": said,
        "evidence": f"evidence of {policy}",
    }


def outlier(kind: str, day: date, rank: int | None = None) -> dict[str, Any]:
    return {
        **of_day(day),
        "kind": kind,
        "role": "inputs",
        "feature": "*",
        "reference": "january",
        "value": 0.5,
        "rank": rank,
    }


def letter(name: str, status: str, attempt: int, hour: float) -> dict[str, Any]:
    return {
        "message_id": name,
        "sink": "log",
        "status": status,
        "attempt": attempt,
        "recorded_at": after(hour),
        "title": f"title of {name}" if not attempt else None,
        "error": "down" if status == "failed" else None,
    }


def performance(metric: str, day: date, value: float | None, lower: float | None) -> Any:
    return {
        **of_day(day),
        "as_of": SECOND,
        "cohort": "due",
        "metric": metric,
        "value": value,
        "lower": lower,
        "coverage": 0.9,
    }


def rows_of(day: date) -> dict[str, Any]:
    return {
        **SCOPE,
        "day": day,
        "role": "inputs",
        "feature": "*",
        "kind": "rows",
        "row_count": 10,
        "counts_length": 1,
        "counts": [10],
    }


@pytest.fixture(scope="module")
def monitor(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Two published runs, the second of which computed the first day again, and one that died."""
    session = prepare_session(spark.newSession(), brief=True)
    flights = Monitor(session, tmp_path_factory.mktemp("monitor"))
    flights.append(
        "verdicts", "old", verdict("drift", FIRST, "fail"), verdict("performance", FIRST, "pass")
    )
    flights.append(
        "verdicts", "new", verdict("performance", FIRST, "fail"), verdict("drift", SECOND, "warn")
    )
    flights.append("verdicts", "dead", verdict("drift", FIRST, "pass"))
    flights.append("incidents", "old", incident("p"), incident("c", "p"), incident("q", rank=2))
    flights.append(
        "incidents",
        "new",
        incident("p", rank=1, effect=5.0),
        incident("d", "p", effect=4.0),
        incident("e", "p", state="closed", closed=SECOND),
        incident("q", state="closed", closed=SECOND),
        incident("a", rank=2, acknowledged_at=after(0), acknowledged_by="me"),
        incident("m", rank=3, area="performance", model_version="v2", muted_until=date(2013, 3, 1)),
    )
    flights.append("incidents", "dead", incident("p", state="closed", closed=SECOND))
    flights.append("incident_events", "old", event(0, "p", "opened", 1))
    flights.append(
        "incident_events",
        "new",
        event(0, "p", "worsened", 2),
        event(1, "p", "child_added", 2),
        event(2, "p", "acknowledged", 2, "me"),
    )
    flights.append("incident_events", "dead", event(0, "p", "closed", 3))
    flights.append(
        "incident_actions", "", action("p", "acknowledge", 1.5), action("p", "mute", 2.5)
    )
    flights.append("retraining_decisions", "old", decision("old", "retrain"))
    flights.append(
        "retraining_decisions", "new", decision("age", "wait"), decision("loss", "retrain")
    )
    flights.append("retraining_decisions", "dead", decision("age", "retrain"))
    flights.append("outliers", "old", outlier("share", FIRST), outlier("row", FIRST, 1))
    flights.append(
        "outliers",
        "new",
        outlier("share", FIRST),
        outlier("row", SECOND, 1),
        outlier("row", SECOND, 2),
    )
    flights.append("outbox", "old", letter("m1", "pending", 0, 1), letter("m2", "pending", 0, 1))
    flights.append("outbox", "new", letter("m1", "failed", 1, 2), letter("m3", "pending", 0, 2))
    flights.append("outbox", "idle", letter("m1", "sent", 2, 3))
    flights.append("outbox", "dead", letter("m4", "pending", 0, 3))
    flights.append("feature_states", "new", rows_of(FIRST), rows_of(SECOND))
    flights.append(
        "performance_metrics",
        "new",
        performance("accuracy", FIRST, 0.8, 0.7),
        performance("accuracy", SECOND, 0.6, None),
        performance("log_loss", SECOND, None, None),
    )
    days = windows(("drift", FIRST), ("performance", FIRST))
    flights.publish("old", 1, [FIRST], as_of=FIRST, verdict_windows=days)
    flights.publish(
        "new",
        2,
        [FIRST, SECOND],
        as_of=SECOND,
        verdict_windows=windows(("performance", FIRST), ("drift", SECOND)),
        performance_windows=[
            {"window_name": "day", "window_start": d, "window_end": d} for d in (FIRST, SECOND)
        ],
    )
    return flights


def one(rows: list[Row]) -> Row:
    (row,) = rows
    return row


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_the_same_rows_without_spark(monitor: Monitor, view: str) -> None:
    if duckdb_sql(views()[view]) is not None:
        of_spark = answers_of_spark(monitor.spark, monitor.output, monitor.views)
        assert_same_answer(of_spark, f"SELECT * FROM {view}")


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_rows_and_none_twice(monitor: Monitor, view: str) -> None:
    assert monitor.query(f"SELECT * FROM {view}")
    assert monitor.rows_twice(view) == []


def test_a_window_shows_what_the_newest_run_that_judged_a_source_said(monitor: Monitor) -> None:
    found = monitor.query("SELECT source, window_start, verdict, run_id FROM verdicts_current")
    assert {tuple(row) for row in found} == {
        ("drift", FIRST, "fail", "old"),
        ("performance", FIRST, "fail", "new"),
        ("drift", SECOND, "warn", "new"),
    }


def test_an_incident_is_what_the_newest_published_run_left(monitor: Monitor) -> None:
    found = monitor.query("SELECT incident_id, state, run_id FROM incidents_current")
    assert {tuple(row) for row in found} == {
        ("p", "open", "new"),
        ("c", "open", "old"),
        ("d", "open", "new"),
        ("e", "closed", "new"),
        ("q", "closed", "new"),
        ("a", "open", "new"),
        ("m", "open", "new"),
    }


def test_open_incidents_have_their_parts_the_largest_first(monitor: Monitor) -> None:
    found = monitor.query("SELECT incident_id, parts FROM open_incidents ORDER BY rank")
    assert [row.incident_id for row in found] == ["p", "a", "m"]
    parts = [(part.subject, part.effect) for part in found[0].parts]
    assert parts == [("subject of d", 4.0), ("subject of c", 3.0)]
    assert found[1].parts == []


def test_an_incident_calls_until_somebody_takes_it_on_or_sets_it_aside(monitor: Monitor) -> None:
    found = monitor.query("SELECT incident_id FROM open_incidents WHERE needs_attention")
    assert [row.incident_id for row in found] == ["p"]


def test_what_was_said_since_the_last_run_stands_beside_an_incident(monitor: Monitor) -> None:
    found = monitor.query("SELECT incident_id, pending_response FROM open_incidents ORDER BY rank")
    assert [tuple(row) for row in found] == [("p", "mute"), ("a", None), ("m", None)]


def test_a_history_shows_what_happened_and_what_people_said_in_order(monitor: Monitor) -> None:
    found = monitor.query(
        "SELECT event, responded_by, detail FROM incident_history WHERE incident_id = 'p' "
        "ORDER BY recorded_at, position"
    )
    assert [tuple(row) for row in found] == [
        ("opened", None, None),
        ("acknowledge", "me", "why"),
        ("worsened", None, None),
        ("child_added", None, None),
        ("mute", "me", "until 2013-03-01; why"),
    ]


def test_policies_say_what_they_said_last(monitor: Monitor) -> None:
    found = monitor.query("SELECT policy, decision FROM retraining_current ORDER BY policy")
    assert [tuple(row) for row in found] == [("age", "wait"), ("loss", "retrain")]


def test_outlying_rows_of_a_day_that_was_computed_again_are_gone(monitor: Monitor) -> None:
    found = monitor.query("SELECT kind, window_start, rank, run_id FROM outliers_current")
    assert {tuple(row) for row in found} == {
        ("share", FIRST, None, "new"),
        ("row", SECOND, 1, "new"),
        ("row", SECOND, 2, "new"),
    }


def test_the_outbox_shows_what_has_arrived(monitor: Monitor) -> None:
    found = monitor.query(
        "SELECT message_id, status, attempts, title, error FROM outbox_current ORDER BY message_id"
    )
    assert [tuple(row) for row in found] == [
        ("m1", "sent", 2, "title of m1", None),
        ("m2", "pending", 0, "title of m2", None),
        ("m3", "pending", 0, "title of m3", None),
    ]


def page(monitor: Monitor, section: str) -> list[Row]:
    return monitor.query(
        f"SELECT * FROM model_today WHERE section LIKE '%{section}' ORDER BY position"
    )


def test_the_page_of_today_begins_with_the_health_of_the_model(monitor: Monitor) -> None:
    row = one(page(monitor, "health"))
    assert (row.model_version, row.day, row.state, row.value) == (
        "v1",
        SECOND,
        "needs_attention",
        10,
    )
    assert row.sentence == "2 open, 1 needs attention. sentence of p"


def test_the_page_lists_incidents_by_rank_but_those_of_another_model(monitor: Monitor) -> None:
    found = page(monitor, "incidents")
    assert [(row.incident_id, row.state) for row in found] == [("p", "fail"), ("a", "no_action")]


def test_the_page_shows_the_last_performance_that_has_an_interval(monitor: Monitor) -> None:
    row = one(page(monitor, "performance"))
    assert (row.subject, row.value, row.lower, row.window_start) == ("accuracy", 0.8, 0.7, FIRST)
    assert row.coverage == 0.9


def test_the_page_ends_with_what_the_policies_of_retraining_decided(monitor: Monitor) -> None:
    found = page(monitor, "retraining")
    assert [(row.subject, row.state) for row in found] == [("age", "wait"), ("loss", "retrain")]
