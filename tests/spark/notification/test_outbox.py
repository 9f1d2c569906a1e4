"""Messages wait in the outbox until they are delivered, whatever happens to runs and sinks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from tests.conftest import CountJobs

from loopback import webhook_server
from modelwatch.io.sinks.delivery import Delivery, sink_of
from modelwatch.io.sinks.json_messages import LinesOfJson
from modelwatch.io.sinks.sink import Sink
from modelwatch.io.store import outbox
from modelwatch.io.store.outbox import drain, undelivered, written
from modelwatch.model.notification.message import (
    Bar,
    Details,
    Message,
    MessageLine,
    Part,
    details_text,
)
from modelwatch.model.notification.sinks import WebhookSink
from written import MOMENT, Monitor

DETAILS = Details("data", date(2013, 2, 8), "day", 1, (Bar(date(2013, 2, 8), 2.5),))
MESSAGE = Message(
    "m1", "flights", "opened", "i1", "fail", "Broken", "Look at it.", "SELECT 1", DETAILS
)
SLACK = WebhookSink(name="slack", kind="webhook", url_env="HOOK")
NOW = datetime.now(timezone.utc)


@pytest.fixture
def monitor(spark: SparkSession, tmp_path: Path) -> Monitor:
    return Monitor(spark, tmp_path / "monitor", ("outbox",))


def write(
    monitor: Monitor,
    run_id: str,
    *messages: Message,
    sinks: tuple[str, ...],
    at: datetime = NOW,
) -> None:
    frame = written(monitor.spark, messages, sinks, at)
    marked = frame.selectExpr("*", "'flights' AS monitor")
    monitor.store.append("outbox", marked, run_id)


def drained(
    monitor: Monitor, sinks: list[Sink], run_id: str, *published: str
) -> tuple[Delivery, ...]:
    return drain(monitor.spark, monitor.store, "flights", sinks, run_id, published)


def attempts(monitor: Monitor) -> list[tuple[Any, ...]]:
    rows = monitor.store.read("outbox").where("status <> 'pending'").orderBy("sink", "attempt")
    return [(row.sink, row.attempt, row.status, row.run_id) for row in rows.collect()]


def test_a_message_reaches_every_sink_once(monitor: Monitor, tmp_path: Path) -> None:
    sinks: list[Sink] = [LinesOfJson(name, str(tmp_path / name)) for name in ("one", "two")]
    write(monitor, "r1", MESSAGE, sinks=("one", "two"))
    for run in ("r1", "r2"):
        drained(monitor, sinks, run, "r1", "r2")
    for name in ("one", "two"):
        (line,) = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        assert json.loads(line).items() > {"message_id": "m1", "query": "SELECT 1"}.items()
    assert attempts(monitor) == [("one", 1, "sent", "r1"), ("two", 1, "sent", "r1")]


def test_a_sink_that_is_down_gets_its_messages_from_the_next_run_in_order(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with webhook_server() as slack:
        sinks: list[Sink] = [sink_of(SLACK, {"HOOK": slack.url})]
        slack.answers = [(503, "", {})]
        write(monitor, "r1", MESSAGE, replace(MESSAGE, message_id="m2"), sinks=("slack",))
        (failed,) = drained(monitor, sinks, "r1", "r1")
        assert failed.status == "failed"
        slack.bodies.clear()
        slack.answers = [(200, "ok", {})]
        later = NOW + timedelta(seconds=1)
        new = replace(MESSAGE, message_id="m3", title="New")
        write(monitor, "r2", new, sinks=("slack",), at=later)
        found = drained(monitor, sinks, "r2", "r1", "r2")
        assert [delivery.message_id for delivery in found] == ["m1", "m2", "m3"]
        assert slack.bodies[-1]["text"].startswith("New")
    assert ("slack", 2, "sent", "r2") in attempts(monitor)


def test_what_a_sink_lays_out_waits_in_the_outbox_too(monitor: Monitor, tmp_path: Path) -> None:
    parts = (Part("What else changed", (MessageLine("amount: muted", "i1", ("muted",)),)),)
    digest = replace(MESSAGE, event="digest", incident_id=None, details=Details(parts=parts))
    sinks: list[Sink] = [LinesOfJson("log", str(tmp_path / "log"))]
    write(monitor, "r1", MESSAGE, replace(digest, message_id="m2"), sinks=("log",))
    drained(monitor, sinks, "r1", "r1")
    one, two = map(json.loads, (tmp_path / "log").read_text(encoding="utf-8").splitlines())
    assert one["series"] == [{"day": "2013-02-08", "effect": 2.5}]
    assert (one["rank"], one["onset"]) == (1, "2013-02-08")
    assert two["parts"][0]["lines"][0]["events"] == ["muted"]


def test_no_secret_is_written_to_the_table(monitor: Monitor) -> None:
    with webhook_server() as slack:
        slack.answers = [(404, "no route to /services/T0SECRET", {})]
        sinks: list[Sink] = [sink_of(SLACK, {"HOOK": slack.url})]
        write(monitor, "r1", MESSAGE, sinks=("slack",))
        drained(monitor, sinks, "r1", "r1")
    rows = monitor.store.read("outbox").toJSON().collect()
    assert len(rows) == 2
    assert "SECRET" not in "".join(rows)


def test_a_message_of_a_run_that_was_never_published_is_not_reported(
    monitor: Monitor, tmp_path: Path
) -> None:
    sinks: list[Sink] = [LinesOfJson("log", str(tmp_path / "log"))]
    write(monitor, "dead", MESSAGE, sinks=("log",))
    assert drained(monitor, sinks, "r1", "r1") == ()
    assert not (tmp_path / "log").exists()


def test_a_backlog_is_worked_off_over_several_runs(
    monitor: Monitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_PER_RUN", 2)
    sinks: list[Sink] = [LinesOfJson("log", str(tmp_path / "log"))]
    letters = [replace(MESSAGE, message_id=f"m{i}") for i in range(3)]
    write(monitor, "r1", *letters, sinks=("log",))
    assert [len(drained(monitor, sinks, run, "r1")) for run in ("r1", "r2", "r3")] == [2, 1, 0]


def test_without_sinks_nothing_is_read(monitor: Monitor, count_jobs: CountJobs) -> None:
    with count_jobs() as counted:
        assert drained(monitor, [], "r1", "r1") == ()
    assert counted.jobs == 0


def row(run_id: str, status: str, attempt: int = 0, hour: int = 0, name: str = "m1") -> Row:
    values = {**vars(replace(MESSAGE, message_id=name)), "sink": "log", "error": None}
    values["details"] = details_text(MESSAGE.details)
    return Row(
        **values,
        run_id=run_id,
        status=status,
        attempt=attempt,
        recorded_at=MOMENT.replace(hour=hour),
    )


def test_a_message_that_two_runs_wrote_is_one() -> None:
    found = undelivered([row("r1", "pending"), row("r2", "pending", hour=1)], ["r1", "r2"])
    assert [letter.message for letter in found] == [MESSAGE]


def test_a_message_that_was_rejected_is_not_tried_again() -> None:
    assert undelivered([row("r1", "pending"), row("r2", "rejected", 1, 1)], ["r1"]) == ()


def test_attempts_of_any_run_count() -> None:
    rows = [row("r1", "pending"), row("r1", "failed", 1, 1), row("idle", "failed", 2, 2)]
    (letter,) = undelivered(rows, ["r1"])
    assert letter.attempts == 2
