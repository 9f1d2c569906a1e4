"""Table `durations`: how long training and scoring took."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

DURATIONS = Table(
    name="durations",
    version=1,
    comment="One row a job of the model, such as training or scoring, as the table of the section "
    "`durations` tells it. Each run copies those of 400 days; the newest run counts.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("kind", "string", "What the job was, such as 'training' or 'scoring'."),
        Column("started_at", "timestamp", "When it began."),
        Column("seconds", "double", "How long it took."),
    ),
    key=("run_id", "kind", "started_at", "seconds"),
    partitioning=("monitor",),
)
