"""The stage of a run that gives verdicts on what it computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.deequ import NO_ROWS_CHECKED, ConstraintRow
from modelwatch.evaluation.verdicts.judgement import VERDICT_COLUMNS, Strictness
from modelwatch.io.store.output_tables import Store
from modelwatch.model.days import shifted
from modelwatch.model.performance.value_accounts import (
    UNMAPPED_SHARE,
    UnmappedValues,
    unmapped_values,
)
from modelwatch.model.planning.windows import Window
from modelwatch.model.sources.freshness import LOOK_BACK_DAYS
from modelwatch.model.verdicts.row import Source
from modelwatch.pipelines.runs.run import EvaluatedWindow, Request, Run
from modelwatch.pipelines.sources.outside_windows import watched_roles
from modelwatch.pipelines.verdicts.day_series import (
    coverage_series,
    profile_series,
    volume_days,
    volume_series,
)
from modelwatch.spark.local_frames import frame_of
from modelwatch.spark.verdicts.metric_values import (
    FIGURES,
    drift_figures,
    estimate_figures,
    performance_figures,
)
from modelwatch.spark.verdicts.rows import verdict_rows
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.tables import TABLES

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
    """Verdicts on all figures of the run, on constraints, and on days that should be there.

    ``counted``: the account of the rows of each day, as ``row_counts`` gives it.
    """
    config, plan = request.config, request.plan
    run.judged = [
        *_judged(_OF_DAYS, plan.windows),
        *_judged(_OF_LABELS, plan.labels.windows),
        *_judged_days(("constraint",), request.days),
        *_judged_days(("volume",), sorted(volume_days(request))),
        *_judged_days(("freshness",), _freshness_days(request)),
        *_judged_days(("values",), sorted(run.label_values)),
        *_judged_days(("arrival",), [_eve(request)] if request.outside else ()),
    ]
    whole = config.verdicts
    strictness = Strictness(whole.level, whole.fewest_rows, whole.correction)
    values = unmapped_values(config, run.label_values)
    own = [*_constraint_rows(checked), *_arrival_rows(request), *_value_rows(values)]
    own += _outside_rows(request)
    frames = [frame_of(run.spark, own, _TABLE.ddl(*VERDICT_COLUMNS))]
    figures = _figures(run, store, request, counted)
    if figures:
        frames.append(verdict_rows(reduce(DataFrame.unionByName, figures), strictness))
    run.append(store, config, _TABLE.name, reduce(DataFrame.unionByName, frames))


def _figures(
    run: Run, store: Store, request: Request, counted: Mapping[date, tuple[int, ...]]
) -> list[DataFrame]:
    config, plan = request.config, request.plan
    figures = []

    def written(table: str) -> DataFrame:
        mine = store.read(table).where(F.col("monitor") == config.monitor)
        return mine.where(F.col("run_id") == run.run_id)

    if plan.windows:
        figures.append(drift_figures(written("drift_metrics")))
    if plan.labels.windows:
        thresholds, fixed = config.performance_thresholds, [r.name for r in config.fixed_references]
        metrics = written("performance_metrics")
        figures.append(performance_figures(metrics, thresholds, fixed))
        estimates = written("performance_estimates")
        figures.append(estimate_figures(estimates, metrics, thresholds, fixed))
    series = [
        *volume_series(request, counted),
        *coverage_series(run, store, request),
        *profile_series(run, store, request),
    ]
    rows = [row for one in series for row in one.figures()]
    if rows:
        figures.append(frame_of(run.spark, rows, FIGURES))
    return figures


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
            figure=row.kind,
            day=row.day,
            value=row.observed,
            threshold=row.lower if row.lower is not None else row.upper,
            effect=None if row.verdict == "unknown" else float(row.verdict != "pass"),
            verdict="undefined" if row.verdict == "unknown" else row.verdict,
            reason=row.reason,
            rows=row.rows,
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
            figure=UNMAPPED_SHARE,
            day=one.day,
            value=one.share,
            threshold=one.threshold,
            effect=one.share / one.threshold,
            verdict=one.verdict,
            reason=one.reason,
            rows=one.rows,
        )
        for one in found
    ]


def _freshness_days(request: Request) -> list[date]:
    """Days whose arrival is judged: those computed, those overdue, and those that were overdue when
    a run looked last and are not any more."""
    overdue = {day for days in request.missing.values() for day in days}
    since = request.plan.as_of - timedelta(days=LOOK_BACK_DAYS)
    described = {
        day
        for source, _, day in request.history.run_of_verdicts()
        if source == "freshness" and day >= since
    }
    computed = {day for run in request.history.runs for day in run["days"] or ()}
    return sorted({*request.days, *overdue, *(described - computed)})


def _arrival_rows(request: Request) -> list[tuple[Any, ...]]:
    """Overdue days of each table; and days that have come, so that a gap before them ends.

    A day without rows is a day without all of them, and weighs more than one with a few.
    """
    threshold = request.config.verdicts.volume or 1.0
    rows = [
        _row(
            source="freshness",
            role=role,
            subject=role,
            figure="missing_day",
            day=day,
            value=1.0,
            threshold=threshold,
            effect=1.0 / threshold,
            verdict="fail",
            rows=0,
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
            figure="missing_day",
            day=day,
            value=0.0,
            threshold=threshold,
            effect=0.0,
            verdict="pass",
        )
        for day in request.days
        if day not in overdue
    ]


def _eve(request: Request) -> date:
    """The last day that the run considers, which stands for what arrived since the run before."""
    return shifted(request.plan.as_of, -1)


def _outside_rows(request: Request) -> list[tuple[Any, ...]]:
    """What arrived and belongs to no window; of a table in which nothing did, that there is none.

    A share that matters by a few rows is a warning, of which source health tells alone.
    """
    rows = [
        _row(
            source="arrival",
            role=one.role,
            subject=one.role,
            figure=one.check,
            day=_eve(request),
            value=one.value,
            threshold=one.threshold,
            effect=one.value / one.threshold
            if one.value is not None and one.threshold is not None and one.verdict != "warn"
            else None,
            verdict={"warn": "too_few_rows", "unknown": "undefined"}.get(one.verdict, one.verdict),
            reason=one.reason if one.verdict in ("warn", "unknown") else None,
        )
        for one in request.outside
    ]
    described = {one.role for one in request.outside}
    silent = [role for role in watched_roles(request.sources) if role not in described]
    return rows + [
        _row(
            source="arrival",
            role=role,
            subject=role,
            figure="missing_time",
            day=_eve(request),
            verdict="no_data",
            reason="no rows arrived",
        )
        for role in silent
        if described
    ]


def _row(source: Source, day: date, **columns: Any) -> tuple[Any, ...]:
    whole = {
        "source": source,
        "model_version": ALL_VERSIONS,
        "segmentation": ALL,
        "segment": ALL,
        "window": "day",
        "window_start": day,
        "window_end": day,
        "partial": False,
        **columns,
    }
    return tuple(whole.get(name) for name in VERDICT_COLUMNS)
