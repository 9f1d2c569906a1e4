"""Table `incident_actions`: what people say of incidents, which the next run respects."""

from __future__ import annotations

from modelwatch.tables.incidents.columns import INCIDENT_ID
from modelwatch.tables.table import MONITOR, Column, Table

INCIDENT_ACTIONS = Table(
    name="incident_actions",
    version=1,
    comment="Responses of people to incidents: one row per response, by `modelwatch "
    "incidents` or INSERT. Runs do not write here, so each row counts at once. "
    "The last of contradictory responses counts.",
    columns=(
        MONITOR,
        INCIDENT_ID,
        Column(
            "action",
            "string",
            "'acknowledge': someone is working on it. 'mute': no notifications until a "
            "day. 'unmute': undo a mute. 'false_alarm': nothing was wrong; the threshold "
            "of the subject is raised. 'reopen': undo all earlier responses.",
            False,
        ),
        Column("until", "date", "Last day of a mute; null for 30 days, and for other actions."),
        Column("by", "string", "Who responded; null if no name was given."),
        Column("note", "string", "Note for other people; null for none."),
        Column("at", "timestamp", "When the response was given.", False),
    ),
    key=("monitor", "incident_id", "at", "action"),
    of_runs=False,
)
