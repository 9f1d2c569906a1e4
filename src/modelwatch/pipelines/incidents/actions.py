"""The command `modelwatch incidents`: open incidents, their history, and responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.views import create_views, sources_of, view_name
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.incidents.incident import Action, ActionKind
from modelwatch.model.plain_text import plain_text
from modelwatch.pipelines.runs.queries import table_text
from modelwatch.spark.local_frames import frame_of
from modelwatch.tables import TABLES
from modelwatch.tables.table import field_of

COMMANDS: dict[str, ActionKind] = {
    "acknowledge": "acknowledge",
    "mute": "mute",
    "unmute": "unmute",
    "false-alarm": "false_alarm",
    "reopen": "reopen",
}
"""Subcommands that are actions."""
_VIEWS = ("open_incidents", "incidents_current", "incident_history")
_ACTION = TABLES["incident_actions"].own_names
_LISTED = ("rank", "incident_id", "severity", "onset", "effect", "acknowledged_by", "muted_until")
_ALL_LISTED = ("incident_id", "state", "severity", "onset", "last_failing", "closed", "effect")
_FAILS_WITH = (
    "incident_id",
    "state",
    "subject",
    "segment",
    "metric",
    "effect",
    "onset",
    "closed",
)
_HISTORY = ("recorded_at", "event", "day", "responded_by", "detail")
_CONFIRMATIONS: dict[ActionKind, str] = {
    "acknowledge": "is acknowledged{by}",
    "mute": "is muted until {until}",
    "unmute": "is no longer muted",
    "false_alarm": "is marked as a false alarm",
    "reopen": "is reopened without its marks",
}


@dataclass(frozen=True)
class Response:
    """A response to an incident, which is identified by its id or the beginning of it."""

    word: str
    incident: str
    by: str | None
    until: date | None = None
    note: str | None = None


def problem_of(what: str, named: Sequence[str], until: date | None) -> str | None:
    """What is wrong with the arguments of ``incidents``; None if nothing is."""
    known = ("list", "show", *COMMANDS)
    if what not in known:
        return f"{what!r} is not one of {', '.join(known)}"
    if len(named) != (what != "list"):
        return f"{what} takes {'no id' if what == 'list' else 'the id of one incident'}"
    if (until is not None) != (what == "mute"):
        return "mute requires --until DAY, and no other action takes it"
    return None


def incident_rows(
    spark: SparkSession, config: MonitorConfig, *, every: bool = False
) -> tuple[list[str], list[Row]]:
    """The open incidents of a monitor, the most urgent first, as columns and rows.

    ``every``: closed ones as well, after the open ones, the newest first.
    """
    _opened(spark, config)
    if not every:
        found = _view(spark, config, "open_incidents")
        ranked = found.orderBy(F.col("rank").asc_nulls_last(), "incident_id")
        return found.columns, ranked.collect()
    known = _view(spark, config, "incidents_current").where(F.col("parent_id").isNull())
    rows = known.where(F.col("state").isin("open", "closed")).collect()
    rows.sort(key=lambda row: (row["onset"], row["incident_id"]), reverse=True)
    rows.sort(key=lambda row: (row["state"] == "closed", row["rank"] or 0))
    return known.columns, rows


def listed(spark: SparkSession, config: MonitorConfig, *, every: bool = False) -> str:
    """The rows of ``incident_rows`` as text, each incident with its sentence."""
    _, rows = incident_rows(spark, config, every=every)
    if not rows:
        return f"{config.monitor}: {'no incidents so far' if every else 'no incident is open'}\n"
    columns = _ALL_LISTED if every else _LISTED
    parts = [table_text(columns, [[row[name] for name in columns] for row in rows])]
    return "\n".join([*parts, *(_paragraph(row) for row in rows)])


def shown(spark: SparkSession, config: MonitorConfig, incident: str) -> str:
    """An incident in full: its fields, what fails with it, its history, and its evidence."""
    _opened(spark, config)
    row = _named(spark, config, incident)
    parts = [_paragraph(row)]
    if row["evidence"] is not None:
        parts.append(f"{row['kind']}: {plain_text(row['evidence'])}\n")
    children = _view(spark, config, "incidents_current")
    with_it = children.where(F.col("parent_id") == row["incident_id"]).select(*_FAILS_WITH)
    rows = with_it.orderBy(F.desc("effect"), "incident_id").collect()
    if rows:
        parts.append(f"Also affected:\n{table_text(_FAILS_WITH, rows)}")
    history = _view(spark, config, "incident_history")
    of_it = history.where(F.col("incident_id") == row["incident_id"])
    rows = of_it.orderBy("recorded_at", "position").select(*_HISTORY).collect()
    parts.append(table_text(_HISTORY, rows))
    if row["query"] is not None:
        parts.append(f"{plain_text(row['query']).strip()}\n")
    return "\n".join(parts)


def recorded_response(spark: SparkSession, config: MonitorConfig, response: Response) -> str:
    """Record a response to an incident, which the next run applies."""
    store = _opened(spark, config)
    row = _named(spark, config, response.incident)
    action = Action(
        incident_id=row["incident_id"],
        action=COMMANDS[response.word],
        at=datetime.now(timezone.utc),
        by=response.by or "",
        until=response.until,
        note=response.note,
    )
    by = f" by {action.by}" if action.by else ""
    wording = _CONFIRMATIONS[action.action].format(by=by, until=action.until)
    frame = frame_of(
        spark,
        [(config.monitor, *(getattr(action, field_of(name)) or None for name in _ACTION))],
        TABLES["incident_actions"].ddl("monitor", *_ACTION),
    )
    store.append("incident_actions", frame, f"{action.action} by hand")
    return f"{row['incident_id']} {wording}. The next run takes this into account.\n"


def _view(spark: SparkSession, config: MonitorConfig, name: str) -> DataFrame:
    """Rows of a view for the monitor."""
    view = spark.table(view_name(config.output, name))
    return view.where(F.col("monitor") == config.monitor)


def _opened(spark: SparkSession, config: MonitorConfig) -> Store:
    """The store with the tables and views of incidents; SourceError before the first run."""
    store = Store(spark, config.output)
    if not store.exists("runs"):
        raise SourceError([Problem("", None, "there are no results yet")], str(config.output))
    asked = sources_of(_VIEWS)
    store.prepare([name for name in TABLES if name in asked])
    create_views(spark, config.output, _VIEWS)
    return store


def _named(spark: SparkSession, config: MonitorConfig, incident: str) -> Row:
    """The only incident whose id begins with a string; SourceError if there is none, or several."""
    known = _view(spark, config, "incidents_current")
    rows = known.where(F.col("incident_id").startswith(incident)).limit(10).collect()
    if len(rows) == 1:
        return rows[0]
    message = f"no incident has the id {incident!r}; `modelwatch incidents` lists the open ones"
    if rows:
        several = ", ".join(sorted(row["incident_id"] for row in rows))
        message = f"{incident!r} may be several incidents: {several}"
    raise SourceError([Problem("", None, message)], config.monitor)


def _paragraph(row: Row) -> str:
    about = row["subject"] if row["segmentation"] == "all" else f"{row['subject']} {row['segment']}"
    return f"{row['incident_id']}: {plain_text(row['sentence'] or about)}\n"
