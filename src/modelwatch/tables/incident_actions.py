"""Table `incident_actions`: what people say of incidents, which the next run respects."""

from __future__ import annotations

from modelwatch.tables.incident_columns import INCIDENT_ID
from modelwatch.tables.table import MONITOR, Column, Table

INCIDENT_ACTIONS = Table(
    name="incident_actions",
    version=1,
    comment="One row a thing that a person says of an incident, by `modelwatch incidents` or by "
    "INSERT. No run writes here, so that every row counts at once; of contrary ones the last does.",
    columns=(
        MONITOR,
        INCIDENT_ID,
        Column(
            "action",
            "string",
            "'acknowledge': somebody looks after it. 'mute': tell nobody until a day. 'unmute': "
            "take that back. 'false_alarm': it was none; the subject needs more to alarm again. "
            "'reopen': take back all that was said before.",
            False,
        ),
        Column("until", "date", "Last day of a mute; null for 30 days, and for other actions."),
        Column("by", "string", "Who says it; null for nobody in particular."),
        Column("note", "string", "Why, for those who read it later; null without a note."),
        Column("at", "timestamp", "When it was said.", False),
    ),
    key=("monitor", "incident_id", "at", "action"),
    of_runs=False,
)
