"""A monitor in New York over times without zone, of which some rows belong to no day."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from modelwatch.capabilities import sql_settings
from modelwatch.model.config.configuration import parse_config
from modelwatch.pipelines.runs.monitor import RunReport, run_monitor

pytestmark = pytest.mark.slow

FIRST, DAYS, ROWS = date(2026, 3, 1), 14, 20
AS_OF = FIRST + timedelta(days=DAYS)
STRAY = 8
ZONES = ("America/New_York", "UTC", "Asia/Tokyo")


class World:
    """Inputs, predictions and labels of March 1 to 14, by the wall clock, and a run over them."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder = spark, folder
        rows = spark.range(DAYS * ROWS, numPartitions=1).selectExpr(
            "id",
            f"date_add(date'{FIRST}', CAST(id DIV {ROWS} AS int)) day",
            # From the first minutes of a day to the last, over the change of clocks on March 8.
            f"format_string('%02d:%02d:00', (id % {ROWS}) * 24 DIV {ROWS}, (id * 7) % 60) clock",
            f"((id % {ROWS}) * 7 % {ROWS}) / {ROWS} score",
        )
        self.timed = rows.withColumn("at", _wall("day", "clock"))
        self.write("inputs", self.timed.selectExpr("id", "at", "id % 5 amount"))
        self.write("predictions", self.timed.selectExpr("id", "at", "score"))
        known = self.timed.selectExpr("id", "at", "id % 2 label", "at AS known", "at AS due")
        self.write("labels", known)

    def write(self, table: str, rows: Any) -> None:
        rows.write.format("delta").mode("append").save(str(self.folder / table))

    def run(self, as_of: date = AS_OF) -> RunReport:
        def table(name: str) -> dict[str, Any]:
            path = {"path": str(self.folder / name)}
            return {"table": path, "id": "id", "day": {"time_column": "at"}}

        config = {
            "monitor": "clock",
            "time_zone": "America/New_York",
            "output": {"path": str(self.folder / "output")},
            "inputs": table("inputs"),
            "predictions": {**table("predictions"), "score": "score"},
            "labels": {
                **table("labels"),
                "label": "label",
                "known": {"column": "known"},
                "due": {"delay_days": 0},
            },
            "performance": {
                "task": "binary",
                "score": "score",
                "decision": {"threshold": 0.5},
            },
            "references": [{"name": "start", "days": f"{FIRST}..{FIRST + timedelta(days=6)}"}],
            "windows": ["day"],
            "verdicts": {"late_days": 30},
        }
        text = json.dumps(config)
        return run_monitor(self.spark, parse_config(text), config_text=text, as_of=as_of)

    def rows(self, table: str) -> list[Row]:
        return self.spark.read.format("delta").load(str(self.folder / "output" / table)).collect()

    def health(self, role: str, run_id: str | None) -> dict[str, Row]:
        rows = [r for r in self.rows("source_health") if r["run_id"] == run_id]
        return {row["check_name"]: row for row in rows if row["role"] == role}


def _wall(day: str, clock: str) -> Any:
    from pyspark.sql import functions as F

    return F.concat_ws(" ", F.col(day).cast("string"), F.col(clock)).cast("timestamp_ntz")


@pytest.mark.parametrize("session", ZONES)
def test_every_row_is_on_the_date_of_its_wall_clock(
    spark: SparkSession, tmp_path: Path, session: str
) -> None:
    with sql_settings(spark, {"spark.sql.session.timeZone": session}):
        world = World(spark, tmp_path)
        report = world.run()
    by_day = {
        row["day"]: row["counts"]
        for row in world.rows("feature_states")
        if row["kind"] == "rows" and row["role"] == "inputs"
    }
    days = {FIRST + timedelta(days=n) for n in range(DAYS)}
    assert set(by_day) == days
    # Rows of a day, of its inputs, of its predictions, and of both: no id is on two days.
    assert {tuple(counts[:4]) for counts in by_day.values()} == {(ROWS,) * 4}
    due = [
        (row["window_start"], row["coverage"])
        for row in world.rows("performance_metrics")
        if (row["metric"], row["cohort"], row["reference"]) == ("accuracy", "due", None)
    ]
    assert sorted(due) == [(day, 1.0) for day in sorted(days)]
    for role in ("inputs", "predictions", "labels"):
        health = world.health(role, report.run_id)
        assert {health[check]["verdict"] for check in ("missing_time", "future_time")} == {"pass"}
        assert health["missing_time"]["threshold"] == 0.01


def test_rows_of_no_day_and_of_the_future_are_reported_and_open_an_incident(
    spark: SparkSession, tmp_path: Path
) -> None:
    world = World(spark, tmp_path)
    world.run()
    strays = world.timed.limit(STRAY)
    lost = strays.selectExpr("id + 9000 id", "CAST(NULL AS timestamp_ntz) at", "id % 5 amount")
    world.write("inputs", lost)
    later = strays.selectExpr("id + 9000 id", "timestamp_ntz'2099-01-01 12:00:00' at", "score")
    world.write("predictions", later)
    # No day is new or changed, and yet there is something to tell.
    report = world.run(AS_OF + timedelta(days=1))
    lost_row = world.health("inputs", report.run_id)["missing_time"]
    assert (lost_row["verdict"], lost_row["value"], lost_row["observed"]) == (
        "fail",
        1.0,
        f"{STRAY} of {STRAY} rows",
    )
    later_row = world.health("predictions", report.run_id)["future_time"]
    assert (later_row["verdict"], later_row["value"]) == ("fail", 1.0)
    assert later_row["examples"] == ["day 2099-01-01"]
    incidents = [row for row in world.rows("incidents") if row["run_id"] == report.run_id]
    strays_of = {r["role"]: r for r in incidents if r["metric"] in ("missing_time", "future_time")}
    assert set(strays_of) == {"inputs", "predictions"}
    # One of them is told, with the other beside it.
    wording = {row["kind"] for row in strays_of.values() if row["parent_id"] is None}
    assert wording == {"outside_windows"}
    assert report.exit_code == 1
    # The same rows are no news to the next run of that day.
    again = world.run(AS_OF + timedelta(days=1))
    outcome = {row["run_id"]: row["outcome"] for row in world.rows("runs")}
    assert (again.exit_code, outcome[again.run_id or ""]) == (0, "nothing_to_do")
