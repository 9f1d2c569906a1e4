"""Incidents, events, actions, and verdicts as rows of their tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timezone
from typing import Any

from modelwatch.model.incidents.incident import Action, Event, Incident
from modelwatch.model.verdicts.row import VerdictRow
from modelwatch.tables import TABLES
from modelwatch.tables.incidents.incidents import COLUMN_OF_FIELD
from modelwatch.tables.table import field_of

_INCIDENT = tuple(field.name for field in fields(Incident))
_VERDICT = tuple(field.name for field in fields(VerdictRow))
INCIDENT_COLUMNS = ("as_of", *(COLUMN_OF_FIELD.get(name, name) for name in _INCIDENT))
EVENT_COLUMNS = TABLES["incident_events"].own_names


def incident_row(incident: Incident, as_of: Any) -> tuple[Any, ...]:
    """``INCIDENT_COLUMNS`` of an incident."""
    return (as_of, *(_listed(getattr(incident, name)) for name in _INCIDENT))


def incident_of(row: Mapping[str, Any]) -> Incident:
    """The incident of a row."""
    return Incident(**{name: _read(row[COLUMN_OF_FIELD.get(name, name)]) for name in _INCIDENT})


def newest_incidents(
    rows: Iterable[Mapping[str, Any]], order: Mapping[str, int]
) -> tuple[Incident, ...]:
    """The latest row of each incident in published runs; ``order``: their order."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["run_id"] not in order:
            continue
        held = newest.get(row["incident_id"])
        if held is None or order[held["run_id"]] < order[row["run_id"]]:
            newest[row["incident_id"]] = row
    return tuple(incident_of(newest[id]) for id in sorted(newest))


def event_rows(events: Sequence[Event], reported_at: datetime) -> list[tuple[Any, ...]]:
    """``EVENT_COLUMNS`` of events, in order."""
    return [
        tuple(
            {**vars(event), "position": place, "reported_at": reported_at}[field_of(name)]
            for name in EVENT_COLUMNS
        )
        for place, event in enumerate(events)
    ]


def action_of(row: Mapping[str, Any]) -> Action:
    """The action of a row."""
    return Action(
        incident_id=row["incident_id"],
        action=row["action"],
        at=_read(row["responded_at"]),
        by=row["responded_by"] or "",
        until=row["until"],
        note=row["note"],
    )


def verdict_of(row: Mapping[str, Any]) -> VerdictRow:
    """The verdict of a row."""
    return VerdictRow(**{name: row[COLUMN_OF_FIELD.get(name, name)] for name in _VERDICT})


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _read(value: Any) -> Any:
    """A value in the types of the model: tuples for lists, timestamps in UTC."""
    if isinstance(value, datetime):
        # Spark returns local time without a time zone.
        return value.astimezone(timezone.utc)
    return tuple(value) if isinstance(value, list) else value
