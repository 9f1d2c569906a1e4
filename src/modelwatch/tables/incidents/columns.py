"""Columns that the tables of incidents share."""

from __future__ import annotations

from modelwatch.tables.table import Column

INCIDENT_ID = Column(
    "incident_id",
    "string",
    "Id of the incident. It does not change when past days are judged again.",
    False,
)
