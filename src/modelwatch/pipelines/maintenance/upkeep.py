"""Upkeep of a monitor's tables: merging and removing files, and retention."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.io.delta.addresses import Place
from modelwatch.io.session.environment import code_version, libraries
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.published_tables import published_places, remove_rows
from modelwatch.io.store.upkeep import Compacted, compact, delete, file_count, vacuum
from modelwatch.log import LOG
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.literals import string_literal
from modelwatch.model.days import day_ranges, shifted
from modelwatch.model.errors import ConfigurationError, Problem, SourceError
from modelwatch.model.plain_text import counted, listed_names
from modelwatch.model.planning.retention import (
    Retired,
    ended_replays,
    exempt_days,
    first_retained_day,
    least_states_days,
    oldest_unpublished,
    retired,
)
from modelwatch.pipelines.runs.history import of_days, of_runs, stored_history
from modelwatch.pipelines.runs.run import Run
from modelwatch.pipelines.sources.arrivals import TRAFFIC
from modelwatch.spark.states.rolled import monthly_performance, monthly_states
from modelwatch.tables import TABLES
from modelwatch.tables.published import PUBLISHED_FOLDER

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
_CONCURRENT_TABLES = 4


@dataclass(frozen=True)
class _Found:
    """The work to do, as of the newest run.

    ``days``: those whose states are removed. ``rolled`` and ``labelled``: those among them whose
    states of features and of performance are added up first, each with its current run.
    ``unpublished``: by table, rows of runs that were never published.
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
    """Apply ``retention`` and tidy up the tables; the result in words.

    The order is safe at any time: months are added up, a row of ``runs`` retires the days, and only
    then their states are removed. If the process ends in between, the next call continues. With
    ``dry_run``, nothing is written. Sources are never changed.
    """
    store = Store(spark, config.output)
    _check(config)
    store.require_results()
    store.prepare(written=stored_history(store, config.monitor).written)
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
        message = f"windows and references use {least} days: must be at least {least}, not {given}"
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
        limit = Retired(
            first_retained_day(published, as_of, retention.states_days), exempt_days(config)
        )
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
        # Earlier releases retained performance states of retired days.
        if any(held["table_name"] == monthly for held in row["outputs"] or ()):
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
    """By table, rows of old runs that no view shows."""
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
    text = f"removed states of {counted(len(found.days), 'day')} before {limit.before}"
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
        "spark_session": run.session_row,
        "outputs": [{"table_name": name, "version": v} for name, v in run.outputs.items()],
        "retired_days": list(found.days),
    }


def _of_days_gone(config: MonitorConfig, days: Sequence[date]) -> str:
    ranges = (f"day BETWEEN '{r.first}' AND '{r.last}'" for r in day_ranges(days))
    return f"monitor = {string_literal(config.monitor)} AND ({' OR '.join(ranges)})"


def _remove(spark: SparkSession, store: Store, config: MonitorConfig, found: _Found) -> None:
    """Delete rows of old windows, and rows of runs that were never published."""
    monitor = f"monitor = {string_literal(config.monitor)}"
    if found.metrics_before is not None:
        for name in _METRICS:
            _delete(spark, store, name, f"{monitor} AND window_end < '{found.metrics_before}'")
        views = {current.view for name in _METRICS if (current := TABLES[name].current)}
        for view, place in published_places(spark, config.output).items():
            if view in views:
                old = f"{monitor} AND window_end < '{found.metrics_before}'"
                remove_rows(spark, place, old)
    for name in found.unpublished:
        standing = ", ".join(string_literal(run) for run in sorted(found.standing))
        condition = f"{monitor} AND run_id < {string_literal(found.oldest)}"
        _delete(spark, store, name, f"{condition} AND run_id NOT IN ({standing})")


def _delete(spark: SparkSession, store: Store, name: str, condition: str) -> None:
    """Delete rows of a table; without such rows, there is no commit."""
    if store.read(name).where(condition).isEmpty():
        return
    LOG.info("  %s: %d rows removed", name, delete(spark, store.place(name), condition))


def _tidied(spark: SparkSession, store: Store, config: MonitorConfig) -> Iterator[str]:
    hours = config.retention.file_hours

    def compacted(place: Place) -> Compacted:
        files = compact(spark, place)
        vacuum(spark, place, hours, dry_run=False)
        return files

    published = published_places(spark, config.output)
    places = {name: store.place(name) for name in TABLES}
    places |= {f"{PUBLISHED_FOLDER} {name}": place for name, place in published.items()}
    with ThreadPoolExecutor(max_workers=_CONCURRENT_TABLES) as pool:
        for name, files in zip(places, pool.map(compacted, places.values()), strict=True):
            if files.removed:
                yield f"  compacted  {name}: {files.removed} files became {files.added}"
    yield f"  vacuumed   files that left a table more than {hours} hours ago"
    yield "Runs can be replayed as before: a replay reads rows, not old versions of these tables."


def _files(spark: SparkSession, store: Store, config: MonitorConfig) -> Iterator[str]:
    hours = config.retention.file_hours

    def counted_files(name: str) -> str:
        place = store.place(name)
        stale = vacuum(spark, place, hours, dry_run=True)
        return f"  {name}: {file_count(spark, place)} files to merge, {stale} old ones to remove"

    with ThreadPoolExecutor(max_workers=_CONCURRENT_TABLES) as pool:
        yield from pool.map(counted_files, TABLES)


def _upkeep_lines(config: MonitorConfig, found: _Found) -> Iterator[str]:
    if found.limit is not None and found.days:
        ranges = listed_names([str(days) for days in day_ranges(found.days)])
        days = counted(len(found.days), "day")
        yield f"  states     {days} before {found.limit.before}: {ranges}"
        for name, rolled in (
            ("feature_states_monthly", found.rolled),
            ("performance_states_monthly", found.labelled),
        ):
            months = sorted({day.replace(day=1) for day in rolled})
            listed = listed_names([f"{month:%Y-%m}" for month in months])
            if months:
                yield f"  rolled up  {counted(len(months), 'month')} in {name}: {listed}"
    if found.ended:
        named = listed_names(found.ended)
        yield f"  replays    no longer possible for {counted(len(found.ended), 'run')}: {named}"
    if found.metrics_before is not None:
        yield f"  metrics    of windows that ended before {found.metrics_before}"
    for name, rows in found.unpublished.items():
        yield f"  unpublished  {name}: {counted(rows, 'row')} of failed or killed runs"
