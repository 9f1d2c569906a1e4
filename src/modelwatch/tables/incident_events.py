"""Table `incident_events`: what became of incidents, one change after the other."""

from __future__ import annotations

from modelwatch.tables.incident_columns import INCIDENT_ID
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

INCIDENT_EVENTS = Table(
    name="incident_events",
    version=1,
    comment="One row a change of an incident that a run saw: it opened, worsened, closed, came "
    "back, or the run took note of what a person said of it.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("position", "int", "Place among the changes that the run tells, from 0.", False),
        INCIDENT_ID,
        Column(
            "event",
            "string",
            "'opened', 'child_added', 'worsened', 'closed', 'reopened', 'restated', 'withdrawn', "
            "'acknowledged', 'muted', 'unmuted' or 'false_alarm'.",
            False,
        ),
        Column("day", "date", "Day it is of: of the window that showed it, or of the action."),
        Column("detail", "string", "The change in words."),
        Column("is_told", "boolean", "It has a message of its own, not a line of a digest.", False),
        Column("by", "string", "Who said it; null where nobody did, or it is not told."),
        Column("told_at", "timestamp", "When the run told it.", False, False),
    ),
    key=("run_id", "position"),
    partitioning=("monitor",),
)
