"""Table `quarantine_releases`: rows in quarantine that people let through."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, Column, Table

QUARANTINE_RELEASES = Table(
    name="quarantine_releases",
    version=1,
    comment="One row a thing that a person says of rows in quarantine, by `modelwatch quarantine`. "
    "No run writes here, so that every row counts at once; of contrary ones the last does. The "
    "next run computes the days anew.",
    columns=(
        MONITOR,
        Column("action", "string", "'release', or 'withdraw' to take that back.", False),
        Column("day", "date", "Day of the rows.", False),
        Column("role", "string", "Table of the rows: 'inputs', 'predictions' or 'labels'.", False),
        Column(
            "rule",
            "string",
            "The rule that is not to hold back rows of the day; null where one row is meant.",
        ),
        Column("row_key", "string", "Key of the one row; null where a rule is meant."),
        Column("note", "string", "Why, for those who read it later; null without a note."),
        Column("by", "string", "Who says it; null for nobody in particular."),
        Column("at", "timestamp", "When it was said.", False),
    ),
    key=("monitor", "day", "role", "rule", "row_key", "at", "action"),
    of_runs=False,
)
