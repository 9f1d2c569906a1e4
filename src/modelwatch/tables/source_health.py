"""Table `source_health`: how the tables that a run reads are."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

SOURCE_HEALTH = Table(
    name="source_health",
    version=1,
    comment="One row a check of a table that the run read, or of one of its days: what was "
    "expected, what was seen, and since when.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("as_of", "date", "As-of day of the run.", False),
        Column(
            "role", "string", "'inputs', 'predictions' or 'labels', and so on as in `runs`.", False
        ),
        Column("table", "string", "Address of the table, as configured."),
        Column("version", "bigint", "Delta version of the table that the run read."),
        Column(
            "check",
            "string",
            "'freshness', 'missing_partition', 'late_partition', 'volume', 'duplicates', "
            "'join_coverage', 'label_coverage', 'unmapped_values' or 'schema'; of the rows that "
            "arrived since the last day's run, those that no window has: 'missing_time' (no day of "
            "the calendar), 'partition_mismatch' (a partition more than a day from the time) and "
            "'future_time' (a day after the as-of day).",
            False,
        ),
        Column("day", "date", "Day that it is of; null for the whole table."),
        Column(
            "subject",
            "string",
            "Column of a schema check, '*' for their order; the label or decision of unmapped "
            "values; the other table of join coverage; else "
            "the role. Null for a table whose columns are all as they were.",
        ),
        Column(
            "expected",
            "string",
            "What was expected, as text: a day, a number of rows, a share, a type; null where "
            "nothing is known.",
        ),
        Column("observed", "string", "What was seen, in the same form."),
        Column(
            "value",
            "double",
            "What was judged: days late, share of rows more or fewer, share of rows repeated or "
            "without a partner or a window, change of a share. Null for schemas.",
        ),
        Column(
            "threshold", "double", "Value from which it matters; null where none is configured."
        ),
        Column("verdict", "string", "'pass', 'warn', 'fail' or 'unknown'.", False),
        Column(
            "since",
            "date",
            "First day of the trouble, as far as the run knows; of a schema, the as-of day of the "
            "run that saw the change. Null where all is well.",
        ),
        Column(
            "reason", "string", "What is wrong, or why nothing is known; null where all is well."
        ),
        Column(
            "examples",
            "array<string>",
            "Up to three of the rows that no window has: their day, their partition and file.",
        ),
    ),
    key=("run_id", "role", "check", "day", "subject", "reason"),
    partitioning=("monitor",),
)
