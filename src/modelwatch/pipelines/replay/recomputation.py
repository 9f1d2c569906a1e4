"""A past run computed again from what it had read, and compared row by row with what it wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.io.delta.source_versions import SourceRead, why_unreadable
from modelwatch.io.delta.sources import Source
from modelwatch.io.failures import reason
from modelwatch.io.session.environment import code_version, libraries
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.replay_store import ReplayStore
from modelwatch.io.store.scratch import removed, scratch_of
from modelwatch.log import log_of_run
from modelwatch.model.config.columns import tables_of
from modelwatch.model.config.configuration import MonitorConfig, lines_of, parse_config
from modelwatch.model.days import DayRange
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.planning.retention import needs_retired, retired
from modelwatch.model.replay.recorded_run import Environment, likely_causes, recorded_plan
from modelwatch.model.runs.stages import Stage
from modelwatch.pipelines.contracts.files import stored_contracts, with_contract_rules
from modelwatch.pipelines.quarantine.releases import releases_at
from modelwatch.pipelines.replay.report import Replayed, only_rounding
from modelwatch.pipelines.runs.history import RunHistory, history_of
from modelwatch.pipelines.runs.monitor import computed_and_published, request_of
from modelwatch.pipelines.runs.run import Run
from modelwatch.pipelines.sources.frames import Sources, day_source, opened_sources
from modelwatch.spark.days import with_day
from modelwatch.spark.replay.row_comparison import RowComparison, compared
from modelwatch.spark.sources.rows import taken_rows
from modelwatch.tables import TABLES

_PUBLISHED = (
    "outcome",
    "exit_code",
    "message",
    "as_of",
    "states_fingerprint",
    "evaluation_fingerprint",
    "labels_fingerprint",
    "performance_fingerprint",
    "verdicts_fingerprint",
    "days",
    "reference_days",
    "windows",
    "label_days",
    "performance_windows",
    "verdict_windows",
    "input_rows",
    "prediction_rows",
    "duplicate_ids",
    "unmatched_inputs",
    "unmatched_predictions",
    "not_profiled",
    "findings",
)
"""Columns of runs that are results."""


@dataclass(frozen=True)
class _Recorded:
    """A run as recorded in its row, with its configuration."""

    row: Mapping[str, Any]
    config: MonitorConfig
    history: RunHistory

    @property
    def run_id(self) -> str:
        return str(self.row["run_id"])

    @property
    def days_read(self) -> dict[str, frozenset[date]]:
        """Days of each role whose rows the run read."""
        config, row = self.config, self.row
        states = set(row["days"] or ())
        labels = {held["day"] for held in row["label_days"] or ()}
        written = {held["table_name"] for held in row["outputs"] or ()}
        reference = config.binning_reference
        if reference.days is not None and written & {"binnings", "loss_models"}:
            fitted = set(reference.days)
            states |= fitted if reference.table is None else set()
            labels |= fitted if "loss_models" in written else set()
        traffic = frozenset(states | labels)
        return {"inputs": traffic, "predictions": traffic, "labels": frozenset(labels)}


def replay(
    spark: SparkSession,
    config: MonitorConfig,
    run_id: str,
    *,
    scratch: str | None = None,
    keep: bool = False,
) -> Replayed:
    """Compute a published run again in separate tables, and compare every row that it wrote.

    ``config`` only locates the tables of the run; everything else is taken from its record.
    ``run_id`` can be the beginning of an id. ``scratch``: folder for the tables of the replay, by
    default beside the output; they are removed at the end unless ``keep`` is set. SourceError if
    this is impossible: no such run, or tables without the versions that it read.
    """
    store = Store(spark, config.output)
    recorded = _recorded(store, config, run_id)
    _check_sources(spark, recorded)
    place = scratch_of(config.output, recorded.run_id, scratch)
    replayed = ReplayStore(
        spark,
        config.output,
        place,
        [row["run_id"] for row in recorded.history.runs],
        recorded.row["finished_at"],
    )
    try:
        replayed.prepare()
        run = _computed(spark, replayed, recorded)
        tables = _compared(store, Store(spark, place), recorded, run)
    finally:
        left = None if not keep and removed(spark, place) else str(place)
    return _replayed(recorded, tables, left)


def _recorded(store: Store, config: MonitorConfig, run_id: str) -> _Recorded:
    store.require_results()
    runs = store.runs(config.monitor)
    found = runs.where(F.col("run_id").startswith(run_id)).limit(10).collect()
    if len(found) != 1:
        several = ", ".join(sorted(row["run_id"] for row in found))
        message = f"{run_id!r} may be several runs: {several}"
        if not found:
            message = f"no run has the id {run_id!r}; the view run_costs lists them"
        raise SourceError([Problem("", None, message)], str(store.place("runs")))
    row = found[0].asDict()
    if row["outcome"] != "published":
        wrote = "it failed" if row["outcome"] == "failed" else "it found nothing to do"
        message = f"run {row['run_id']} published no rows that a replay could be compared with"
        raise SourceError([Problem("", None, f"{message}: {wrote}")], str(store.place("runs")))
    origin = f"configuration of run {row['run_id']}"
    recorded = parse_config(row["config_yaml"], origin, folder=config.folder)
    limit = retired(recorded, history_of(runs).retired_before)
    if needs_retired(row, limit):
        message = (
            f"run {row['run_id']} can't be replayed: states of days before {limit.before}, which "
            "it wrote or read, were removed by `modelwatch maintain`"
        )
        raise SourceError([Problem("", None, message)], str(store.place("feature_states")))
    return _Recorded(row, recorded, _history_before(runs, row))


def _history_before(runs: DataFrame, row: Mapping[str, Any]) -> RunHistory:
    """The published runs that the run knew of."""
    whole = history_of(runs).runs
    held = row.get("history")
    newest = held and held["last"]
    if newest is not None:
        at = next((i for i, one in enumerate(whole) if one["run_id"] == newest), None)
        return RunHistory(whole[: at + 1] if at is not None else ())
    first = held is not None and not held["runs"]
    return RunHistory(() if first else [r for r in whole if r["finished_at"] < row["started_at"]])


def _check_sources(spark: SparkSession, recorded: _Recorded) -> None:
    """Raises SourceError with every table whose version can no longer be read."""
    config, days = recorded.config, recorded.days_read
    tables = tables_of(config)
    problems = []
    for source in recorded.row["sources"] or ():
        role = source["role"]
        if role not in tables or source["version"] is None:
            continue
        read = SourceRead(role, tables[role], source["version"], source["table_id"])
        why = why_unreadable(spark, read, _rows_of(config, role, days.get(role)))
        if why is not None:
            problems.append(Problem("", None, why))
    if problems:
        raise SourceError(problems, f"run {recorded.run_id} can't be replayed")


def _rows_of(
    config: MonitorConfig, role: str, days: frozenset[date] | None
) -> Callable[[Source], DataFrame] | None:
    """The rows of a table that the run read; None if it may have read none."""
    if days is None:
        return lambda source: source.frame()
    if not days:
        return None
    day = present(day_source(config, role), "day")
    return lambda source: with_day(taken_rows(source.stored(), day), day, config.time_zone, days)


def _computed(spark: SparkSession, store: ReplayStore, recorded: _Recorded) -> Run:
    """The repeated run, whose rows are in the scratch tables."""
    run = Run(spark)
    with log_of_run(run.run_id):
        _compute(run, store, recorded)
    return run


def _compute(run: Run, store: ReplayStore, recorded: _Recorded) -> None:
    row, spark = recorded.row, run.spark
    config = recorded.config.model_copy(update={"output": store.output})
    versions = {source["role"]: source["version"] for source in row["sources"] or ()}
    with run.stage(Stage.PLAN, f"opening the tables as run {recorded.run_id} read them"):
        lines = lines_of(row["config_yaml"])
        contracts = stored_contracts(store, config.monitor, row.get("contracts"))
        sources = with_contract_rules(opened_sources(spark, config, lines, versions), contracts)
        config = sources.config
        releases = releases_at(store, config, until=row["started_at"])
        sources = replace(sources, releases=releases)
        asked = DayRange.parse(row["requested_days"]) if row.get("requested_days") else None
        request = request_of(
            config, row["config_yaml"], sources, recorded.history, row["as_of"], asked, contracts
        )
        request = replace(request, plan=recorded_plan(request.plan, config, row))
    try:
        computed_and_published(run, store, request)
    except Exception as error:
        broken = _broken(sources, recorded)
        message = broken or f"{type(error).__name__}: {reason(error)}"
        origin = f"run {recorded.run_id} can't be replayed"
        raise SourceError([Problem("", None, message)], origin) from error


def _broken(sources: Sources, recorded: _Recorded) -> str | None:
    days = frozenset[date]().union(*recorded.days_read.values())
    return sources.broken_file(days) if days else None


def _compared(
    store: Store, scratch: Store, recorded: _Recorded, run: Run
) -> dict[str, RowComparison]:
    """Every table that either run wrote."""
    row = recorded.row
    written = {held["table_name"] for held in row["outputs"] or ()}
    names = [name for name in TABLES if name in written or name in run.outputs]
    tables = {name: _table(store, scratch, name, recorded, run.run_id) for name in names}
    now = scratch.runs(recorded.config.monitor).where(F.col("run_id") == run.run_id).collect()[0]
    tables["runs"] = _of_runs(row, now)
    return tables


def _table(
    store: Store, scratch: Store, name: str, recorded: _Recorded, run_id: str
) -> RowComparison:
    spec = TABLES[name]
    monitor = F.col("monitor") == recorded.config.monitor
    now = scratch.read(name).where(monitor & (F.col("run_id") == run_id))
    before = now.limit(0)
    if store.exists(name):
        before = store.read(name).where(monitor & (F.col("run_id") == recorded.run_id))
    if name == "outbox":
        # Delivery attempts have the id of the run that made them; a replay delivers no messages.
        before, now = (side.where(F.col("attempt") == 0) for side in (before, now))
    skipped = {*spec.own_key, *(c.name for c in spec.columns if not c.repeats)}
    values = [c for c in spec.own_names if c not in skipped and c in before.columns]
    return compared(before, now, spec.own_key, values)


def _of_runs(before: Mapping[str, Any], now: Row) -> RowComparison:
    """The row of the run itself."""
    changed = {name: 1 for name in _PUBLISHED if name in before and before[name] != now[name]}
    return RowComparison(rows=1, same=int(not changed), changed=changed)


def _replayed(
    recorded: _Recorded, tables: Mapping[str, RowComparison], left: str | None
) -> Replayed:
    row = recorded.row
    held = row.get("history")
    before = Environment(
        row["code_version"] if row.get("libraries") else "",
        {one["name"]: one["version"] for one in row.get("libraries") or ()},
    )
    found = Replayed(
        monitor=recorded.config.monitor,
        run_id=recorded.run_id,
        as_of=row["as_of"],
        finished_at=_moment(row["finished_at"]),
        sources=[(s["role"], s["table_name"], s["version"]) for s in row["sources"] or ()],
        tables=tables,
        scratch=left,
    )
    if found.identical:
        return found
    causes = likely_causes(
        before,
        Environment(code_version(), libraries()),
        only_rounding=only_rounding(tables),
        known_runs=(held and held["runs"], len(recorded.history.runs)),
    )
    return replace(found, causes=causes)


def _moment(value: datetime) -> datetime:
    """A timestamp from Spark, in UTC."""
    return value.astimezone(timezone.utc)
