"""Table `durations`: how long training and scoring took."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

DURATIONS = Table(
    name="durations",
    version=1,
    comment="Durations of other jobs of the model, such as training and scoring: one row "
    "per job. Each run copies the rows of the last 400 days from the table named "
    "in `durations`; the newest run counts.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("kind", "string", "Kind of job, such as 'training' or 'scoring'."),
        Column("started_at", "timestamp", "When the job started."),
        Column("seconds", "double", "Duration in seconds."),
    ),
    key=("run_id", "kind", "started_at", "seconds"),
    partitioning=("monitor",),
)
