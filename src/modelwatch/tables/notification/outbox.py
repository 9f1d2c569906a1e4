"""Table `outbox`: messages to people, and the result of each attempt to deliver them."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

OUTBOX = Table(
    name="outbox",
    version=1,
    comment="One row a message and sink when it is written, and one more an attempt to deliver it. "
    "A message counts once its run is published; an attempt counts at once.",
    columns=(
        MONITOR,
        RUN_ID,
        Column(
            "message_id",
            "string",
            "Id of the message, by which a recipient can recognize duplicates.",
            False,
        ),
        Column("sink", "string", "Name of the sink, as configured.", False),
        Column(
            "status",
            "string",
            "'pending': not tried yet. 'sent'. 'failed': the next run tries again. "
            "'rejected': the sink rejected this message, and it is not tried again.",
            False,
        ),
        Column("attempt", "int", "Number of the attempt; 0 for the message itself.", False),
        Column(
            "recorded_at",
            "timestamp",
            "When the message was written or the attempt was made.",
            False,
            False,
        ),
        Column("event", "string", "Change of the incident, or 'digest'; null for attempts."),
        Column(
            "incident_id",
            "string",
            "Incident of the message; null for a digest and for attempts.",
        ),
        Column("severity", "string", "Severity; null for attempts."),
        Column("title", "string", "Title; null for attempts."),
        Column("body", "string", "Plain text; null for attempts."),
        Column(
            "query", "string", "SQL query that shows the evidence; null for none, and for attempts."
        ),
        Column(
            "details",
            "string",
            "Details for sinks in addition to the text, as JSON: first day, rank, and series of "
            "the incident, or the parts of a digest; null for attempts.",
        ),
        Column(
            "error",
            "string",
            "Why the attempt failed, without addresses and secrets; null if it did not.",
        ),
    ),
    key=("run_id", "message_id", "sink", "attempt"),
    partitioning=("monitor",),
)
