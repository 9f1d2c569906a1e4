"""The stage of a run that computes verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.constraints import NO_ROWS_CHECKED, ConstraintRow
from modelwatch.evaluation.batch_functions import answers_of
from modelwatch.evaluation.verdicts.judgement import (
    COMPARISON_FAMILY,
    SCHEMA,
    VERDICT_COLUMNS,
    Strictness,
    verdict_batches,
)
from modelwatch.evaluation.verdicts.metric_values import (
    JUDGED_DRIFT,
    METRIC_VALUE_COLUMNS,
    METRIC_VALUE_SCHEMA,
    judged_changes,
    reference_values,
)
from modelwatch.evaluation.verdicts.metric_values import drift_values as held_drift_values
from modelwatch.evaluation.verdicts.metric_values import estimate_values as held_estimate_values
from modelwatch.evaluation.verdicts.metric_values import (
    performance_values as held_performance_values,
)
from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.store.arrow_rows import rows_of, table_of_values
from modelwatch.io.store.output_tables import Store
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.days import shifted
from modelwatch.model.performance.value_accounts import (
    UNMAPPED_SHARE,
    UnmappedValues,
    unmapped_values,
)
from modelwatch.model.planning.plan import Plan
from modelwatch.model.planning.windows import Window
from modelwatch.model.sources.freshness import LOOKBACK_DAYS
from modelwatch.model.verdicts.row import VerdictSource
from modelwatch.pipelines.runs.row_limits import MOST_METRIC_BYTES
from modelwatch.pipelines.runs.run import EvaluatedWindow, Request, Run
from modelwatch.pipelines.runs.stored_windows import StoredWindows
from modelwatch.pipelines.sources.outside_windows import daily_roles
from modelwatch.pipelines.verdicts.day_series import (
    coverage_series,
    profile_series,
    volume_days,
    volume_series,
)
from modelwatch.spark.local_frames import frame_of
from modelwatch.spark.verdicts.judgement import (
    drift_values,
    estimate_values,
    performance_values,
    verdict_rows,
)
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import spark_ddl

_OF_DAYS = ("drift", "anomaly")
_OF_LABELS = ("performance", "estimate", "labels")
_TABLE = TABLES["verdicts"]


def write_verdicts(
    run: Run,
    store: Store,
    request: Request,
    checked: Sequence[ConstraintRow],
    counted: Mapping[date, tuple[int, ...]],
) -> None:
    """Verdicts on all metrics of the run, on constraints, and on days that should have data.

    ``counted``: the row account of each day, as returned by ``row_counts``.
    """
    config, plan = request.config, request.plan
    run.judged = [
        *_judged(_OF_DAYS, plan.windows),
        *_judged(_OF_LABELS, plan.labels.windows),
        *_judged_days(("constraint",), request.days),
        *_judged_days(("volume",), sorted(volume_days(plan))),
        *_judged_days(("freshness",), _freshness_days(request)),
        *_judged_days(("values",), sorted(run.label_values)),
        *_judged_days(("arrival",), [_eve(plan.as_of)] if request.outside else ()),
    ]
    values = unmapped_values(config, run.label_values)
    own = [*_constraint_rows(checked), *_arrival_rows(request), *_value_rows(values)]
    own += _outside_rows(request)
    run.append(store, config, _TABLE.name, _judged_rows(run, store, request, own, counted))


def _judged_rows(
    run: Run,
    store: Store,
    request: Request,
    own: Sequence[tuple[Any, ...]],
    counted: Mapping[date, tuple[int, ...]],
) -> DataFrame | pa.Table:
    """Rows with a verdict, and those of metrics, in this process if they are few."""
    config, whole = request.config, request.config.verdicts
    windows = StoredWindows(run, store, config.monitor, request.history)
    strictness = Strictness(whole.level, whole.fewest_rows, whole.correction)
    series = [
        *volume_series(config, request.plan, counted),
        *coverage_series(windows, config, request.plan),
        *profile_series(windows, config, request.plan),
    ]
    rows = [row for one in series for row in one.metric_values()]
    held = _held_values(run, store, request.config, request.plan)
    if held is not None:
        metric_values = pa.concat_tables([*held, table_of_values(METRIC_VALUE_SCHEMA, rows)])
        judged = answers_of(metric_values, COMPARISON_FAMILY, verdict_batches(strictness), SCHEMA)
        known = rows_of(_TABLE, VERDICT_COLUMNS, own).cast(SCHEMA)
        return pa.concat_tables([known, judged])
    frames = [frame_of(run.spark, own, _TABLE.ddl(*VERDICT_COLUMNS))]
    stored = _stored_values(run, store, request.config, request.plan)
    if rows:
        stored.append(frame_of(run.spark, rows, spark_ddl(METRIC_VALUE_SCHEMA)))
    if stored:
        frames.append(verdict_rows(reduce(DataFrame.unionByName, stored), strictness))
    return reduce(DataFrame.unionByName, frames)


def _held_values(
    run: Run, store: Store, config: MonitorConfig, plan: Plan
) -> list[pa.Table] | None:
    """Metrics that the run has written, read by this process; None if there are many."""
    wanted = RowFilter({"monitor": [config.monitor], "run_id": [run.run_id]})
    metric_values = []

    def written(table: str, more: Collection[str], where: ds.Expression) -> pa.Table | None:
        names = [name for name in METRIC_VALUE_COLUMNS if name in TABLES[table].names]
        return store.few(
            table, wanted, MOST_METRIC_BYTES, *dict.fromkeys([*names, *more]), where=where
        )

    if plan.windows:
        more = ("feature", "feature_b", "statistic", "typical")
        drift = written("drift_metrics", more, JUDGED_DRIFT)
        if drift is None:
            return None
        metric_values.append(held_drift_values(drift))
    if plan.labels.windows:
        thresholds, fixed = config.performance_thresholds, [r.name for r in config.fixed_references]
        of_changes = ("cohort", "metric", "reference_value", "cohort_change", "labelled_rows")
        metrics = written("performance_metrics", of_changes, judged_changes(fixed))
        asked = pc.field("metric").isin(list(thresholds))
        estimates = written("performance_estimates", ("metric", "lower", "upper"), asked)
        if metrics is None or estimates is None:
            return None
        metric_values.append(held_performance_values(metrics, thresholds, fixed))
        known = reference_values(metrics, fixed)
        metric_values.append(held_estimate_values(estimates, known, thresholds))
    return metric_values


def _stored_values(run: Run, store: Store, config: MonitorConfig, plan: Plan) -> list[DataFrame]:
    """The same as frames."""
    metric_values = []

    def written(table: str) -> DataFrame:
        mine = store.read(table).where(F.col("monitor") == config.monitor)
        return mine.where(F.col("run_id") == run.run_id)

    if plan.windows:
        metric_values.append(drift_values(written("drift_metrics")))
    if plan.labels.windows:
        thresholds, fixed = config.performance_thresholds, [r.name for r in config.fixed_references]
        metrics = written("performance_metrics")
        metric_values.append(performance_values(metrics, thresholds, fixed))
        estimates = written("performance_estimates")
        metric_values.append(estimate_values(estimates, metrics, thresholds, fixed))
    return metric_values


def _judged(sources: Iterable[str], windows: Iterable[Window]) -> list[EvaluatedWindow]:
    return [EvaluatedWindow(s, w.name, w.start, w.end) for w in windows for s in sources]


def _judged_days(sources: Iterable[str], days: Iterable[date]) -> list[EvaluatedWindow]:
    return [EvaluatedWindow(s, "day", day, day) for day in days for s in sources]


def _constraint_rows(checked: Sequence[ConstraintRow]) -> list[tuple[Any, ...]]:
    """Constraints of days that have rows to check."""
    return [
        _row(
            source="constraint",
            role=row.role,
            subject=row.constraint,
            metric=row.kind,
            day=row.day,
            value=row.observed,
            threshold=row.lower if row.lower is not None else row.upper,
            effect=None if row.verdict == "undefined" else float(row.verdict != "pass"),
            verdict=row.verdict,
            reason=row.reason,
            row_count=row.rows,
        )
        for row in checked
        if row.reason != NO_ROWS_CHECKED
    ]


def _value_rows(found: Iterable[UnmappedValues]) -> list[tuple[Any, ...]]:
    return [
        _row(
            source="values",
            role=one.role,
            subject=one.column,
            metric=UNMAPPED_SHARE,
            day=one.day,
            value=one.share,
            threshold=one.threshold,
            effect=one.share / one.threshold,
            verdict=one.verdict,
            reason=one.reason,
            row_count=one.rows,
        )
        for one in found
    ]


def _freshness_days(request: Request) -> list[date]:
    """Days whose arrival is judged: computed days, overdue days, and days that were overdue in the
    last run but no longer are."""
    overdue = {day for days in request.missing.values() for day in days}
    earliest = request.plan.as_of - timedelta(days=LOOKBACK_DAYS)
    described = {
        day
        for source, _, day in request.history.run_of_verdicts()
        if source == "freshness" and day >= earliest
    }
    computed = {day for run in request.history.runs for day in run["days"] or ()}
    return sorted({*request.days, *overdue, *(described - computed)})


def _arrival_rows(request: Request) -> list[tuple[Any, ...]]:
    """Overdue days of each table, and days that have arrived, so that a gap before them ends.

    A day without rows is the most severe loss of rows.
    """
    threshold = request.config.verdicts.volume or 1.0
    rows = [
        _row(
            source="freshness",
            role=role,
            subject=role,
            metric="missing_day",
            day=day,
            value=1.0,
            threshold=threshold,
            effect=1.0 / threshold,
            verdict="fail",
            row_count=0,
        )
        for role, days in request.missing.items()
        for day in days
    ]
    overdue = {day for days in request.missing.values() for day in days}
    return rows + [
        _row(
            source="freshness",
            role="inputs",
            subject="inputs",
            metric="missing_day",
            day=day,
            value=0.0,
            threshold=threshold,
            effect=0.0,
            verdict="pass",
        )
        for day in request.days
        if day not in overdue
    ]


def _eve(as_of: date) -> date:
    """The last day that the run evaluates, which represents what arrived since the previous run."""
    return shifted(as_of, -1)


def _outside_rows(request: Request) -> list[tuple[Any, ...]]:
    """Verdicts on new rows that belong to no window; for a table without any, that there are none.

    A share that matters because of a few rows is a warning, which only source health reports.
    """
    eve = _eve(request.plan.as_of)
    rows = [
        _row(
            source="arrival",
            role=one.role,
            subject=one.role,
            metric=one.check,
            day=eve,
            value=one.value,
            threshold=one.threshold,
            effect=one.value / one.threshold
            if one.value is not None and one.threshold is not None and one.verdict != "warn"
            else None,
            verdict="too_few_rows" if one.verdict == "warn" else one.verdict,
            reason=one.reason if one.verdict in ("warn", "undefined") else None,
        )
        for one in request.outside
    ]
    described = {one.role for one in request.outside}
    silent = [role for role in daily_roles(request.sources) if role not in described]
    return rows + [
        _row(
            source="arrival",
            role=role,
            subject=role,
            metric="missing_time",
            day=eve,
            verdict="no_data",
            reason="no rows arrived",
        )
        for role in silent
        if described
    ]


def _row(source: VerdictSource, day: date, **columns: Any) -> tuple[Any, ...]:
    whole = {
        "source": source,
        "model_version": ALL_VERSIONS,
        "segmentation": ALL,
        "segment": ALL,
        "window_name": "day",
        "window_start": day,
        "window_end": day,
        "partial": False,
        **columns,
    }
    return tuple(whole.get(name) for name in VERDICT_COLUMNS)
