"""Columns that the tables of incidents share."""

from __future__ import annotations

from modelwatch.tables.table import Column

INCIDENT_ID = Column(
    "incident_id",
    "string",
    "Id of the incident: it stays when the history is judged again.",
    False,
)
