"""The command `modelwatch quarantine`: quarantined rows, the reasons, and releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.views import create_views, sources_of, view_name
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.days import DayRange
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.plain_text import counted, plain_text
from modelwatch.model.quarantine.releases import MOST_KEYS
from modelwatch.pipelines.quarantine.releases import RELEASES
from modelwatch.pipelines.runs.queries import table_text
from modelwatch.spark.local_frames import frame_of
from modelwatch.tables import TABLES

ACTIONS = {"release": "held", "withdraw": "released"}
"""Subcommands that change rows, and the state of the rows that they apply to."""
_VIEW = "quarantine_current"
LISTED = ("day", "role", "rules", "state", "row_count", "such_as")
"""Columns of the counts."""
_MOST_LISTED = 1000
_MOST_EXPLAINED = 20
_SAYING = ("action", "day", "role", "rule_name", "row_key", "note", "released_by", "released_at")


@dataclass(frozen=True)
class Chosen:
    """Selected rows of the quarantine: by the beginning of their keys or ids, or by rule, days, and
    table."""

    words: tuple[str, ...] = ()
    days: DayRange | None = None
    rule: str | None = None
    role: str | None = None


def quarantine_counts(
    spark: SparkSession, config: MonitorConfig, chosen: Chosen, limit: int | None = None
) -> list[Row]:
    """The number of quarantined rows by day, table, failed rules, and state."""
    _opened(spark, config)
    groups = (
        _rows(spark, config, chosen)
        .groupBy("day", "role", F.array_join("rules", ", ").alias("rules"), "state")
        .agg(F.count(F.lit(1)).alias("row_count"), F.min("row_key").alias("such_as"))
        .orderBy("day", "role", "rules", "state")
    )
    return (groups if limit is None else groups.limit(limit)).collect()


def listed(spark: SparkSession, config: MonitorConfig, chosen: Chosen) -> str:
    """The counts of ``quarantine_counts`` as text."""
    groups = quarantine_counts(spark, config, chosen, _MOST_LISTED + 1)
    if not groups:
        return f"{config.monitor}: no row is in quarantine\n"
    text = table_text(LISTED, [[row[name] for name in LISTED] for row in groups[:_MOST_LISTED]])
    if len(groups) > _MOST_LISTED:
        text += f"... and more: filter with --day and --rule, or query the view {_VIEW}\n"
    return text


def explained(spark: SparkSession, config: MonitorConfig, chosen: Chosen) -> str:
    """Some rows in full: why they are in quarantine, their values, and their origin."""
    _opened(spark, config)
    rows = _rows(spark, config, chosen).orderBy("day", "role", "row_key", "copy")
    found = rows.limit(_MOST_EXPLAINED).collect()
    if not found:
        raise _none_such(config, chosen)
    return "\n".join(_paragraph(row) for row in found)


def recorded_release(
    spark: SparkSession,
    config: MonitorConfig,
    word: str,
    chosen: Chosen,
    by: str | None,
    note: str | None,
) -> str:
    """Record a release of rows, or its withdrawal, which the next run applies.

    SourceError if nothing is selected, or no quarantined row matches, for example because of a
    mistyped day.
    """
    store = _opened(spark, config)
    if bool(chosen.words) == (chosen.rule is not None):
        raise _wrong(
            "name rows by their keys, or select all rows that fail a rule with --rule and --day"
        )
    rows = _rows(spark, config, chosen).where(F.col("state") == ACTIONS[word])
    by_rule = chosen.rule is not None
    target = F.lit(None).cast("string").alias("row_key") if by_rule else F.col("row_key")
    groups = (
        rows.groupBy("day", "role", target)
        .agg(F.count(F.lit(1)).alias("rows"))
        .limit(MOST_KEYS + 1)
        .collect()
    )
    if not groups:
        raise _none_such(config, chosen, ACTIONS[word])
    if len(groups) > MOST_KEYS:
        raise _wrong(f"more than {MOST_KEYS} rows: release them with --rule and --day")
    at = datetime.now(timezone.utc)
    saying = [
        (config.monitor, word, g["day"], g["role"], chosen.rule, g["row_key"], note, by, at)
        for g in groups
    ]
    frame = frame_of(spark, saying, TABLES[RELEASES].ddl("monitor", *_SAYING))
    store.append(RELEASES, frame, f"{word} by hand")
    count, days = sum(g["rows"] for g in groups), {g["day"] for g in groups}
    what = "release" if word == "release" else "quarantine"
    return (
        f"The next run will {what} {counted(count, 'row')} of {counted(len(days), 'day')}"
        f"{'' if word == 'release' else ' again'}.\n"
    )


def _rows(spark: SparkSession, config: MonitorConfig, chosen: Chosen) -> DataFrame:
    view = spark.table(view_name(config.output, _VIEW))
    rows = view.where(F.col("monitor") == config.monitor)
    if chosen.days is not None:
        rows = rows.where(F.col("day").between(chosen.days.first, chosen.days.last))
    if chosen.rule is not None:
        rows = rows.where(F.array_contains("rules", chosen.rule))
    if chosen.role is not None:
        rows = rows.where(F.col("role") == chosen.role)
    if chosen.words:
        rows = rows.where(_named(chosen.words))
    return rows


def _named(words: Sequence[str]) -> Column:
    """Whether a word selects a row: the beginning of its key, or a value of its id."""
    named = F.lit(False)
    for word in words:
        if len(word) >= 6:
            named = named | F.col("row_key").startswith(word)
        ids = F.transform("row_id", lambda part: part["value"])
        named = named | F.coalesce(F.array_contains(ids, word), F.lit(False))
    return named


def _opened(spark: SparkSession, config: MonitorConfig) -> Store:
    """The store with the tables and views of the quarantine; SourceError before the first run."""
    store = Store(spark, config.output)
    store.require_results()
    asked = sources_of((_VIEW, RELEASES))
    store.prepare([name for name in TABLES if name in asked])
    create_views(spark, config.output, (_VIEW,))
    return store


def _none_such(config: MonitorConfig, chosen: Chosen, state: str = "in quarantine") -> SourceError:
    what = ", ".join(repr(word) for word in chosen.words)
    if chosen.rule is not None:
        what = f"of rule {chosen.rule!r}" + (f" on {chosen.days}" if chosen.days else "")
    message = f"no row {what} is {state}; `modelwatch quarantine` lists them"
    return SourceError([Problem("", None, message)], config.monitor)


def _wrong(message: str) -> SourceError:
    return SourceError([Problem("", None, message)])


def _paragraph(row: Row) -> str:
    row_id = ", ".join(f"{part['column_name']}={part['value']}" for part in row["row_id"] or ())
    version = "" if row["source_version"] is None else f" at version {row['source_version']}"
    lines = [
        f"{row['row_key']} {row['state']}: a row of the {row['role']} of {row['day']} {row_id}",
        *(f"  {reason}" for reason in row["reasons"]),
        f"  from {row['source_table']}{version}, {row['source_file'] or 'file not known'}",
        f"  {row['row_json']}",
    ]
    return "\n".join(plain_text(line).rstrip() for line in lines) + "\n"
