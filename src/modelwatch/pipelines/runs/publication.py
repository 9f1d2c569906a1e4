"""Publication: changed results, written to plain tables that any engine reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch.io.failures import typed_message
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.published_tables import (
    Publication,
    append_publication,
    last_publication,
    published_place,
    replace_rows,
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
    """Replace what runs changed; the versions written, by table."""
    newest = _newest(runs)
    mine = f"monitor = {string_literal(config.monitor)}"

    def one(table: PublishedTable) -> int | None:
        keys = table.changed(runs)
        if not table.is_replaced_whole and not keys:
            return None
        condition = mine
        if not table.is_replaced_whole and len(keys) <= _MOST_KEYS:
            condition = f"{mine} AND ({_of_keys(table.key, keys)})"
        rows = view_frame(spark, config.output, table.view).where(condition)
        return replace_rows(published_place(config.output, table.view), rows, condition, newest)

    with ThreadPoolExecutor(max_workers=_CONCURRENT_TABLES) as pool:
        versions = list(pool.map(one, PUBLISHED))
    return {
        table.view: version
        for table, version in zip(PUBLISHED, versions, strict=True)
        if version is not None
    }


def _of_keys(names: Sequence[str], keys: Collection[Key]) -> str:
    """An SQL predicate that selects rows by their key, the last part of which is a day."""
    days: dict[Key, list[date]] = {}
    for key in keys:
        days.setdefault(key[:-1], []).append(key[-1])
    parts = []
    for texts, starts in sorted(days.items()):
        listed = ", ".join(f"DATE'{day}'" for day in sorted(starts))
        equal = [
            f"{name} = {string_literal(text)}" for name, text in zip(names, texts, strict=False)
        ]
        parts.append(" AND ".join([*equal, f"{names[-1]} IN ({listed})"]))
    return " OR ".join(f"({part})" for part in parts)
