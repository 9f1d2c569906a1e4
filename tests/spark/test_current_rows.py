"""Views and Python agree on the run that counts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from modelwatch.io.store.view_frames import view_frame
from modelwatch.pipelines.runs.history import RunHistory, history_of
from written import Monitor

RETIRED, STOOD, AGAIN = date(2013, 2, 7), date(2013, 2, 8), date(2013, 2, 9)
TRAFFIC = {"model_version": "v1", "segmentation": "all", "segment": "all"}


def computed(*days: date) -> dict[str, Any]:
    """What a run records that computes some days with their labels and verdicts."""
    windows = [{"window_name": "day", "window_start": day, "window_end": day} for day in days]
    return {
        "states_fingerprint": "s",
        "labels_fingerprint": "l",
        "label_days": [
            {"day": day, "last_known": day, "next_known": None, "last_due": day} for day in days
        ],
        "reference_days": [{"role": "reference:january", "day": None}],
        "verdict_windows": [{**window, "source": "drift"} for window in windows],
    }


def state(day: date | None, role: str = "inputs") -> dict[str, Any]:
    return {
        **TRAFFIC,
        "day": day,
        "role": role,
        "feature": "*",
        "kind": "rows",
        "row_count": 1,
        "counts_length": 6,
        "counts": [1, 0, 0, 0, 0, 0],
    }


@pytest.fixture(scope="module")
def flights(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Three days: one was retired, one computed again; runs that died or failed wrote rows too."""
    written = Monitor(spark, Path(tmp_path_factory.mktemp("counting")))
    # Maintenance has removed the states of the retired day.
    for run_id, days in (("r1", [STOOD, AGAIN]), ("r2", [AGAIN]), ("dead", [STOOD, AGAIN])):
        rows = [state(day) for day in days]
        written.append("feature_states", run_id, *rows, state(None, "reference:january"))
    written.publish("r1", 1, [RETIRED, STOOD, AGAIN], **computed(RETIRED, STOOD, AGAIN))
    written.publish("r2", 2, [AGAIN], **computed(AGAIN))
    written.publish("failed", 3, [STOOD], outcome="failed", **computed(STOOD))
    written.publish("maintained", 4, [], outcome="maintained", retired_days=[RETIRED])
    return written


def newest(flights: Monitor, view: str, *key: str) -> dict[Any, str]:
    rows = view_frame(flights.spark, flights.output, view).select(*key, "run_id").distinct()
    return {row[:-1] if len(key) > 1 else row[0]: row[-1] for row in map(tuple, rows.collect())}


def history(flights: Monitor) -> RunHistory:
    return history_of(flights.store.runs("flights"))


def test_states_that_a_view_shows_are_those_that_a_run_reads(flights: Monitor) -> None:
    shown = newest(flights, "feature_states_current", "role", "day")
    days = {day: run for (role, day), run in shown.items() if role == "inputs"}
    assert days == history(flights).run_of_day("s") == {STOOD: "r1", AGAIN: "r2"}
    references = {role: run for (role, day), run in shown.items() if day is None}
    assert references == history(flights).run_of_reference("s") == {"reference:january": "r2"}


def test_labels_and_verdicts_that_a_view_shows_are_those_that_a_run_reads(
    flights: Monitor,
) -> None:
    labels = newest(flights, "current_performance_days", "day")
    # The view names the run of a retired day, whose states are gone.
    assert labels.pop(RETIRED) == "r1"
    assert labels == history(flights).run_of_label_day("l")
    judged = newest(flights, "current_verdict_windows", "source", "window_name", "window_start")
    assert judged == history(flights).run_of_verdicts()
