"""Upkeep of a monitor's tables: files merged and removed, and what is kept for how long."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.io.session.environment import code_version, libraries
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.upkeep import Compacted, compact, delete, file_count, vacuum
from modelwatch.log import LOG
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.literals import string_literal
from modelwatch.model.days import day_ranges, shifted
from modelwatch.model.errors import ConfigurationError, Problem, SourceError
from modelwatch.model.plain_text import listed_names
from modelwatch.model.planning.retention import (
    Retired,
    ended_replays,
    first_kept,
    kept_days,
    least_states_days,
    oldest_unpublished,
    retired,
)
from modelwatch.pipelines.runs.history import history_of, of_days, of_runs
from modelwatch.pipelines.runs.run import Run
from modelwatch.pipelines.sources.arrivals import TRAFFIC
from modelwatch.spark.states.monthly import monthly_performance, monthly_states
from modelwatch.tables import TABLES

_STANDING = ("published", "nothing_to_do", "maintained")
_METRICS = ("profile_metrics", "drift_metrics", "outliers")
_RUN = (
    "run_id",
    "finished_at",
    "outcome",
    "as_of",
    "days",
    "label_days",
    "windows",
    "performance_windows",
    "outputs",
    "retired_days",
)
_TABLES_AT_ONCE = 4


@dataclass(frozen=True)
class _Found:
    """What there is to do, as of the newest run.

    ``days``: those whose states go; ``rolled`` and ``labelled``: those among them of which states
    of features and of performance are added up first, each with the run that counts for it.
    ``unpublished``: by table, rows of runs that never were published.
    """

    as_of: date
    limit: Retired | None
    days: Sequence[date]
    rolled: Mapping[date, str]
    labelled: Mapping[date, str]
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
    lines = [f"Monitor {config.monitor}, as of {found.as_of}", *_upkeep_lines(config, found)]
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
    limit, days, ended = None, list[date](), tuple[str, ...]()
    if retention.states_days is not None:
        limit = Retired(first_kept(published, as_of, retention.states_days), kept_days(config))
        days = _stored_days(store, config, limit)
        before = shifted(max(gone), 1) if gone else None
        already = retired(config, before)
        ended = ended_replays(published, limit, already) if days else ()
    standing = {row["run_id"] for row in rows if row["outcome"] in _STANDING}
    oldest = oldest_unpublished(datetime.now(timezone.utc).date(), retention.unpublished_days)
    return _Found(
        as_of,
        limit,
        days,
        _counting(rows, days, "feature_states_monthly", lambda row: row["days"] or ()),
        _counting(rows, days, "performance_states_monthly", _label_days),
        ended,
        shifted(as_of, -retention.metrics_days) if retention.metrics_days is not None else None,
        _unpublished(store, config, standing, oldest),
        standing,
        oldest,
    )


def _counting(
    rows: Sequence[Row],
    days: Collection[date],
    monthly: str,
    computed: Callable[[Row], Iterable[date]],
) -> dict[date, str]:
    """The newest run that computed each of some days, unless it was added up since."""
    found: dict[date, str] = {}
    for row in rows:
        if row["outcome"] == "published":
            found |= dict.fromkeys(computed(row), row["run_id"])
        # Earlier releases kept the states of performance of days that they retired.
        if any(held["table"] == monthly for held in row["outputs"] or ()):
            for day in row["retired_days"] or ():
                found.pop(day, None)
    return {day: found[day] for day in days if day in found}


def _label_days(run: Row) -> list[date]:
    return [held["day"] for held in run["label_days"] or ()]


def _stored_days(store: Store, config: MonitorConfig, limit: Retired) -> list[date]:
    stored = _traffic(store, config).select("day").union(_labelled(store, config).select("day"))
    days = stored.where(F.col("day") < F.lit(limit.before)).distinct().collect()
    return sorted(row["day"] for row in days if row["day"] in limit)


def _traffic(store: Store, config: MonitorConfig) -> DataFrame:
    return store.read("feature_states").where(
        (F.col("monitor") == config.monitor) & F.col("role").isin(*TRAFFIC)
    )


def _labelled(store: Store, config: MonitorConfig) -> DataFrame:
    return store.read("performance_states").where(F.col("monitor") == config.monitor)


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
    limit = present(found.limit, "limit")
    for name, days, stored, by_month in (
        ("feature_states_monthly", found.rolled, _traffic, monthly_states),
        ("performance_states_monthly", found.labelled, _labelled, monthly_performance),
    ):
        if days:
            rows = by_month(of_runs(of_days(stored(store, config), days), days))
            run.append(store, config, name, rows)
    text = f"states of {len(found.days)} days before {limit.before} were removed"
    store.publish({**_row(run, config, found), "message": text})
    gone = _of_days_gone(config, found.days)
    roles = ", ".join(string_literal(role) for role in TRAFFIC)
    _delete(spark, store, "feature_states", f"{gone} AND role IN ({roles})")
    _delete(spark, store, "performance_states", gone)


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


def _of_days_gone(config: MonitorConfig, days: Sequence[date]) -> str:
    ranges = (f"day BETWEEN '{r.first}' AND '{r.last}'" for r in day_ranges(days))
    return f"monitor = {string_literal(config.monitor)} AND ({' OR '.join(ranges)})"


def _remove(spark: SparkSession, store: Store, config: MonitorConfig, found: _Found) -> None:
    """Rows of windows that are too old, and rows of runs that were never published."""
    monitor = f"monitor = {string_literal(config.monitor)}"
    if found.metrics_before is not None:
        for name in _METRICS:
            _delete(spark, store, name, f"{monitor} AND window_end < '{found.metrics_before}'")
    for name in found.unpublished:
        standing = ", ".join(string_literal(run) for run in sorted(found.standing))
        condition = f"{monitor} AND run_id < {string_literal(found.oldest)}"
        _delete(spark, store, name, f"{condition} AND run_id NOT IN ({standing})")


def _delete(spark: SparkSession, store: Store, name: str, condition: str) -> None:
    """Delete rows of a table; one that has none of them gets no commit."""
    if store.read(name).where(condition).isEmpty():
        return
    LOG.info("  %s: %d rows removed", name, delete(spark, store.place(name), condition))


def _tidied(spark: SparkSession, store: Store, config: MonitorConfig) -> Iterator[str]:
    hours = config.retention.file_hours

    def compacted(name: str) -> Compacted:
        place = store.place(name)
        files = compact(spark, place)
        vacuum(spark, place, hours, dry_run=False)
        return files

    with ThreadPoolExecutor(max_workers=_TABLES_AT_ONCE) as beside:
        for name, files in zip(TABLES, beside.map(compacted, TABLES), strict=True):
            if files.removed:
                yield f"  compacted  {name}: {files.removed} files became {files.added}"
    yield f"  vacuumed   files that left a table more than {hours} hours ago"
    yield "Runs can be replayed as before: a replay reads rows, not old versions of these tables."


def _files(spark: SparkSession, store: Store, config: MonitorConfig) -> Iterator[str]:
    hours = config.retention.file_hours

    def counted(name: str) -> str:
        place = store.place(name)
        stale = vacuum(spark, place, hours, dry_run=True)
        return f"  {name}: {file_count(spark, place)} files to merge, {stale} old ones to remove"

    with ThreadPoolExecutor(max_workers=_TABLES_AT_ONCE) as beside:
        yield from beside.map(counted, TABLES)


def _upkeep_lines(config: MonitorConfig, found: _Found) -> Iterator[str]:
    if found.limit is not None and found.days:
        ranges = listed_names([str(days) for days in day_ranges(found.days)])
        yield f"  states     {len(found.days)} days before {found.limit.before}: {ranges}"
        for name, rolled in (
            ("feature_states_monthly", found.rolled),
            ("performance_states_monthly", found.labelled),
        ):
            months = sorted({day.replace(day=1) for day in rolled})
            listed = listed_names([f"{month:%Y-%m}" for month in months])
            if months:
                yield f"  rolled up  {len(months)} months in {name}: {listed}"
    if found.ended:
        named = listed_names(found.ended)
        yield f"  replays    no longer possible of {len(found.ended)} runs: {named}"
    if found.metrics_before is not None:
        yield f"  metrics    of windows that ended before {found.metrics_before}"
    for name, rows in found.unpublished.items():
        yield f"  unpublished  {name}: {rows:,} rows of runs that died or failed"
