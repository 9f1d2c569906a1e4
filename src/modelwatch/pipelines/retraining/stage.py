"""The stage of a run that makes retraining decisions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import numpy as np
from pyspark.sql import Row
from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.incidents.incident import Incident
from modelwatch.model.retraining.decisions import decisions
from modelwatch.model.retraining.evidence import Loss, RetrainingDecision, RetrainingInputs
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.runs.stored_windows import StoredWindows, one_a_day
from modelwatch.spark.local_frames import frame_of
from modelwatch.stats.value_names import ALL_VERSIONS, NO_VERSION
from modelwatch.stats.verdicts.adaptive_window import adaptive_windows
from modelwatch.tables import TABLES

_HISTORY_DAYS = 400
"""Number of days that a decision considers."""
FAULTS = frozenset(
    {
        "nulls",
        "sentinel",
        "constant",
        "scale_change",
        "swapped_columns",
        "swapped_codes",
        "new_type",
        "duplicated_rows",
        "missing_rows",
    }
)
"""Kinds of change that are pipeline faults, whose days should not be used for training."""
_TABLE = TABLES["retraining_decisions"]


def write_decisions(
    run: Run,
    store: Store,
    request: Request,
    incidents: Sequence[Incident],
    importance: Mapping[str, float],
) -> tuple[RetrainingDecision, ...]:
    """Decide by every policy of the configuration, and write the decisions with their evidence."""
    config = request.config
    if not config.retraining.policies:
        return ()
    found = decisions(
        config.retraining, _retraining_inputs(run, store, request, incidents, importance)
    )
    sources = [
        {"role": role, "table_name": str(source.address), "version": source.version}
        for role, source in request.sources.opened.items()
    ]
    names = _TABLE.own_names
    rows = [
        tuple(
            {**vars(one), "broken_days": list(one.broken_days), "sources": sources}[n]
            for n in names
        )
        for one in found
    ]
    run.append(store, config, _TABLE.name, frame_of(run.spark, rows, _TABLE.ddl(*names)))
    return found


def _retraining_inputs(
    run: Run,
    store: Store,
    request: Request,
    incidents: Sequence[Incident],
    importance: Mapping[str, float],
) -> RetrainingInputs:
    config, as_of = request.config, request.plan.as_of
    earliest = as_of - timedelta(days=_HISTORY_DAYS)
    windows = StoredWindows(run, store, config.monitor, request.history)
    # Most of the time of a query is planning, and the queries are independent.
    with ThreadPoolExecutor(max_workers=3) as pool:
        versions = pool.submit(_version, windows, earliest)
        believed = pool.submit(_believed, windows, earliest)
        broken = pool.submit(_broken_days, windows, incidents, earliest)
        last_reported = pool.submit(_last_reported, store, request.config, request.history)
        due = _due(windows, config, earliest)
        version, first_day = versions.result()
        estimates = [row for row in believed.result() if row["model_version"] == version]
        broken_days = broken.result()
    days = one_a_day(row for row in due if row["reference"] is None)
    compared = [row for row in due if row["reference"] and row["model_version"] == version]
    inputs = {f.name for f in request.plan.features if f.role == "inputs"}
    return RetrainingInputs(
        as_of=as_of,
        model_version=version,
        first_day=first_day,
        labelled={row["window_start"]: int(row["labelled_rows"]) for row in days},
        losses=_losses(config, compared),
        estimates=_estimates(config, compared, estimates),
        importance={name: importance.get(name, 1.0) for name in inputs},
        drifted=[
            one.subject
            for one in incidents
            if one.is_open and one.area == "data" and one.role == "inputs"
        ],
        broken_days=broken_days,
        stable_from=_stable_from(config, days),
        last_reported=last_reported.result(),
    )


def _due(windows: StoredWindows, config: MonitorConfig, earliest: date) -> list[Row]:
    """Performance of days, and changes from the first fixed reference, for all traffic."""
    by_day = F.col("reference").isNull() & (F.col("window_name") == "day")
    stored = windows.frame("performance_metrics", "labels", earliest)
    return (
        stored.where((F.col("cohort") == "due") & (F.col("segmentation") == "all"))
        .where(
            (by_day & (F.col("metric") == _steady_metric(config)))
            | (F.col("reference") == config.fixed_references[0].name)
        )
        .collect()
    )


def _believed(windows: StoredWindows, earliest: date) -> list[Row]:
    """Estimates of completed windows, for all traffic."""
    stored = windows.frame("performance_estimates", "estimate", earliest)
    return stored.where((F.col("segmentation") == "all") & ~F.col("partial")).collect()


def _version(windows: StoredWindows, earliest: date) -> tuple[str, date | None]:
    """The newest model version and its first day; '(none)' if no day has predictions."""
    first = (
        windows.frame("verdicts", "drift", earliest)
        .where(
            (F.col("source") == "drift")
            & (F.col("window_name") == "day")
            & (F.col("row_count") > 0)
        )
        .where((F.col("role") == "predictions") & (F.col("model_version") != ALL_VERSIONS))
        .groupBy("model_version")
        .agg(F.min("window_start").alias("first"), F.max("window_start").alias("last"))
        .collect()
    )
    if not first:
        return NO_VERSION, None
    newest = max(first, key=lambda row: (row["first"], row["last"], row["model_version"]))
    return str(newest["model_version"]), newest["first"]


def _steady_metric(config: MonitorConfig) -> str:
    """A metric that every day with labels has."""
    regression = config.performance is not None and config.performance.task == "regression"
    return "mae" if regression else "accuracy"


def _losses(config: MonitorConfig, compared: Sequence[Row]) -> tuple[Loss, ...]:
    """Changes from the first fixed reference, for the longest kind of window that is judged."""
    kind = config.performance_windows[-1:]
    found = [
        Loss(
            row["metric"],
            row["window_start"],
            row["window_end"],
            row["value"],
            row["lower"],
            row["upper"],
        )
        for row in compared
        if row["window_name"] in kind and not row["partial"]
    ]
    return tuple(sorted(found, key=lambda loss: (loss.window_start, loss.metric)))


def _estimates(
    config: MonitorConfig, compared: Sequence[Row], estimates: Sequence[Row]
) -> tuple[Loss, ...]:
    """Estimated losses: estimates minus the value of the reference."""
    kind = config.performance_windows[-1:]
    before: dict[str, float] = {}
    for row in compared:
        metric, value = row["metric"], row["reference_value"]
        if value is not None:
            before[metric] = max(value, before.get(metric, value))
    found = []
    for row in estimates:
        known, base = (
            row["window_name"] in kind and row["value"] is not None,
            before.get(row["metric"]),
        )
        if known and base is not None:
            change, lower, upper = (
                None if row[name] is None else row[name] - base
                for name in ("value", "lower", "upper")
            )
            found.append(
                Loss(
                    row["metric"],
                    row["window_start"],
                    row["window_end"],
                    change,
                    lower,
                    upper,
                    row["back_test_error"],
                )
            )
    return tuple(sorted(found, key=lambda loss: (loss.window_start, loss.metric)))


def _broken_days(
    windows: StoredWindows, incidents: Sequence[Incident], earliest: date
) -> Collection[date]:
    """Days on which a constraint failed, or of an incident that is a pipeline fault."""
    faults = {
        one.onset + timedelta(days=n)
        for one in incidents
        if one.state != "withdrawn" and one.kind in FAULTS
        for n in range((one.last_failing - one.onset).days + 1)
    }
    failed = windows.frame("verdicts", "constraint", earliest)
    rows = failed.where(F.col("verdict") == "fail").select("window_start").distinct().collect()
    return faults.union(row["window_start"] for row in rows)


def _stable_from(config: MonitorConfig, days: Sequence[Row]) -> date | None:
    """First day of the last stretch in which the accuracy did not change; None if there is none.

    The number of rows is divided by the design effect, because days vary more than independent
    rows.
    """
    if _steady_metric(config) != "accuracy":
        return None
    held = [row for row in days if row["value"] is not None and row["labelled_rows"]]
    if len(held) < 2:
        return None
    rows = np.array([row["labelled_rows"] for row in held], dtype=np.float64)
    value = np.array([row["value"] for row in held], dtype=np.float64)
    mean = float((rows * value).sum() / rows.sum())
    within = max(mean * (1.0 - mean), 1e-12)
    effect = float((rows * (value - mean) ** 2).sum() / (within * max(len(held) - 1, 1)))
    stretch = adaptive_windows(rows, rows * value, rows * value, design_effect=max(1.0, effect))
    first: Any = held[int(stretch.start[-1])]["window_start"]
    return date.fromordinal(first.toordinal())


def _last_reported(store: Store, config: MonitorConfig, history: RunHistory) -> dict[str, date]:
    published = {row["run_id"] for row in history.runs}
    if not published:
        return {}
    mine = store.read(_TABLE.name).where(
        (F.col("monitor") == config.monitor) & (F.col("decision") == "retrain")
    )
    found: dict[str, date] = {}
    for row in mine.select("run_id", "policy", "as_of").collect():
        if row["run_id"] in published:
            found[row["policy"]] = max(row["as_of"], found.get(row["policy"], date.min))
    return found
