"""The stage of a run that checks its source tables and copies the durations of jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pyspark.sql import functions as F

from modelwatch.io.delta.snapshot import RowFilter
from modelwatch.io.delta.source_columns import columns_fingerprint, columns_of, columns_then
from modelwatch.io.delta.sources import Source
from modelwatch.io.store.arrow_rows import rows_of
from modelwatch.io.store.output_tables import Store
from modelwatch.log import LOG
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.days import shifted
from modelwatch.model.performance.value_accounts import UNMAPPED_SHARE
from modelwatch.model.planning.plan import Plan
from modelwatch.model.sources.durations import ROLE as DURATIONS
from modelwatch.model.sources.health import (
    HealthRow,
    Joined,
    arrival_rows,
    join_rows,
    late_rows,
    newest_row,
    schema_rows,
)
from modelwatch.pipelines.runs.history import RunHistory
from modelwatch.pipelines.runs.run import Request, Run
from modelwatch.pipelines.sources.arrivals import TRAFFIC
from modelwatch.spark.casts import try_cast
from modelwatch.spark.days import local_date, moment_of, named, type_of
from modelwatch.stats.numerals import java_text
from modelwatch.stats.value_names import ALL
from modelwatch.tables import TABLES
from modelwatch.tables.table import field_of

_TABLE = TABLES["source_health"]
_NAMES = _TABLE.own_names
_ROW = tuple(field.name for field in fields(HealthRow))
_JUDGED = {
    ("volume", "rows"): "volume",
    ("volume", "duplicate_share"): "duplicates",
    ("labels", "coverage"): "label_coverage",
    ("values", UNMAPPED_SHARE): "unmapped_values",
}
"""Checks whose verdict the run already has, by source and metric."""
DURATION_DAYS = 400
"""Number of days before the as-of day whose jobs are copied."""


def write_source_health(
    run: Run, store: Store, request: Request, joined: Mapping[date, Joined]
) -> tuple[HealthRow, ...]:
    """Check every table that was read; returns the rows that do not depend on verdicts.

    ``joined``: rows of the computed days, by table; empty if one table has all. From the logs used
    for the plan, and from data that the run holds: one Spark job, which writes.
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
            }[field_of(name)]
            for name in _NAMES
        )
        for one in found
    ]
    judged = store.rows(
        "verdicts",
        RowFilter(
            {
                "monitor": [request.config.monitor],
                "run_id": [run.run_id],
                "source": {source for source, _ in _JUDGED},
                "segmentation": [ALL],
            }
        ),
    )
    rows += [
        tuple(row[name] for name in _NAMES)
        for row in _of_verdicts(judged.to_pylist(), tables, request.plan.as_of)
    ]
    run.append(store, request.config, _TABLE.name, rows_of(_TABLE, _NAMES, rows))
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
        if change.present is None or role.startswith("reference:"):
            continue
        present = {day for day in change.present if day < plan.as_of}
        delay = _due_days(config) if role == "labels" else 0
        if delay is None:
            yield newest_row(role, present, "each label is due at a date of its row")
        else:
            as_of = plan.as_of - timedelta(days=delay)
            yield from arrival_rows(role, present, as_of, late_days, config.verdicts.holidays)
        if role in TRAFFIC:
            came = (change.present & frozenset(request.days)) - published
            yield from late_rows(role, came, last, plan.as_of, late_days)
    yield from join_rows(joined, config.source_health.unmatched)
    yield from request.outside
    for role, source in request.sources.opened.items():
        yield from _schema(request.history, request.plan, role, source)


def _due_days(config: MonitorConfig) -> int | None:
    """Days after which labels are due; None if it differs by row, so that no day is expected."""
    return None if config.labels is None else config.labels.due.delay_days


def _schema(history: RunHistory, plan: Plan, role: str, source: Source) -> Iterator[HealthRow]:
    table = str(source.address)
    seen = history.source(role, table)
    if seen is None or seen.get("columns_fingerprint") is None:
        return
    now = columns_of(source.stored())
    changed = seen["columns_fingerprint"] != columns_fingerprint(source)
    before = columns_then(source, seen["version"], seen.get("table_id")) if changed else now
    yield from schema_rows(role, before, now, plan.as_of)


def _of_verdicts(
    judged: Iterable[Mapping[str, Any]],
    tables: Mapping[str, tuple[str, int]],
    as_of: date,
) -> Iterator[dict[str, Any]]:
    """The verdicts of the run on volume, repeated ids, and coverage, as rows of the table."""
    for row in judged:
        check = _JUDGED.get((row["source"], row["metric"]))
        if check is None:
            continue
        is_judged = row["verdict"] in ("pass", "warn", "fail")
        value, expected = row["value"], row["expected"]
        share = None if value is None else value + (expected or 0.0)
        of_rows = check == "volume"
        table, version = tables.get(row["role"], (None, None))
        yield {
            "as_of": as_of,
            "role": row["role"],
            "table_name": table,
            "version": version,
            "check_name": check,
            "day": row["window_start"],
            "subject": row["subject"],
            "expected": _rounded(expected, 0 if of_rows else 6),
            "observed": _text(row["row_count"]) if of_rows else _rounded(share, 6),
            "value": value,
            "threshold": row["threshold"],
            "examples": [],
            "verdict": row["verdict"] if is_judged else "undefined",
            "onset": row["window_start"] if is_judged and row["verdict"] != "pass" else None,
            "reason": row["reason"],
        }


def _text(count: int | None) -> str | None:
    return None if count is None else str(count)


def _rounded(value: float | None, digits: int) -> str | None:
    """A number as Spark rounds and writes it: half up; integers without decimals unless digits are
    requested."""
    if value is None:
        return None
    found = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return str(int(found)) if not digits else java_text(float(found))


def joined_days(rows: Mapping[date, tuple[int, ...]]) -> dict[date, Joined]:
    """From the row account in the states of each day: inputs, predictions, both."""
    return {day: Joined(held[1], held[2], held[3]) for day, held in rows.items()}


def write_durations(run: Run, store: Store, request: Request) -> None:
    """Copy the jobs of the last days up to the as-of day; one Spark job, none without a table."""
    config, as_of = request.config, request.plan.as_of
    given = config.durations
    if given is None:
        return
    frame, started, zone = request.sources.frames[DURATIONS], named(given.started), config.time_zone
    spark_type = type_of(frame, given.started)
    day = local_date(started, spark_type, zone)
    first, until = shifted(as_of, -DURATION_DAYS), shifted(as_of, -1)
    recent = frame.where(day.between(F.lit(first), F.lit(until))).select(
        named(given.kind).cast("string").alias("kind"),
        moment_of(started, spark_type, zone).alias("started_at"),
        try_cast(named(given.seconds), "double").alias("seconds"),
    )
    run.append(store, config, "durations", recent)
