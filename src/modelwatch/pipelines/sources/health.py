"""The stage of a run that says how the tables are which it read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.io.delta.source_columns import columns_fingerprint, columns_of, columns_then
from modelwatch.io.delta.sources import Source
from modelwatch.io.store.output_tables import Store
from modelwatch.log import LOG
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.performance.value_accounts import UNMAPPED_SHARE
from modelwatch.model.sources.health import (
    HealthRow,
    Joined,
    arrival_rows,
    join_rows,
    late_rows,
    schema_rows,
)
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.sources.arrivals import TRAFFIC
from modelwatch.spark.local_frames import frame_of
from modelwatch.tables import TABLES

_TABLE = TABLES["source_health"]
_NAMES = _TABLE.own_names
_ROW = tuple(field.name for field in fields(HealthRow))
_JUDGED = {
    ("volume", "rows"): "volume",
    ("volume", "duplicate_share"): "duplicates",
    ("labels", "coverage"): "label_coverage",
    ("values", UNMAPPED_SHARE): "unmapped_values",
}
"""Checks whose verdict the run has given already, by source and figure of it."""


def write_source_health(
    run: Run, store: Store, request: Request, joined: Mapping[date, Joined]
) -> tuple[HealthRow, ...]:
    """Judge every table that was read; the rows that need no reading of what was judged before.

    ``joined``: rows of the days computed, by table; empty where one table has all. From the logs
    as they were planned with, and from what the run holds: one Spark job, which writes.
    """
    found = tuple(_found(request, joined))
    tables = {
        role: (str(source.address), source.version)
        for role, source in request.sources.opened.items()
    }
    rows = [
        tuple(
            {
                **{name: getattr(one, name) for name in _ROW},
                "as_of": request.plan.as_of,
                "table": tables.get(one.role, (None, None))[0],
                "version": tables.get(one.role, (None, None))[1],
            }[name]
            for name in _NAMES
        )
        for one in found
    ]
    own = frame_of(run.spark, rows, _TABLE.ddl(*_NAMES))
    judged = store.read("verdicts").where(
        (F.col("monitor") == request.config.monitor) & (F.col("run_id") == run.run_id)
    )
    places = frame_of(
        run.spark,
        [(role, *place) for role, place in tables.items()],
        "role string, table string, version bigint",
    )
    frame = own.unionByName(_of_verdicts(judged, places, request.plan.as_of))
    run.append(store, request.config, _TABLE.name, frame)
    for one in found:
        if one.check == "schema" and one.verdict in ("warn", "fail"):
            LOG.info("  %s: column %s: %s", one.role, one.subject, one.reason)
        if one in request.outside and one.reason is not None:
            LOG.info("  %s: %s", one.role, one.reason)
    return found


def _found(request: Request, joined: Mapping[date, Joined]) -> Iterator[HealthRow]:
    config, plan = request.config, request.plan
    late_days = config.verdicts.late_days
    published = {day for run in request.history.runs for day in run["days"] or ()}
    newest = request.history.last
    last = newest["as_of"] if newest is not None else None
    for change in plan.sources:
        role = change.role
        delay = 0 if role in TRAFFIC else _delay(config) if role == "labels" else None
        if change.present is not None and delay is not None:
            as_of = plan.as_of - timedelta(days=delay)
            present = {day for day in change.present if day < plan.as_of}
            yield from arrival_rows(role, present, as_of, late_days, config.verdicts.holidays)
        if change.present is not None and role in TRAFFIC:
            came = (change.present & frozenset(request.days)) - published
            yield from late_rows(role, came, last, plan.as_of, late_days)
    yield from join_rows(joined, config.source_health.unmatched)
    yield from request.outside
    for role, source in request.sources.opened.items():
        yield from _schema(request, role, source)


def _delay(config: MonitorConfig) -> int | None:
    """Days after which labels are due; None where it differs by row, and no day is to be there."""
    return None if config.labels is None else config.labels.due.delay_days


def _schema(request: Request, role: str, source: Source) -> Iterator[HealthRow]:
    table = str(source.address)
    seen = request.history.source(role, table)
    if seen is None or seen.get("columns") is None:
        return
    now = columns_of(source.stored())
    changed = seen["columns"] != columns_fingerprint(source)
    before = columns_then(source, seen["version"], seen.get("table_id")) if changed else now
    yield from schema_rows(role, before, now, request.plan.as_of)


def _of_verdicts(judged: DataFrame, places: DataFrame, as_of: date) -> DataFrame:
    """What the run has judged of volume, repeated ids and coverage, as rows of the table."""
    check: Column = F.lit(None).cast("string")
    for (source, figure), name in _JUDGED.items():
        named = (F.col("source") == source) & (F.col("figure") == figure)
        check = F.when(named, F.lit(name)).otherwise(check)
    well = F.col("verdict") == "pass"
    is_judged = F.col("verdict").isin("pass", "warn", "fail")
    of_rows = F.col("check") == "volume"
    share = F.col("value") + F.coalesce("expected", F.lit(0.0))
    columns: dict[str, Any] = {
        "as_of": F.lit(as_of),
        "role": F.col("role"),
        "table": F.col("table"),
        "version": F.col("version"),
        "check": F.col("check"),
        "day": F.col("window_start"),
        "subject": F.col("subject"),
        "expected": F.when(of_rows, F.round("expected").cast("bigint").cast("string")).otherwise(
            F.round("expected", 6).cast("string")
        ),
        "observed": F.when(of_rows, F.col("rows").cast("string")).otherwise(
            F.round(share, 6).cast("string")
        ),
        "value": F.col("value"),
        "threshold": F.col("threshold"),
        "examples": F.array().cast("array<string>"),
        "verdict": F.when(is_judged, F.col("verdict")).otherwise("unknown"),
        "since": F.when(is_judged & ~well, F.col("window_start")),
        "reason": F.col("reason"),
    }
    rows = judged.withColumn("check", check).where(
        F.col("check").isNotNull() & (F.col("segmentation") == "all")
    )
    return rows.join(F.broadcast(places), "role", "left").select(
        *(columns[name].alias(name) for name in _NAMES)
    )


def joined_days(rows: Mapping[date, tuple[int, ...]]) -> dict[date, Joined]:
    """From the account of rows that the states keep of each day: inputs, predictions, both."""
    return {day: Joined(held[1], held[2], held[3]) for day, held in rows.items()}
