"""The command `modelwatch incidents` on tables: its output, and the responses of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch import cli
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.io.store.views import views
from modelwatch.model.config.configuration import parse_config
from modelwatch.model.incidents.incident import Action, Event, Incident
from modelwatch.model.sources.tables import OutputAddress
from modelwatch.pipelines.incidents.actions import listed
from modelwatch.pipelines.incidents.rows import (
    EVENT_COLUMNS,
    INCIDENT_COLUMNS,
    action_of,
    event_rows,
    incident_row,
    newest_incidents,
)
from modelwatch.tables import TABLES
from written import MOMENT, Monitor

FIRST = date(2013, 2, 8)
INCIDENT = Incident(
    id="a1b2c3",
    parent_id=None,
    state="open",
    severity="fail",
    area="data",
    role="inputs",
    subject="wind",
    segmentation="all",
    segment="all",
    window="day",
    onset=FIRST,
    opened=FIRST,
    last_failing=FIRST,
    closed=None,
    reopened=0,
    failing_windows=2,
    metric="psi",
    metrics=("ks", "psi"),
    reference="january",
    model_version="*",
    value=0.1 + 0.2,
    expected=None,
    threshold=0.2,
    effect=1.5,
    latest_effect=1.25,
    adjusted_p=1e-300,
    rows=2**53 + 1,
    worst_start=FIRST,
    worst_end=FIRST,
    traffic_share=1.0,
    importance=2.0,
    score=3.0,
    rank=1,
    children=1,
    related=(),
    reported_effect=1.5,
    acknowledged_at=datetime(2013, 2, 9, 12, 30, 0, 123456, timezone.utc),
    acknowledged_by="me",
    sentence="wind blows harder since 2013-02-08.",
    query="SELECT 1",
    kind="population_shift",
    evidence="the mean is 3 sd off",
)
CHILD = replace(
    INCIDENT, id="c0ffee", parent_id="a1b2c3", subject="wind", segment="JFK", rank=None, children=0
)
OTHER = replace(INCIDENT, id="a1ffff", rank=2, acknowledged_at=None, sentence=None)
CLOSED = replace(OTHER, state="closed", closed=FIRST, rank=None)


def write(monitor: Monitor, run_id: str, hour: int, *incidents: Incident) -> None:
    """What a run leaves of incidents; those of other monitors are not published."""
    rows = [incident_row(one, FIRST) for one in incidents]
    frame = monitor.spark.createDataFrame(rows, TABLES["incidents"].ddl(*INCIDENT_COLUMNS))
    monitor.store.append("incidents", frame.withColumn("monitor", F.lit("flights")), run_id)
    events = [Event(one.id, "opened", FIRST, "2 windows failed", True) for one in incidents]
    wording = event_rows(events, MOMENT + timedelta(hours=hour))
    frame = monitor.spark.createDataFrame(wording, TABLES["incident_events"].ddl(*EVENT_COLUMNS))
    monitor.store.append("incident_events", frame.withColumn("monitor", F.lit("flights")), run_id)


def said(monitor: Monitor, onset: datetime) -> list[Action]:
    """What people said since a moment, oldest first."""
    rows = monitor.store.read("incident_actions").where("monitor = 'flights'").collect()
    actions = sorted((action_of(row) for row in rows), key=lambda action: action.at)
    return [action for action in actions if action.at >= onset]


@pytest.fixture(scope="module")
def monitor(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    """One published run, and one that is not: it closed an incident."""
    flights = Monitor(spark, tmp_path_factory.mktemp("monitor"))
    write(flights, "r1", 1, INCIDENT, CHILD, OTHER)
    flights.publish("r1", 1, [])
    write(flights, "r2", 2, CLOSED)
    yield flights
    for name in (*TABLES, *views()):
        spark.catalog.dropTempView(name)


@pytest.fixture
def now() -> datetime:
    return datetime.now(timezone.utc)


@pytest.fixture
def command(monitor: Monitor, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    config = tmp_path / "flights.yaml"
    config.write_text(
        f"monitor: flights\noutput: {{path: {monitor.output.path}}}\n"
        "inputs: {table: {path: i}, day: {column: d}}\n"
        "references: [{name: r, days: 2020-01-01}]\n"
    )

    def run(*words: str) -> tuple[int, str]:
        code = cli.main(["incidents", str(config), *words])
        wording = capsys.readouterr()
        return code, wording.out + wording.err

    return run


@pytest.mark.parametrize(
    ("order", "other"), [({"r1": 0}, OTHER), ({"r1": 0, "r2": 1}, CLOSED)], ids=["one", "two"]
)
def test_incidents_come_back_as_the_newest_published_run_wrote_them(
    monitor: Monitor, order: dict[str, int], other: Incident
) -> None:
    rows = monitor.store.read("incidents").collect()
    assert set(newest_incidents(rows, order)) == {INCIDENT, CHILD, other}


def test_the_list_begins_with_what_is_to_be_looked_at_first(command: Any) -> None:
    code, wording = command()
    assert code == 0
    lines = wording.splitlines()
    assert lines[0].split()[:3] == ["rank", "incident_id", "severity"]
    assert [line.split()[1] for line in lines[2:4]] == ["a1b2c3", "a1ffff"]
    assert "a1b2c3: wind blows harder since 2013-02-08." in lines


def test_an_incident_is_shown_with_its_parts_its_history_and_its_evidence(command: Any) -> None:
    code, wording = command("show", "a1b")
    assert code == 0
    assert "population_shift: the mean is 3 sd off" in wording
    assert "c0ffee" in wording
    assert "opened" in wording
    assert wording.endswith("SELECT 1\n")


def test_what_a_person_says_is_read_by_the_next_run(
    monitor: Monitor, command: Any, now: datetime
) -> None:
    assert command("acknowledge", "a1f", "--by", "me", "--note", "it's `mine`\n")[0] == 0
    assert command("mute", "a1b2c3", "--until", "2013-03-01", "--by", "you")[0] == 0
    first, second = said(monitor, now)
    assert (first.incident_id, first.action, first.by) == ("a1ffff", "acknowledge", "me")
    assert first.note == "it's `mine`\n"
    assert (second.action, second.by, second.until) == ("mute", "you", date(2013, 3, 1))
    assert second.at <= datetime.now(timezone.utc)


@pytest.mark.parametrize("word", ["unmute", "false-alarm", "reopen"])
def test_every_word_is_an_action(monitor: Monitor, command: Any, word: str, now: datetime) -> None:
    code, wording = command(word, "a1b2c3")
    assert code == 0
    assert "The next run takes this into account." in wording
    (action,) = said(monitor, now)
    assert action.action == word.replace("-", "_")


def test_a_row_that_a_person_inserts_counts_like_one_of_the_command(
    monitor: Monitor, now: datetime
) -> None:
    table = monitor.store.place("incident_actions").identifier
    monitor.query(
        f"INSERT INTO {table} (monitor, incident_id, action, responded_at) VALUES "
        "('flights', 'a1ffff', 'acknowledge', TIMESTAMP'2013-02-09 00:00:00Z'), "
        "('trains', 'a1ffff', 'mute', TIMESTAMP'2013-02-09 02:00:00Z')"
    )
    moment = datetime(2013, 2, 9, tzinfo=timezone.utc)
    assert said(monitor, moment)[0] == Action("a1ffff", "acknowledge", moment, "")


@pytest.mark.parametrize(
    ("name", "wording"),
    [
        ("a1", "may be several incidents: a1b2c3, a1ffff"),
        ("zz", "no incident has the id 'zz'"),
    ],
)
def test_an_id_must_name_one_incident(
    monitor: Monitor, command: Any, name: str, wording: str, now: datetime
) -> None:
    code, words = command("acknowledge", name)
    assert code == 2
    assert wording in words
    assert said(monitor, now) == []


def test_before_a_first_run_there_is_nothing_to_list(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "m.yaml"
    config.write_text(
        f"monitor: m\noutput: {{path: {tmp_path / 'nowhere'}}}\n"
        "inputs: {table: {path: i}, day: {column: d}}\n"
        "references: [{name: r, days: 2020-01-01}]\n"
    )
    assert cli.main(["incidents", str(config)]) == 2
    assert "there are no results yet" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_a_monitor_that_writes_to_a_schema_is_listed(spark: SparkSession) -> None:
    output = OutputAddress(schema="monitor_incidents")
    store = Store(spark, output)
    store.prepare(["runs"])
    config = parse_config(
        "monitor: m\noutput: {schema: monitor_incidents}\n"
        "inputs: {table: {path: i}, day: {column: d}}\n"
        "references: [{name: r, days: 2020-01-01}]\n"
    )
    assert listed(ResultQueries(output, lambda: spark), config) == "m: no incident is open\n"
    spark.sql("DROP DATABASE monitor_incidents CASCADE")
