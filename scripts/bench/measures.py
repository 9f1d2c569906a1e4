"""The registry of measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WarmUp = Literal["same", "day", "none"]


@dataclass(frozen=True)
class Measure:
    """A measure: its name, a description, and the function ``module:name`` that prepares it.

    The function takes a Case and returns the work that is timed. ``floor``: names of the scan and
    of the hand-over by which its seconds are divided. ``warm_up``: work done once before: the same,
    the same on one day, or none. ``runs``: how often it is timed. ``days``: days of the main table,
    fewer if it fails or does not finish; its seconds are then scaled by rows. ``peer``: it runs in
    the environment of the other tools. ``connect``: over Spark Connect, with a server in the same
    process. ``lines``: versions of Spark on which it can run.
    """

    name: str
    title: str
    function: str
    floor: tuple[str, str] | None = ("scan", "handover")
    warm_up: WarmUp = "same"
    runs: int = 3
    days: tuple[int, ...] = (30,)
    peer: bool = False
    timed: bool = True
    connect: bool = False
    lines: tuple[str, ...] = ("3.5", "4.1")


_WIDE = ("wide_scan", "wide_handover")
_OURS, _SCANS, _DEEQU = "scripts.bench.monitored", "scripts.bench.scans", "scripts.bench.deequ"
_PEERS = "scripts.bench.peers"

MEASURES: tuple[Measure, ...] = (
    Measure("scan", "noop scan of the columns", f"{_SCANS}:scan"),
    Measure("handover", "the columns handed to Python, nothing done", f"{_SCANS}:handover"),
    Measure("states", "states of all days", f"{_OURS}:states"),
    Measure("states_by_spark", "the same, read by Spark", f"{_OURS}:states_by_spark"),
    Measure(
        "states_connect",
        "the same, read by Spark, over Spark Connect",
        f"{_OURS}:states_by_spark",
        connect=True,
        lines=("4.1",),
    ),
    Measure("states_drift", "states and drift, both stored", f"{_OURS}:states_drift"),
    Measure(
        "states_drift_profile",
        "states, drift and profile, all stored",
        f"{_OURS}:states_drift_profile",
    ),
    Measure("segments", "states, two segmentations of ten values", f"{_OURS}:segments_states"),
    Measure(
        "segments_drift",
        "states and drift, two segmentations of ten values",
        f"{_OURS}:segments_states_drift",
    ),
    Measure("join", "plain join of inputs and predictions", f"{_SCANS}:join"),
    Measure("two_tables", "states of inputs and predictions, joined", f"{_OURS}:two_tables_states"),
    Measure(
        "two_tables_drift",
        "states and drift of inputs and predictions, joined",
        f"{_OURS}:two_tables_states_drift",
    ),
    Measure("labels_join", "plain join of predictions and labels", f"{_SCANS}:labels_join"),
    Measure(
        "labels",
        "performance of predictions with labels: states and metrics, both stored",
        f"{_OURS}:labels_performance",
    ),
    Measure(
        "run",
        "the job's first run, whole, in a new session",
        f"{_OURS}:whole_run",
        warm_up="none",
        runs=1,
    ),
    Measure("wide_scan", "wide table: noop scan", f"{_SCANS}:wide_scan", _WIDE),
    Measure("wide_handover", "wide table: handed to Python", f"{_SCANS}:wide_handover", _WIDE),
    Measure("wide_states", "wide table: states", f"{_OURS}:wide_states", _WIDE),
    Measure("wide_drift", "wide table: states and drift", f"{_OURS}:wide_states_drift", _WIDE),
    Measure("increment_30", "one new day, 30 days stored", f"{_OURS}:increments_30", None, runs=5),
    Measure(
        "increment_365", "one new day, 365 days stored", f"{_OURS}:increments_365", None, runs=5
    ),
    Measure("states_3_days", "states of 3 days", f"{_OURS}:states", days=(3,)),
    Measure(
        "deequ",
        "Deequ: completeness, min, max, mean, sd, approximate distinct",
        f"{_DEEQU}:analyzers",
        warm_up="day",
        runs=1,
        lines=("3.5",),
    ),
    Measure(
        "deequ_sketches",
        "Deequ: KLLSketch of the 20 numeric columns",
        f"{_DEEQU}:sketches",
        warm_up="day",
        runs=1,
        days=(30, 3),
        lines=("3.5",),
    ),
    Measure(
        "deequ_profiler",
        "Deequ: column profiler",
        f"{_DEEQU}:profiler",
        warm_up="day",
        runs=1,
        days=(3,),
        lines=("3.5",),
    ),
    Measure(
        "whylogs",
        "whylogs on Spark: profiles of reference and all, and drift",
        f"{_PEERS}.whylogs_drift:prepared",
        warm_up="day",
        runs=1,
        days=(30, 10, 3),
        peer=True,
    ),
    Measure(
        "nannyml",
        "NannyML: univariate drift by day",
        f"{_PEERS}.nannyml_drift:prepared",
        warm_up="none",
        runs=1,
        days=(30, 20, 10),
        peer=True,
    ),
    Measure("duckdb", "DuckDB: SUMMARIZE", f"{_PEERS}.duckdb_summarize:prepared", peer=True),
    Measure("polars", "Polars: describe", f"{_PEERS}.polars_describe:prepared", peer=True),
    Measure(
        "jobs",
        "number of Spark jobs",
        "scripts.bench.jobs:job_counts",
        None,
        warm_up="none",
        runs=1,
        timed=False,
    ),
    Measure(
        "leftover",
        "where the arithmetic spends its time",
        "scripts.bench.leftover:leftover",
        None,
        warm_up="none",
        runs=1,
        timed=False,
    ),
    Measure(
        "report_sizes",
        "bytes of the report's pages",
        "scripts.bench.report_sizes:report_sizes",
        None,
        warm_up="none",
        runs=1,
        timed=False,
    ),
    Measure(
        "evidently_page",
        "bytes of Evidently's page of data drift",
        f"{_PEERS}.evidently_page:page_sizes",
        None,
        warm_up="none",
        runs=1,
        peer=True,
        timed=False,
    ),
)
