"""Tables of the health of sources, and of the durations that they report."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

SOURCE_HEALTH = Table(
    name="source_health",
    version=1,
    comment="Health of source tables: one row per check of a table or day, with expected "
    "and observed values, and since when it fails.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("as_of", "date", "As-of day of the run.", False),
        Column(
            "role", "string", "'inputs', 'predictions' or 'labels', and so on as in `runs`.", False
        ),
        Column("table_name", "string", "Address of the table, as configured."),
        Column("version", "bigint", "Delta version of the table that the run read."),
        Column(
            "check_name",
            "string",
            "'freshness', 'missing_partition', 'late_partition', 'volume', 'duplicates', "
            "'join_coverage', 'label_coverage', 'unmapped_values', or 'schema'. For new "
            "rows that belong to no window: 'missing_time' (no valid day), "
            "'partition_mismatch' (a partition more than one day from the time), or "
            "'future_time' (a day after the as-of day).",
            False,
        ),
        Column("day", "date", "Day of the check; null for the entire table."),
        Column(
            "subject",
            "string",
            "Column of a schema check, '*' for their order; label or decision of unmapped "
            "values; the other table of join coverage; otherwise the role. Null for a "
            "table whose columns are unchanged.",
        ),
        Column(
            "expected",
            "string",
            "Expected value as a string: a day, a number of rows, a share, or a type; "
            "null if unknown.",
        ),
        Column("observed", "string", "Observed value, in the same form."),
        Column(
            "value",
            "double",
            "Judged value: days late, relative difference of rows, share of repeated or "
            "unmatched rows or of rows without a window, or change of a share. Null for "
            "schemas.",
        ),
        Column("threshold", "double", "Threshold of the value; null if none is configured."),
        Column("verdict", "string", "'pass', 'warn', 'fail' or 'undefined'.", False),
        Column(
            "onset",
            "date",
            "First day of the problem, as far as known; for a schema, the as-of day of "
            "the run that found the change. Null if the check passes.",
        ),
        Column(
            "reason",
            "string",
            "What is wrong, or why the result is unknown; null if the check passes.",
        ),
        Column(
            "examples",
            "array<string>",
            "Up to three rows that belong to no window: their day, partition, and file.",
        ),
    ),
    key=("run_id", "role", "check_name", "day", "subject", "reason"),
    partitioning=("monitor",),
)


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
