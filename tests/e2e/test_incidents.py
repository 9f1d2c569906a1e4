"""An incident from its first day to its last, as the people see it who must look."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from modelwatch.pipelines.incidents.actions import Response, recorded_response
from modelwatch.pipelines.runs.monitor import RunReport
from shop import Shop, config_of, day, inputs_of, predictions_of

ROWS = 200
QUIET_DAYS, BROKEN_DAYS = 12, 2


@dataclass
class Watched:
    """A shop with its runs: reports, open incidents after each, and the messages so far."""

    shop: Shop
    reports: dict[str, RunReport] = field(default_factory=dict)
    incidents: dict[str, list[Any]] = field(default_factory=dict)
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def run(self, name: str, last_day: int) -> None:
        self.reports[name] = self.shop.run(as_of=day(last_day + 1))
        self.incidents[name] = self.shop.ask("SELECT * FROM open_incidents ORDER BY rank")
        path = self.shop.folder / "messages.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.messages[name] = [json.loads(line) for line in lines]

    def open(self, first: int, last: int, nulls: int = 1) -> None:
        for number in range(first, last + 1):
            self.shop.add("inputs", inputs_of(day(number), ROWS, nulls=nulls))
            self.shop.add("predictions", predictions_of(day(number), ROWS))


@pytest.fixture(scope="module")
def watched(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Twelve days as ever, three on which a column loses half of its values, three as ever."""
    folder: Path = tmp_path_factory.mktemp("incidents")
    shop = Shop(
        spark,
        folder,
        config_of(
            folder,
            windows=["day"],
            references=[{"name": "start", "days": f"{day(1)}..{day(10)}"}],
            thresholds={},
            retraining={"policies": [{"name": "old", "kind": "age", "days": 500}]},
            notify=[{"name": "log", "kind": "file", "path": str(folder / "messages.jsonl")}],
        ),
    )
    watched = Watched(shop)
    watched.open(1, QUIET_DAYS)
    watched.run("quiet", QUIET_DAYS)
    watched.open(13, 14, nulls=ROWS // 2)
    watched.run("broken", 14)
    (incident,) = watched.incidents["broken"]
    response = Response("acknowledge", incident.incident_id, "an engineer")
    recorded_response(shop.queries(), spark, shop.parsed(), response)
    watched.open(15, 15, nulls=ROWS // 2)
    watched.run("acknowledged", 15)
    watched.open(16, 18)
    watched.run("healed", 18)
    return watched


def test_days_as_before_are_nothing_to_look_at(watched: Watched) -> None:
    assert watched.reports["quiet"].exit_code == 0
    assert watched.incidents["quiet"] == []
    assert watched.messages["quiet"] == []


def test_a_column_that_loses_its_values_is_one_incident(watched: Watched) -> None:
    (incident,) = watched.incidents["broken"]
    assert watched.reports["broken"].exit_code == 1
    assert (incident.subject, incident.metric, incident.onset) == (
        "amount",
        "null_share_change",
        day(13),
    )


def test_it_is_named_for_what_it_is(watched: Watched) -> None:
    (incident,) = watched.incidents["broken"]
    assert incident.kind == "nulls"
    assert "amount" in incident.sentence
    assert incident.sentence in watched.reports["broken"].text


def test_its_query_shows_the_evidence(watched: Watched) -> None:
    (incident,) = watched.incidents["broken"]
    shown = {(r.statistic, r.window_start): r.value for r in watched.shop.ask(incident.query)}
    assert shown["null_share_change", day(13)] == pytest.approx(0.5 - 1 / ROWS)


def test_people_are_notified_once(watched: Watched) -> None:
    wording = [message["event"] for message in watched.messages["acknowledged"]]
    assert wording.count("opened") == 1


def test_who_looks_after_it_is_not_called_again(watched: Watched) -> None:
    (incident,) = watched.incidents["acknowledged"]
    assert incident.failing_windows == 3
    assert watched.reports["acknowledged"].exit_code == 0


def test_it_is_over_after_three_quiet_days(watched: Watched) -> None:
    assert watched.incidents["healed"] == []
    assert "closed" in {message["event"] for message in watched.messages["healed"]}


def test_its_history_is_kept(watched: Watched) -> None:
    (incident,) = watched.incidents["broken"]
    history = watched.shop.ask(
        f"SELECT event FROM incident_history WHERE incident_id = '{incident.incident_id}'"
    )
    assert {row.event for row in history} >= {"opened", "acknowledge", "closed"}


def test_each_run_decides_whether_to_train_again(watched: Watched) -> None:
    found = watched.shop.ask("SELECT policy, decision FROM retraining_current")
    assert {tuple(row) for row in found} == {("old", "wait")}
