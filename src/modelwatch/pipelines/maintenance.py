"""Upkeep of a monitor's tables: files merged and removed, and what is kept for how long."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.environment import code_version, libraries
from modelwatch.io.store import Store
from modelwatch.io.table_schema import literal
from modelwatch.io.upkeep import compact, delete, file_count, vacuum
from modelwatch.model.config import MonitorConfig
from modelwatch.model.days import day_ranges, shifted
from modelwatch.model.errors import ConfigurationError, Problem, SourceError
from modelwatch.model.retention import (
    Retired,
    ended_replays,
    horizon,
    kept_days,
    least_states_days,
    oldest_unpublished,
)
from modelwatch.pipelines.history import history_of, of_days, of_runs
from modelwatch.pipelines.run import Run
from modelwatch.spark.monthly_states import monthly_states
from modelwatch.tables import TABLES

LOG = logging.getLogger("modelwatch")
_STANDING = ("published", "nothing_to_do", "maintained")
_TRAFFIC = ("inputs", "predictions")
_METRICS = ("profile_metrics", "drift_metrics", "outliers")
_RUN = ("run_id", "finished_at", "outcome", "as_of", "days", "windows", "retired_days")
_MOST = 8
"""Entries of a list that are named; the rest is counted."""


@dataclass(frozen=True)
class _Found:
    """What there is to do, as of the newest run.

    ``days``: those whose states go; ``rolled``: those among them that are added up first, each with
    the run that counts for it. ``unpublished``: by table, rows of runs that never were published.
    """

    as_of: date
    limit: Retired | None
    days: Sequence[date]
    rolled: Mapping[date, str]
    ended: Sequence[str]
    metrics_before: date | None
    unpublished: Mapping[str, int]
    standing: Collection[str]
    oldest: str


def maintain(spark: SparkSession, config: MonitorConfig, *, dry_run: bool = False) -> str:
    """Carry out what ``retention`` says and tidy up the tables; what was done, in words.

    The order keeps every moment right: months are added up, a row of ``runs`` retires the days,
    and only then their states are removed; if it ends in between, the next one goes on. Nothing is
    written with ``dry_run``, which tells what would be done. Sources are never touched.
    """
    store = Store(spark, config.output)
    _check(config)
    if not store.exists("runs"):
        raise SourceError([Problem("", None, "there are no results yet")], str(config.output))
    store.prepare(written=history_of(store.runs(config.monitor)).written)
    found = _found(store, config)
    lines = [f"Monitor {config.monitor}, as of {found.as_of}", *_told(config, found)]
    if not dry_run:
        if found.days:
            _retire(spark, store, config, found)
        _remove(spark, store, config, found)
        lines += _tidied(spark, store, config)
    else:
        lines += _files(spark, store, config)
        lines.append("Nothing was changed.")
    return "\n".join(lines) + "\n"


def _check(config: MonitorConfig) -> None:
    least, given = least_states_days(config), config.retention.states_days
    if given is not None and given < least:
        message = (
            f"windows and references look back on {least} days: keep as many at least, not {given}"
        )
        raise ConfigurationError([Problem("retention.states_days", None, message)])


def _found(store: Store, config: MonitorConfig) -> _Found:
    rows = store.runs(config.monitor).select(*_RUN).collect()
    rows.sort(key=lambda row: (row["finished_at"], row["run_id"]))
    published = [row for row in rows if row["outcome"] == "published"]
    if not published:
        raise SourceError([Problem("", None, "no run was published yet")], config.monitor)
    as_of, retention = published[-1]["as_of"], config.retention
    gone = {day for row in rows for day in row["retired_days"] or ()}
    limit, days, rolled, ended = None, list[date](), dict[date, str](), tuple[str, ...]()
    if retention.states_days is not None:
        limit = Retired(horizon(as_of, retention.states_days), kept_days(config))
        days = _stored_days(store, config, limit)
        counting = _run_of_day(rows)
        rolled = {day: counting[day] for day in days if day in counting}
        before = shifted(max(gone), 1) if gone else None
        already = None if before is None else Retired(before, limit.kept)
        ended = ended_replays(published, limit, already) if days else ()
    standing = {row["run_id"] for row in rows if row["outcome"] in _STANDING}
    oldest = oldest_unpublished(datetime.now(timezone.utc).date(), retention.unpublished_days)
    return _Found(
        as_of,
        limit,
        days,
        rolled,
        ended,
        shifted(as_of, -retention.metrics_days) if retention.metrics_days is not None else None,
        _unpublished(store, config, standing, oldest),
        standing,
        oldest,
    )


def _run_of_day(rows: Sequence[Row]) -> dict[date, str]:
    """The newest run that computed each day, of days that were not retired since."""
    found: dict[date, str] = {}
    for row in rows:
        if row["outcome"] == "published":
            found |= dict.fromkeys(row["days"] or (), row["run_id"])
        for day in row["retired_days"] or ():
            found.pop(day, None)
    return found


def _stored_days(store: Store, config: MonitorConfig, limit: Retired) -> list[date]:
    stored = _traffic(store, config).where(F.col("day") < F.lit(limit.before))
    days = (row["day"] for row in stored.select("day").distinct().collect())
    return sorted(day for day in days if day in limit)


def _traffic(store: Store, config: MonitorConfig) -> DataFrame:
    return store.read("feature_states").where(
        (F.col("monitor") == config.monitor) & F.col("role").isin(*_TRAFFIC)
    )


def _unpublished(
    store: Store, config: MonitorConfig, standing: Collection[str], oldest: str
) -> dict[str, int]:
    """By table, rows that no view shows, of runs that began long ago."""
    found = {}
    for name in _of_runs():
        mine = store.read(name).where(
            (F.col("monitor") == config.monitor) & (F.col("run_id") < oldest)
        )
        counts = mine.groupBy("run_id").count().collect()
        rows = sum(row["count"] for row in counts if row["run_id"] not in standing)
        if rows:
            found[name] = rows
    return found


def _of_runs() -> list[str]:
    return [name for name, table in TABLES.items() if table.of_runs and name != "runs"]


def _retire(spark: SparkSession, store: Store, config: MonitorConfig, found: _Found) -> None:
    """Add up the days by month, publish that they are retired, and remove their states."""
    run = Run(spark)
    assert found.limit is not None
    if found.rolled:
        stored = of_days(_traffic(store, config), found.rolled)
        rows = monthly_states(of_runs(stored, found.rolled))
        run.append(store, config, "feature_states_monthly", rows)
    text = f"states of {len(found.days)} days before {found.limit.before} were removed"
    store.publish({**_row(run, config, found), "message": text})
    _delete(spark, store, "feature_states", _states_gone(config, found.days))


def _row(run: Run, config: MonitorConfig, found: _Found) -> dict[str, Any]:
    return {
        "monitor": config.monitor,
        "run_id": run.run_id,
        "started_at": run.started_at,
        "finished_at": datetime.now(timezone.utc),
        "outcome": "maintained",
        "exit_code": 0,
        "as_of": found.as_of,
        "code_version": code_version(),
        "libraries": [{"name": n, "version": v} for n, v in libraries().items()],
        "outputs": [{"table": name, "version": v} for name, v in run.outputs.items()],
        "retired_days": list(found.days),
    }


def _states_gone(config: MonitorConfig, days: Sequence[date]) -> str:
    roles = ", ".join(literal(role) for role in _TRAFFIC)
    ranges = (f"day BETWEEN '{r.first}' AND '{r.last}'" for r in day_ranges(days))
    return f"monitor = {literal(config.monitor)} AND role IN ({roles}) AND ({' OR '.join(ranges)})"


def _remove(spark: SparkSession, store: Store, config: MonitorConfig, found: _Found) -> None:
    """Rows of windows that are too old, and rows of runs that were never published."""
    monitor = f"monitor = {literal(config.monitor)}"
    if found.metrics_before is not None:
        for name in _METRICS:
            if store.read(name).where(_older(config, found.metrics_before)).limit(1).collect():
                condition = f"{monitor} AND window_end < '{found.metrics_before}'"
                _delete(spark, store, name, condition)
    for name in found.unpublished:
        standing = ", ".join(literal(run) for run in sorted(found.standing))
        condition = f"{monitor} AND run_id < {literal(found.oldest)}"
        _delete(spark, store, name, f"{condition} AND run_id NOT IN ({standing})")


def _older(config: MonitorConfig, day: date) -> Any:
    return (F.col("monitor") == config.monitor) & (F.col("window_end") < F.lit(day))


def _delete(spark: SparkSession, store: Store, name: str, condition: str) -> None:
    LOG.info("  %s: %d rows removed", name, delete(spark, store.place(name), condition))


def _tidied(spark: SparkSession, store: Store, config: MonitorConfig) -> Iterator[str]:
    hours = config.retention.file_hours
    for name in TABLES:
        place = store.place(name)
        files = compact(spark, place)
        if files.removed:
            yield f"  compacted  {name}: {files.removed} files became {files.added}"
        vacuum(spark, place, hours, dry_run=False)
    yield f"  vacuumed   files that left a table more than {hours} hours ago"
    yield "Runs can be replayed as before: a replay reads rows, not old versions of these tables."


def _files(spark: SparkSession, store: Store, config: MonitorConfig) -> Iterator[str]:
    hours = config.retention.file_hours
    for name in TABLES:
        place = store.place(name)
        stale = vacuum(spark, place, hours, dry_run=True)
        yield f"  {name}: {file_count(spark, place)} files to merge, {stale} old ones to remove"


def _told(config: MonitorConfig, found: _Found) -> Iterator[str]:
    if found.limit is not None and found.days:
        ranges = _listed([str(days) for days in day_ranges(found.days)])
        yield f"  states     {len(found.days)} days before {found.limit.before}: {ranges}"
        months = sorted({day.replace(day=1) for day in found.rolled})
        listed = _listed([f"{month:%Y-%m}" for month in months])
        yield f"  rolled up  {len(months)} months in feature_states_monthly: {listed}"
    if found.ended:
        yield f"  replays    no longer possible of {len(found.ended)} runs: {_listed(found.ended)}"
    if found.metrics_before is not None:
        yield f"  metrics    of windows that ended before {found.metrics_before}"
    for name, rows in found.unpublished.items():
        yield f"  unpublished  {name}: {rows:,} rows of runs that died or failed"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST])
    return shown if len(names) <= _MOST else f"{shown} and {len(names) - _MOST} more"
