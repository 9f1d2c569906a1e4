"""The job: finds what is new or changed, computes its states, evaluates windows, publishes."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import modelwatch
from modelwatch.deequ import ConstraintRow, constraint_results
from modelwatch.io.session import Effort, effort
from modelwatch.io.store import Store
from modelwatch.model.binned import binned
from modelwatch.model.config import (
    MonitorConfig,
    config_fingerprint,
    evaluation_fingerprint,
    lines_of,
    states_fingerprint,
)
from modelwatch.model.days import DayRange
from modelwatch.model.description import describe
from modelwatch.model.features import features_of
from modelwatch.model.plan import Plan, plan_of
from modelwatch.pipelines.binnings import BINNING_COLUMNS, Binnings, binnings_of
from modelwatch.pipelines.evaluation import evaluation_of, states_needed
from modelwatch.pipelines.findings import Finding, drift_findings, findings_of_constraints
from modelwatch.pipelines.frames import Sources, opened_sources
from modelwatch.pipelines.history import History, history_of
from modelwatch.pipelines.states import StatesOf, day_states, reference_states
from modelwatch.pipelines.validation import schemas_of
from modelwatch.spark.evaluate import drift_rows, profile_rows
from modelwatch.tables import TABLES

LOG = logging.getLogger("modelwatch")
EXIT_QUIET, EXIT_LOOK, EXIT_FAILED = 0, 1, 2
MAX_FINDINGS = 200
"""Findings that a run row keeps; the tables have them all."""


@dataclass(frozen=True)
class RunReport:
    """How a run ended: its exit code, and what to tell a person."""

    exit_code: int
    text: str
    run_id: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass
class _Run:
    """A run under way: its identity, and the times of its stages."""

    run_id: str
    started_at: datetime
    effort: Effort
    stages: list[tuple[str, float]] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, told: str) -> Iterator[None]:
        LOG.info("%s", told)
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self.stages.append((name, seconds))
        LOG.info("%s: %.1f s", name, seconds)


@dataclass(frozen=True)
class _Prepared:
    """What is known before any work: sources at their versions, history and plan."""

    sources: Sources
    history: History
    plan: Plan


def run_monitor(
    spark: SparkSession,
    config: MonitorConfig,
    *,
    config_text: str,
    as_of: date | None = None,
    days: DayRange | None = None,
    dry_run: bool = False,
) -> RunReport:
    """One run of a monitor; every check comes before the first write.

    ``as_of``: days before it are considered; today in the monitor's time zone if left out.
    ``days``: compute these, changed or not. Raises SourceError for what does not fit the tables.
    """
    as_of = as_of or datetime.now(ZoneInfo(config.time_zone)).date()
    run = _Run(_run_id(), datetime.now(timezone.utc), effort(spark))
    store = Store(spark, config.output)
    with run.stage("plan", "looking for new and changed days"):
        prepared = _prepared(spark, config, config_text, store, as_of, days)
    plan = prepared.plan
    if dry_run:
        return RunReport(EXIT_QUIET, describe(plan))
    store.prepare()
    if plan.nothing_to_do:
        row = _run_row(run, config, config_text, prepared, spark, "nothing_to_do", EXIT_QUIET)
        store.publish({**row, "message": "no day is new or changed"})
        return RunReport(EXIT_QUIET, describe(plan), run.run_id)
    try:
        return _work(spark, run, config, config_text, store, prepared)
    except Exception as error:
        row = _run_row(run, config, config_text, prepared, spark, "failed", EXIT_FAILED)
        store.publish({**row, "message": f"{type(error).__name__}: {error}"[:4000]})
        raise


def _run_id() -> str:
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def _prepared(
    spark: SparkSession,
    config: MonitorConfig,
    config_text: str,
    store: Store,
    as_of: date,
    days: DayRange | None,
) -> _Prepared:
    history = history_of(store.runs(config.monitor)) if store.exists("runs") else History(())
    sources = opened_sources(spark, config, lines_of(config_text))
    features, not_profiled = features_of(config, schemas_of(sources.frames))
    changes = [
        source.change(
            history.seen_version(role, str(source.address)),
            history.table_id(role, str(source.address)),
        )
        for role, source in sources.opened.items()
        if not role.startswith("set:")
    ]
    plan = plan_of(
        config,
        features,
        changes,
        history.published(states_fingerprint(config)),
        as_of,
        days,
        not_profiled,
    )
    return _Prepared(sources, history, plan)


def _work(
    spark: SparkSession,
    run: _Run,
    config: MonitorConfig,
    config_text: str,
    store: Store,
    prepared: _Prepared,
) -> RunReport:
    plan, history = prepared.plan, prepared.history
    sources = prepared.sources
    days = [planned.day for planned in plan.days]
    wanted = binned(config, plan.features)
    with run.stage("bins", "reading the frozen bins"):
        published = {row["run_id"] for row in history.runs}
        stored = store.read("binnings").where(F.col("monitor") == config.monitor)
        rows = [
            row
            for row in stored.orderBy("created_at", "run_id").collect()
            if row["run_id"] in published
        ]
        binnings = binnings_of(config, wanted, plan.features, rows, sources)
        _append_binnings(spark, run, config, store, binnings)
    states = StatesOf(config, plan.features, binnings.by_key)
    if days or plan.references:
        with run.stage("states", f"computing states of {len(days)} days"):
            frames = [day_states(states, sources, days)] if days else []
            frames += [reference_states(states, sources, ref.name) for ref in plan.references]
            for frame in frames:
                run.outputs["feature_states"] = store.append(
                    "feature_states", _of_monitor(frame, config), run.run_id
                )
    fingerprint = states_fingerprint(config)
    run_of_day = {**history.run_of_day(fingerprint), **dict.fromkeys(days, run.run_id)}
    run_of_reference = {
        **history.run_of_reference(fingerprint),
        **{f"reference:{ref.name}": run.run_id for ref in plan.references},
    }
    if plan.windows:
        evaluation = evaluation_of(states, plan.windows)
        needed = states_needed(
            config,
            plan.features,
            store.read("feature_states"),
            plan.windows,
            run_of_day,
            run_of_reference,
        )
        with run.stage("profile", f"profiling {len(plan.windows)} windows"):
            frame = profile_rows(needed, evaluation)
            run.outputs["profile_metrics"] = store.append(
                "profile_metrics", _of_monitor(frame, config), run.run_id
            )
        with run.stage("drift", f"comparing with {len(config.references)} references"):
            frame = drift_rows(needed, evaluation)
            run.outputs["drift_metrics"] = store.append(
                "drift_metrics", _of_monitor(frame, config), run.run_id
            )
    verdicts: list[ConstraintRow] = []
    if days and config.constraints:
        with run.stage("constraints", f"checking {len(config.constraints)} constraints"):
            verdicts = _constraint_rows(sources, days)
            _append_constraints(spark, run, config, store, verdicts)
    with run.stage("findings", "looking at what was found"):
        drifted = (
            drift_findings(store.read("drift_metrics"), config.monitor, run.run_id)
            if plan.windows
            else ()
        )
        findings = (*findings_of_constraints(verdicts), *drifted)
        accounts = _accounts(store, config, run) if days else None
    exit_code = EXIT_LOOK if any(f.severity == "fail" for f in findings) else EXIT_QUIET
    text = _told(config, plan, findings)
    row = _run_row(run, config, config_text, prepared, spark, "published", exit_code)
    store.publish(
        {
            **row,
            "message": text.splitlines()[0],
            "findings": [f.as_dict() for f in findings[:MAX_FINDINGS]],
            **(accounts or {}),
        }
    )
    return RunReport(exit_code, text, run.run_id, findings)


def _of_monitor(frame: DataFrame, config: MonitorConfig) -> DataFrame:
    return frame.withColumn("monitor", F.lit(config.monitor))


def _append_binnings(
    spark: SparkSession, run: _Run, config: MonitorConfig, store: Store, binnings: Binnings
) -> None:
    if not binnings.fitted:
        return
    schema = TABLES["binnings"].ddl(*BINNING_COLUMNS)
    rows = [tuple(row[name] for name in BINNING_COLUMNS) for row in binnings.fitted]
    frame = spark.createDataFrame(rows, schema)
    run.outputs["binnings"] = store.append("binnings", _of_monitor(frame, config), run.run_id)


def _constraint_rows(sources: Sources, days: Sequence[date]) -> list[ConstraintRow]:
    constraints = sources.config.constraints
    frames: dict[str, DataFrame] = {}
    for role in {constraint.table for constraint in constraints}:
        home = role if role in sources.opened else "inputs"
        frames[role] = sources.rows(home, days)
    return constraint_results(frames, constraints, days, sources.sets)


def _append_constraints(
    spark: SparkSession,
    run: _Run,
    config: MonitorConfig,
    store: Store,
    verdicts: Sequence[ConstraintRow],
) -> None:
    names = [c.name for c in TABLES["constraint_results"].columns][2:]
    rows = [tuple(getattr(verdict, name) for name in names) for verdict in verdicts]
    frame = spark.createDataFrame(rows, TABLES["constraint_results"].ddl(*names))
    run.outputs["constraint_results"] = store.append(
        "constraint_results", _of_monitor(frame, config), run.run_id
    )


def _accounts(store: Store, config: MonitorConfig, run: _Run) -> dict[str, int | None]:
    """Rows read, repeated and unmatched, from the account that the states keep of them."""
    kept = store.read("feature_states").where(
        (F.col("monitor") == config.monitor)
        & (F.col("run_id") == run.run_id)
        & (F.col("kind") == "rows")
        & (F.col("role") == "inputs")
    )
    sums = kept.agg(*(F.sum(F.col("counts")[i]) for i in range(6))).collect()[0]
    rows, inputs, predictions, both, *repeated = (value or 0 for value in sums)
    if not config.two_tables:
        return {"input_rows": rows, "prediction_rows": rows if config.predictions else None}
    return {
        "input_rows": inputs + repeated[0],
        "prediction_rows": predictions + repeated[1],
        "duplicate_ids": sum(repeated),
        "unmatched_inputs": inputs - both,
        "unmatched_predictions": predictions - both,
    }


def _run_row(
    run: _Run,
    config: MonitorConfig,
    config_text: str,
    prepared: _Prepared,
    spark: SparkSession,
    outcome: str,
    exit_code: int,
) -> dict[str, Any]:
    plan = prepared.plan
    done = effort(spark).since(run.effort)
    known = {day for row in prepared.history.runs for day in row["days"] or ()}
    late = bool(known.intersection(plan.left_out))
    published = outcome == "published"
    days = [planned.day for planned in plan.days]
    return {
        "monitor": config.monitor,
        "run_id": run.run_id,
        "started_at": run.started_at,
        "finished_at": datetime.now(timezone.utc),
        "outcome": outcome,
        "exit_code": exit_code,
        "as_of": plan.as_of,
        "config_yaml": config_text,
        "config_fingerprint": config_fingerprint(config),
        "states_fingerprint": states_fingerprint(config),
        "evaluation_fingerprint": evaluation_fingerprint(config),
        "code_version": modelwatch.__version__,
        "sources": [_source_row(prepared, role, days, late) for role in prepared.sources.opened],
        "outputs": [{"table": name, "version": v} for name, v in run.outputs.items()],
        "days": days if published else [],
        "reference_days": [
            {"role": f"reference:{ref.name}", "day": ref.days.first if ref.days else None}
            for ref in plan.references
        ]
        if published
        else [],
        "windows": [
            {"window": w.name, "window_start": w.start, "window_end": w.end} for w in plan.windows
        ]
        if published
        else [],
        "stages": [{"stage": name, "seconds": seconds} for name, seconds in run.stages],
        "executor_seconds": done.executor_seconds,
        "spark_jobs": done.jobs,
    }


def _source_row(prepared: _Prepared, role: str, days: Sequence[date], late: bool) -> dict[str, Any]:
    source = prepared.sources.opened[role]
    table = str(source.address)
    traffic = role in ("inputs", "predictions")
    volume = source.volume(days) if traffic and days else None
    return {
        "role": role,
        "table": table,
        "version": source.version,
        # Changed days that are left to a later run must be seen again by it.
        "seen": prepared.history.seen_version(role, table) if late else source.version,
        "table_id": source.table_id,
        "files": volume and volume.files,
        "bytes": volume and volume.bytes,
        "rows": volume and volume.rows,
    }


def _told(config: MonitorConfig, plan: Plan, findings: Sequence[Finding]) -> str:
    days = f"{len(plan.days)} day{'s' * (len(plan.days) != 1)}"
    windows = f"{len(plan.windows)} window{'s' * (len(plan.windows) != 1)}"
    head = f"{config.monitor}: {days} computed, {windows} evaluated"
    if not findings:
        return f"{head}; nothing to look at.\n"
    lines = [f"{head}; {len(findings)} to look at:"]
    lines += [f"  {finding.message}" for finding in findings[:10]]
    if len(findings) > 10:
        lines.append(f"  ... and {len(findings) - 10} more, see the view drift_ranking")
    lines.append(f"Tables are in {config.output}; open a SQL shell on them with `modelwatch sql`.")
    return "\n".join(lines) + "\n"
