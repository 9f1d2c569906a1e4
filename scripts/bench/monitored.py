"""Measures of modelwatch on the tables, by steps of the job."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scripts.bench.case import BASELINE_DAYS, FIRST_DAY, SEGMENTED, Case, day_at
from scripts.bench.session import opened_session

from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import MonitorConfig, lines_of, parse_config
from modelwatch.model.days import DayRange
from modelwatch.model.planning.plan import Published, plan_of
from modelwatch.model.planning.window_changes import windows_touching
from modelwatch.model.profile.features import Feature, features_of
from modelwatch.model.states.binned import binned
from modelwatch.pipelines.config.validation import schemas_of
from modelwatch.pipelines.performance.stage import write_performance
from modelwatch.pipelines.planning.evaluation import evaluation_of, states_needed
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.runs.monitor import run_monitor
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.sources.frames import Sources, opened_sources, source_changes
from modelwatch.pipelines.states.binnings import binnings_of
from modelwatch.pipelines.states.day_states import StatesOf, day_states
from modelwatch.spark.drift.evaluated_windows import drift_rows, profile_rows
from modelwatch.spark.states.scored_rows import scored_rows

Work = Callable[[], "dict[str, Any] | None"]


def config_text(
    case: Case,
    table: str,
    output: str,
    *,
    segments: Sequence[str] = (),
    two_tables: bool = False,
    labels: bool = False,
    read: str = "auto",
) -> str:
    """Configuration of a monitor on one of the tables: calendar windows, a fixed reference, the
    previous window, and no constraints."""
    until = FIRST_DAY + timedelta(days=BASELINE_DAYS - 1)
    config: dict[str, Any] = {
        "monitor": "bench",
        "read": read,
        "output": {"path": case.table(output)},
        "inputs": {"table": {"path": case.table(table)}, "id": "id", "day": {"column": "day"}},
        "segments": [{"name": name, "columns": name, "max_values": 10} for name in segments],
        "references": [
            {"name": "baseline", "days": f"{FIRST_DAY}..{until}"},
            {"name": "previous", "previous_windows": 1},
        ],
    }
    if two_tables:
        config["predictions"] = {
            "table": {"path": case.table("predictions")},
            "id": "id",
            "day": {"column": "day"},
            "score": "score",
            "decision": "decision",
            "model_version": {"literal": "v1"},
        }
    if labels:
        config["labels"] = {
            "table": {"path": case.table("labels")},
            "id": "id",
            "day": {"column": "day"},
            "label": "label",
            "known": {"column": "known"},
            "due": {"delay_days": 10},
        }
        config["performance"] = {
            "task": "binary",
            "score": "score",
            "decision": {"column": "decision"},
            "slices": False,
        }
    return json.dumps(config, indent=1)


@dataclass
class Monitored:
    """A monitor on one of the tables, its bins fitted, and the seconds of its stages."""

    config: MonitorConfig
    sources: Sources
    features: tuple[Feature, ...]
    states: StatesOf
    store: Store
    days: tuple[date, ...]
    stages: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.stages[name] = round(time.monotonic() - began, 2)

    def scored(self) -> DataFrame:
        """The rows as the job passes them to Python."""
        inputs = self.sources.rows("inputs", self.days)
        predictions = (
            self.sources.rows("predictions", self.days) if self.config.two_tables else None
        )
        return scored_rows(
            self.config, self.features, self.config.segments, inputs, predictions
        ).frame

    def compute_states(self) -> dict[str, Any] | None:
        """States of all days, not stored."""
        noop(day_states(self.states, self.sources, self.days))
        return None

    def compute_performance(self) -> dict[str, Any]:
        """States of all predictions and their labels, and performance, both stored."""
        as_of = self.days[-1] + timedelta(days=31)
        request = Request(
            self.config,
            "",
            self.sources,
            RunHistory(()),
            plan_of(
                self.config,
                self.features,
                source_changes(self.sources, RunHistory(())),
                Published(),
                as_of,
                DayRange(self.days[0], self.days[-1]),
            ),
        )
        run = Run(self.store.read("runs").sparkSession)
        write_performance(run, self.store, request, self.states)
        return {name: round(seconds, 2) for name, seconds in run.stages}

    def compute(self, *, profile: bool = False) -> dict[str, Any]:
        """States of all days, drift, and optionally a profile, all stored."""
        run_id = uuid.uuid4().hex
        with self._stage("states"):
            self._append("feature_states", day_states(self.states, self.sources, self.days), run_id)
        windows = windows_touching(
            self.config, self.days, self.days, self.days[-1] + timedelta(days=1)
        )
        needed = states_needed(
            self.config,
            self.features,
            self.store.read("feature_states"),
            windows,
            dict.fromkeys(self.days, run_id),
            {},
        )
        evaluation = evaluation_of(self.states, windows)
        with self._stage("drift"):
            self._append("drift_metrics", drift_rows(needed, evaluation), run_id)
        if profile:
            with self._stage("profile"):
                self._append("profile_metrics", profile_rows(needed, evaluation), run_id)
        return dict(self.stages)

    def _append(self, table: str, frame: DataFrame, run_id: str) -> None:
        self.store.append(table, frame.withColumn("monitor", F.lit(self.config.monitor)), run_id)


def monitored(
    case: Case,
    table: str,
    days: int,
    *,
    segments: Sequence[str] = (),
    two_tables: bool = False,
    labels: bool = False,
    read: str = "auto",
) -> Monitored:
    """A monitor with bins fitted on the first days, and empty output tables."""
    spark = opened_session()
    output = fresh(case, "states")
    text = config_text(
        case, table, output, segments=segments, two_tables=two_tables, labels=labels, read=read
    )
    config = parse_config(text, "benchmark")
    sources = opened_sources(spark, config, lines_of(text))
    features, _ = features_of(config, schemas_of(sources.frames))
    binnings = binnings_of(config, binned(config, features), features, [], sources)
    store = Store(spark, config.output)
    store.prepare()
    return Monitored(
        config,
        sources,
        features,
        StatesOf(config, features, binnings.by_key),
        store,
        tuple(day_at(at) for at in range(days)),
    )


def fresh(case: Case, name: str) -> str:
    """Name of an output folder, emptied."""
    name = f"output-{name}"
    shutil.rmtree(case.table(name), ignore_errors=True)
    return name


def noop(frame: DataFrame) -> None:
    """Compute all rows of a frame without storing them."""
    frame.write.format("noop").mode("overwrite").save()


def states(case: Case) -> Work:
    return monitored(case, "main", case.days).compute_states


def states_by_spark(case: Case) -> Work:
    return monitored(case, "main", case.days, read="spark").compute_states


def states_drift(case: Case) -> Work:
    return monitored(case, "main", case.days).compute


def states_drift_profile(case: Case) -> Work:
    monitor = monitored(case, "main", case.days)
    return lambda: monitor.compute(profile=True)


def segments_states(case: Case) -> Work:
    return monitored(case, "main", case.days, segments=SEGMENTED).compute_states


def segments_states_drift(case: Case) -> Work:
    return monitored(case, "main", case.days, segments=SEGMENTED).compute


def two_tables_states(case: Case) -> Work:
    return monitored(case, "main", case.days, two_tables=True).compute_states


def two_tables_states_drift(case: Case) -> Work:
    return monitored(case, "main", case.days, two_tables=True).compute


def labels_performance(case: Case) -> Work:
    return monitored(case, "main", case.days, two_tables=True, labels=True).compute_performance


def wide_states(case: Case) -> Work:
    return monitored(case, "wide", case.wide_days).compute_states


def wide_states_drift(case: Case) -> Work:
    return monitored(case, "wide", case.wide_days).compute


def whole_run(case: Case) -> Work:
    """The first run of the job on all days: plan, bins, states, profile, drift."""
    spark = opened_session()
    text = config_text(case, "main", fresh(case, "run"))
    return lambda: _run(spark, text, case.last_day + timedelta(days=1))


def increments_30(case: Case) -> Work:
    return _increments(case, 30)


def increments_365(case: Case) -> Work:
    return _increments(case, 365)


def _increments(case: Case, stored: int) -> Work:
    """Runs of one new day each, after one run has stored the given number of days."""
    spark = opened_session()
    text = config_text(case, "daily", fresh(case, f"increments-{stored}"))
    _run(spark, text, day_at(stored))
    days = iter(range(stored + 1, stored + 100))
    return lambda: _run(spark, text, day_at(next(days)))


def _run(spark: SparkSession, text: str, as_of: date) -> dict[str, Any]:
    """Execute the job; return its stages and Spark jobs, from the table `runs`."""
    config = parse_config(text, "benchmark")
    report = run_monitor(spark, config, config_text=text, as_of=as_of)
    runs = Store(spark, config.output).read("runs").where(F.col("run_id") == report.run_id)
    row = runs.select("stages", "spark_jobs", "outcome").collect()[0]
    if row["outcome"] != "published":
        raise RuntimeError(f"the run ended as {row['outcome']}")
    stages = {stage["stage"]: round(stage["seconds"], 2) for stage in row["stages"]}
    return {**stages, "spark_jobs": row["spark_jobs"]}
