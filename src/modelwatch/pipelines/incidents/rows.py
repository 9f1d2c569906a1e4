"""Incidents, events, actions and verdicts as rows of their tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timezone
from typing import Any

from pyspark.sql import Row

from modelwatch.model.incidents.incident import Action, Event, Incident
from modelwatch.model.verdicts.row import VerdictRow
from modelwatch.tables import TABLES

_ID = {"id": "incident_id"}
_INCIDENT = tuple(field.name for field in fields(Incident))
_VERDICT = tuple(field.name for field in fields(VerdictRow))
INCIDENT_COLUMNS = ("as_of", *(_ID.get(name, name) for name in _INCIDENT))
EVENT_COLUMNS = TABLES["incident_events"].own_names


def incident_row(incident: Incident, as_of: Any) -> tuple[Any, ...]:
    """``INCIDENT_COLUMNS`` of an incident."""
    return (as_of, *(_listed(getattr(incident, name)) for name in _INCIDENT))


def incident_of(row: Row) -> Incident:
    """The incident of a row."""
    held = row.asDict()
    return Incident(**{name: _read(held[_ID.get(name, name)]) for name in _INCIDENT})


def newest_incidents(rows: Iterable[Row], order: Mapping[str, int]) -> tuple[Incident, ...]:
    """The newest row of each incident, of the published runs: ``order`` is their place."""
    newest: dict[str, Row] = {}
    for row in rows:
        if row["run_id"] not in order:
            continue
        held = newest.get(row["incident_id"])
        if held is None or order[held["run_id"]] < order[row["run_id"]]:
            newest[row["incident_id"]] = row
    return tuple(incident_of(newest[id]) for id in sorted(newest))


def event_rows(events: Sequence[Event], told_at: datetime) -> list[tuple[Any, ...]]:
    """``EVENT_COLUMNS`` of events, in order."""
    return [
        tuple(
            {**vars(event), "position": place, "told_at": told_at}[name] for name in EVENT_COLUMNS
        )
        for place, event in enumerate(events)
    ]


def action_of(row: Row) -> Action:
    """What a person said."""
    return Action(
        incident_id=row["incident_id"],
        action=row["action"],
        at=_read(row["at"]),
        by=row["by"] or "",
        until=row["until"],
        note=row["note"],
    )


def verdict_of(row: Row) -> VerdictRow:
    """The verdict of a row."""
    held = row.asDict()
    return VerdictRow(**{name: held[name] for name in _VERDICT})


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _read(value: Any) -> Any:
    """A value as the model has it: tuples for lists, moments in UTC."""
    if isinstance(value, datetime):
        # Spark hands out local time without saying so.
        return value.astimezone(timezone.utc)
    return tuple(value) if isinstance(value, list) else value
