"""Table `quarantine_releases`: rows in quarantine that people let through."""

from __future__ import annotations

from modelwatch.tables.table import MONITOR, Column, Table

QUARANTINE_RELEASES = Table(
    name="quarantine_releases",
    version=1,
    comment="Releases of quarantined rows: one row per action, by `modelwatch "
    "quarantine`. Runs do not write here. The last of contradictory actions "
    "counts, and the next run computes the affected days again.",
    columns=(
        MONITOR,
        Column("action", "string", "'release', or 'withdraw' to undo it.", False),
        Column("day", "date", "Day of the rows.", False),
        Column("role", "string", "Table of the rows: 'inputs', 'predictions' or 'labels'.", False),
        Column(
            "rule",
            "string",
            "Rule that is released for the day; null if a single row is released.",
        ),
        Column("row_key", "string", "Key of the released row; null if a rule is released."),
        Column("note", "string", "Note for other people; null for none."),
        Column("by", "string", "Who released it; null if no name was given."),
        Column("at", "timestamp", "When it was released.", False),
    ),
    key=("monitor", "day", "role", "rule", "row_key", "at", "action"),
    of_runs=False,
)
