"""Emergencies as a run reports them: typical rows, without labels."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest
from pyspark.sql import SparkSession

from bookings import bookings, bookings_config, day
from modelwatch import cli
from modelwatch.model.diagnosis.onset import day_words
from modelwatch.pipelines.runs.monitor import RunReport
from shop import Shop

DAYS = 40
BROKEN = range(28, 32)
BROKEN_DAYS = f"{day(BROKEN[0])}..{day(BROKEN[-1])}: "
DEAD_AFTER_DAYS = 261


@dataclass
class Watched:
    """A hotel with its runs: reports, open incidents after each, and the messages so far."""

    shop: Shop
    reports: dict[str, RunReport] = field(default_factory=dict)
    incidents: dict[str, list[Any]] = field(default_factory=dict)
    listed: str = ""

    def run(self, name: str, last_day: int) -> None:
        self.reports[name] = self.shop.run(as_of=day(last_day + 1))
        self.incidents[name] = self.shop.ask("SELECT * FROM open_incidents ORDER BY rank")

    def messages(self) -> list[dict[str, Any]]:
        path = self.shop.folder / "messages.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def watched(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A first run over 40 days, four of which had no prices; a day with five bookings; no more."""
    folder = tmp_path_factory.mktemp("bookings")
    sink = {"name": "log", "kind": "file", "path": str(folder / "messages.jsonl")}
    shop = Shop(spark, folder, bookings_config(folder, windows=["day"], notify=[sink]))
    well = [day(n) for n in range(1, DAYS + 1) if n not in BROKEN]
    shop.add("inputs", bookings(well))
    shop.add("inputs", bookings([day(n) for n in BROKEN], nulls=0.6))
    watched = Watched(shop)
    watched.run("backfill", DAYS)
    with redirect_stdout(StringIO()) as wording:
        cli.main(["incidents", str(shop.file()), "--all"])
    watched.listed = wording.getvalue()
    shop.add("inputs", bookings([day(DAYS + 1)], rows=5))
    watched.run("collapsed", DAYS + 1)
    watched.run("dead", DAYS + DEAD_AFTER_DAYS)
    return watched


def test_a_run_begins_with_the_age_of_its_data(watched: Watched) -> None:
    first = watched.reports["backfill"].text.splitlines()[0]
    assert first == f"inputs: newest day {day(DAYS)}, 1 day old"


def test_a_backfill_ends_with_what_it_found_and_is_over(watched: Watched) -> None:
    wording = watched.reports["backfill"].text
    assert watched.incidents["backfill"] == []
    assert watched.reports["backfill"].exit_code == 0
    assert "no incident needs attention now" in wording
    assert "1 incident in the evaluated days is already closed" in wording
    (line,) = (one for one in wording.splitlines() if one.strip().startswith(BROKEN_DAYS))
    assert "`price`" in line


def test_a_backfill_sends_one_digest_of_what_is_over(watched: Watched) -> None:
    digest = watched.messages()[0]
    assert digest["event"] == "digest"
    assert f"{day(BROKEN[0])} to {day(BROKEN[-1])}: " in digest["body"]


def test_incidents_that_are_over_can_be_listed(watched: Watched) -> None:
    assert "closed" in watched.listed
    assert str(day(BROKEN[0])) in watched.listed
    assert "price" in watched.listed


def test_a_day_with_hardly_any_rows_is_an_incident_at_once(watched: Watched) -> None:
    (incident,) = watched.incidents["collapsed"]
    assert watched.reports["collapsed"].exit_code == 1
    assert (incident.subject, incident.metric, incident.severity) == ("inputs", "rows", "fail")
    assert incident.onset == day(DAYS + 1)
    assert incident.kind == "missing_rows"


def test_it_says_that_the_rest_of_the_day_could_not_be_judged(watched: Watched) -> None:
    (incident,) = watched.incidents["collapsed"]
    assert ", too few for other checks, " in incident.sentence
    assert incident.sentence in watched.reports["collapsed"].text


def test_a_feed_that_has_died_is_an_incident_however_long_ago_it_was(watched: Watched) -> None:
    report = watched.reports["dead"]
    assert report.exit_code == 1
    newest = day(DAYS + 1)
    assert report.text.startswith(f"inputs: newest day {newest}, {DEAD_AFTER_DAYS} days old")
    (incident,) = watched.incidents["dead"]
    assert (incident.subject, incident.severity) == ("inputs", "fail")
    assert f"no rows on {day_words(day(DAYS + 2))} and later expected days, " in incident.sentence


def test_people_are_notified_of_each_emergency(watched: Watched) -> None:
    titles = [message["title"] for message in watched.messages() if message["event"] == "opened"]
    assert any("table inputs" in title for title in titles)
