"""Table `incident_events`: what became of incidents, one change after the other."""

from __future__ import annotations

from modelwatch.tables.incidents.columns import INCIDENT_ID
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

INCIDENT_EVENTS = Table(
    name="incident_events",
    version=1,
    comment="Changes of incidents: one row per change that a run observed, including "
    "responses of people that the run processed.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("position", "int", "Order among the changes of the run, from 0.", False),
        INCIDENT_ID,
        Column(
            "event",
            "string",
            "'opened', 'child_added', 'worsened', 'closed', 'reopened', 'restated', 'withdrawn', "
            "'acknowledged', 'muted', 'unmuted' or 'false_alarm'.",
            False,
        ),
        Column(
            "day", "date", "Day of the change: of the window that showed it, or of the response."
        ),
        Column("detail", "string", "The change in words."),
        Column(
            "is_told",
            "boolean",
            "Whether the change has a message of its own, instead of a line in a digest.",
            False,
        ),
        Column("by", "string", "Who responded; null for changes without a person."),
        Column("told_at", "timestamp", "When the run recorded the change.", False, False),
    ),
    key=("run_id", "position"),
    partitioning=("monitor",),
)
