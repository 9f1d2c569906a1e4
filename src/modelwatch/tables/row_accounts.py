"""Table `row_accounts`: how many rows of a day came in, passed, and were set apart."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, LABEL_DAYS, Current
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

ROW_ACCOUNTS = Table(
    name="row_accounts",
    version=1,
    comment="One row a day and table with rules: rows_in = passed + quarantined + excluded. No "
    "rows without rules.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the events, in the monitor's time zone.", False),
        Column(
            "role",
            "string",
            "'inputs', 'predictions' or 'labels'; predictions without a table of their own are "
            "rows of the inputs.",
            False,
        ),
        Column("rows_in", "bigint", "Rows of the day in the table.", False),
        Column("passed", "bigint", "Rows that the states are of.", False),
        Column("quarantined", "bigint", "Rows that are held in the table quarantine.", False),
        Column("excluded", "bigint", "Rows that were left out, and stand nowhere else.", False),
        Column(
            "released",
            "bigint",
            "Rows of the quarantine that a person let through; among those that passed, unless "
            "another rule excludes them.",
            False,
        ),
        Column("warned", "bigint", "Rows that passed and fail a rule that warns.", False),
        Column(
            "rules",
            "array<struct<rule:string,treatment:string,judged:bigint,failed:bigint>>",
            "By rule: rows that it judges, and rows that fail it. A row may fail several.",
            False,
        ),
    ),
    key=("run_id", "day", "role"),
    partitioning=("monitor",),
    current=Current(
        view="row_accounts_current",
        row="One row per day and table with rules whose account counts.",
        by=((DAYS, "role <> 'labels'"), (LABEL_DAYS, "role = 'labels'")),
    ),
)
