"""The command `modelwatch incidents`: open incidents, their history, and responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from pyspark.sql import SparkSession

from modelwatch.io.store.local_results import QueryResult
from modelwatch.io.store.output_tables import Store
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.config.literals import string_literal
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
    results: ResultQueries, config: MonitorConfig, *, every: bool = False
) -> QueryResult:
    """The open incidents of a monitor, the most urgent first.

    ``every``: closed ones as well, after the open ones, the newest first. SourceError before the
    first run.
    """
    results.require()
    mine = f"monitor = {string_literal(config.monitor)}"
    if not every:
        return results.answer(
            f"SELECT * FROM open_incidents WHERE {mine} ORDER BY rank NULLS LAST, incident_id"
        )
    return results.answer(f"""
        SELECT * FROM incidents_current
        WHERE {mine} AND parent_id IS NULL AND state IN ('open', 'closed')
        ORDER BY state = 'closed', coalesce(rank, 0), onset DESC, incident_id DESC""")


def listed(results: ResultQueries, config: MonitorConfig, *, every: bool = False) -> str:
    """The rows of ``incident_rows`` as text, each incident with its sentence."""
    rows = incident_rows(results, config, every=every).records()
    if not rows:
        return f"{config.monitor}: {'no incidents so far' if every else 'no incident is open'}\n"
    columns = _ALL_LISTED if every else _LISTED
    parts = [table_text(columns, [[row[name] for name in columns] for row in rows])]
    return "\n".join([*parts, *(_paragraph(row) for row in rows)])


def shown(results: ResultQueries, config: MonitorConfig, incident: str) -> str:
    """An incident in full: its fields, what fails with it, its history, and its evidence."""
    row = _named(results, config, incident)
    mine = f"monitor = {string_literal(config.monitor)}"
    named = string_literal(row["incident_id"])
    parts = [_paragraph(row)]
    if row["evidence"] is not None:
        parts.append(f"{row['kind']}: {plain_text(row['evidence'])}\n")
    children = results.answer(f"""
        SELECT {", ".join(_FAILS_WITH)} FROM incidents_current
        WHERE {mine} AND parent_id = {named} ORDER BY effect DESC, incident_id""")
    if children.rows:
        parts.append(f"Also affected:\n{table_text(_FAILS_WITH, children.rows)}")
    history = results.answer(f"""
        SELECT {", ".join(_HISTORY)} FROM incident_history
        WHERE {mine} AND incident_id = {named} ORDER BY recorded_at, position""")
    parts.append(table_text(_HISTORY, history.rows))
    if row["query"] is not None:
        parts.append(f"{plain_text(row['query']).strip()}\n")
    return "\n".join(parts)


def recorded_response(
    results: ResultQueries, spark: SparkSession, config: MonitorConfig, response: Response
) -> str:
    """Record a response to an incident, which the next run applies."""
    row = _named(results, config, response.incident)
    store = Store(spark, config.output)
    store.prepare(("incident_actions",))
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


def _named(results: ResultQueries, config: MonitorConfig, incident: str) -> Mapping[str, Any]:
    """The only incident whose id begins with a string; SourceError if there is none, or several."""
    results.require()
    rows = results.answer(f"""
        SELECT * FROM incidents_current
        WHERE monitor = {string_literal(config.monitor)}
          AND startswith(incident_id, {string_literal(incident)})
        LIMIT 10""").records()
    if len(rows) == 1:
        return rows[0]
    message = f"no incident has the id {incident!r}; `modelwatch incidents` lists the open ones"
    if rows:
        several = ", ".join(sorted(row["incident_id"] for row in rows))
        message = f"{incident!r} may be several incidents: {several}"
    raise SourceError([Problem("", None, message)], config.monitor)


def _paragraph(row: Mapping[str, Any]) -> str:
    about = row["subject"] if row["segmentation"] == "all" else f"{row['subject']} {row['segment']}"
    return f"{row['incident_id']}: {plain_text(row['sentence'] or about)}\n"
