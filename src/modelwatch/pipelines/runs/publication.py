"""Publication: changed results, written to plain tables that any engine reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from functools import reduce
from operator import or_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch.io.failures import typed_message
from modelwatch.io.store.local_results import UnsupportedStatement, local_results
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.published_tables import (
    Publication,
    append_publication,
    exists,
    last_publication,
    published_place,
    replace_rows,
    replace_rows_locally,
)
from modelwatch.io.store.view_frames import view_frame
from modelwatch.io.store.views import create_views, has_views
from modelwatch.log import LOG
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.literals import string_literal
from modelwatch.model.plain_text import LONGEST_WARNING, one_line, shortened
from modelwatch.model.runs.stages import Stage
from modelwatch.pipelines.runs.run import Run
from modelwatch.tables.published import COMPUTED, PUBLISHED, Key, PublishedTable

_CONCURRENT_TABLES = 4
"""Number of tables that Spark writes at a time, because planning, which uses one core, takes most
of its time."""
_CONCURRENT_LOCAL_TABLES = 2
"""The same for tables whose rows this process holds."""
_OVERLAP = timedelta(hours=1)
"""Runs that ended this shortly before the last publication are published again, because one may
have appended its row to ``runs`` after another that ended later."""
_ATTEMPTS = 3
_MOST_KEYS = 2_000
"""Number of changed windows above which all rows of a monitor are replaced."""


def keep_current(run: Run, store: Store, config: MonitorConfig) -> None:
    """Update the published tables if configured, and the views of a schema.

    The run is already published: a failure is a warning, and the next run makes up for it.
    """
    try:
        if config.output.publish:
            with run.stage(Stage.CURRENT_RESULTS, "publishing the current results"):
                publish_current(run.spark, store, config)
        if config.output.schema_name is not None and not has_views(run.spark, config.output):
            with run.stage(Stage.VIEWS, "creating the views of the schema"):
                create_views(run.spark, config.output)
    except Exception as error:
        reason = shortened(one_line(typed_message(error)), LONGEST_WARNING)
        LOG.warning("current results were not published: %s", reason)


def publish_current(spark: SparkSession, store: Store, config: MonitorConfig) -> Sequence[str]:
    """Bring the published tables up to the newest published run; the names of those written.

    In each table, only rows of windows and days that runs computed since the last publication are
    replaced, in one commit. A final append to ``publications`` records which versions belong
    together. What a killed run left out is made up for by the next one, because the last valid
    publication does not include it. If two runs overlap, the one that writes last sees the rows of
    both.
    """
    written: dict[str, int] = {}
    included: set[str] = set()
    for _ in range(_ATTEMPTS):
        last = last_publication(spark, config.output, config.monitor)
        pending = _pending(store, config, last)
        if not {run["run_id"] for run in pending} - included:
            break
        included |= {run["run_id"] for run in pending}
        written |= _write(spark, config, pending)
        versions = {**(last.versions if last is not None else {}), **written}
        moment, newest = datetime.now(timezone.utc), _newest(pending)
        append_publication(
            spark,
            config.output,
            [
                (config.monitor, newest, moment, name, version)
                for name, version in sorted(versions.items())
            ],
        )
    return tuple(written)


def _pending(
    store: Store, config: MonitorConfig, last: Publication | None
) -> Sequence[Mapping[str, Any]]:
    """Published runs since the last publication; empty if it includes all of them."""
    runs = store.runs(config.monitor).where(F.col("outcome") == "published")
    rows = [row.asDict() for row in runs.select("run_id", "finished_at", *COMPUTED).collect()]
    ended = {row["run_id"]: row["finished_at"] for row in rows}
    if last is None or last.run_id not in ended:
        return rows
    if not rows or _newest(rows) == last.run_id:
        return []
    earliest = ended[last.run_id] - _OVERLAP
    return [row for row in rows if row["finished_at"] >= earliest and row["run_id"] != last.run_id]


def _newest(runs: Iterable[Mapping[str, Any]]) -> str:
    return str(max(runs, key=lambda run: (run["finished_at"], run["run_id"]))["run_id"])


def _write(
    spark: SparkSession,
    config: MonitorConfig,
    runs: Collection[Mapping[str, Any]],
) -> dict[str, int]:
    """Replace what runs changed; the versions written, by table.

    In a local folder, without Spark except for what only Spark can do.
    """
    newest = _newest(runs)
    mine = f"monitor = {string_literal(config.monitor)}"
    local = local_results(config.output)

    def one(table: PublishedTable) -> int | None:
        keys = None if table.is_replaced_whole else table.changed(runs)
        if keys is not None and not keys:
            return None
        if keys is not None and len(keys) > _MOST_KEYS:
            keys = None
        condition = mine if keys is None else f"{mine} AND ({_of_keys(table.key, keys)})"
        place = published_place(config.output, table.view)

        def by_spark(some: str = "true") -> int:
            rows = view_frame(spark, config.output, table.view).where(condition).where(some)
            return replace_rows(place, rows, condition, newest)

        if local is None:
            return by_spark()
        try:
            rows = local.table(f"SELECT * FROM {table.view} WHERE {condition}")
        except UnsupportedStatement:
            return by_spark()
        if not exists(spark, place):
            by_spark("false")
        replaced = _rows_of_keys(config.monitor, table.key, keys)
        version = replace_rows_locally(place, rows, replaced, newest)
        return by_spark() if version is None else version

    workers = _CONCURRENT_TABLES if local is None else _CONCURRENT_LOCAL_TABLES
    with ThreadPoolExecutor(max_workers=workers) as pool:
        versions = list(pool.map(one, PUBLISHED))
    return {
        table.view: version
        for table, version in zip(PUBLISHED, versions, strict=True)
        if version is not None
    }


def _of_keys(names: Sequence[str], keys: Collection[Key]) -> str:
    """An SQL predicate that selects rows by their key, the last part of which is a day."""
    parts = []
    for texts, starts in _days_by_texts(keys):
        listed = ", ".join(f"DATE'{day}'" for day in starts)
        equal = [
            f"{name} = {string_literal(text)}" for name, text in zip(names, texts, strict=False)
        ]
        parts.append(" AND ".join([*equal, f"{names[-1]} IN ({listed})"]))
    return " OR ".join(f"({part})" for part in parts)


def _rows_of_keys(
    monitor: str, names: Sequence[str], keys: Collection[Key] | None
) -> ds.Expression:
    """The same with the monitor as a condition of pyarrow; all rows of the monitor for None."""
    mine = pc.field("monitor") == monitor
    if keys is None:
        return mine
    parts = []
    for texts, starts in _days_by_texts(keys):
        part = pc.field(names[-1]).isin(pa.array(starts, pa.date32()))
        for name, text in zip(names, texts, strict=False):
            part = part & (pc.field(name) == text)
        parts.append(part)
    return mine & reduce(or_, parts)


def _days_by_texts(keys: Collection[Key]) -> list[tuple[Key, list[date]]]:
    """The days of keys by their other parts, in order."""
    days: dict[Key, list[date]] = {}
    for key in keys:
        days.setdefault(key[:-1], []).append(key[-1])
    return [(texts, sorted(held)) for texts, held in sorted(days.items())]
