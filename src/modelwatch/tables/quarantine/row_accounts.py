"""Table `row_accounts`: how many rows of a day came in, passed, and were set apart."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, LABEL_DAYS, Current
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

ROW_ACCOUNTS = Table(
    name="row_accounts",
    version=1,
    comment="Accounts of rows: one row per day and table with rules. rows_in = passed + "
    "quarantined + excluded.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the events, in the monitor's time zone.", False),
        Column(
            "role",
            "string",
            "'inputs', 'predictions', or 'labels'. Predictions without a table of their "
            "own are rows of the inputs.",
            False,
        ),
        Column("rows_in", "bigint", "Rows of the day in the source table.", False),
        Column("passed", "bigint", "Rows that are used in the states.", False),
        Column("quarantined", "bigint", "Rows that are held in quarantine.", False),
        Column("excluded", "bigint", "Rows that were excluded.", False),
        Column(
            "released",
            "bigint",
            "Rows released from quarantine. They are among the passed rows, unless "
            "another rule excludes them.",
            False,
        ),
        Column("warned", "bigint", "Passed rows that break a rule with treatment `warn`.", False),
        Column(
            "rules",
            "array<struct<rule:string,treatment:string,judged:bigint,failed:bigint>>",
            "By rule: rows that it was applied to, and rows that break it. A row can "
            "break several rules.",
            False,
        ),
    ),
    key=("run_id", "day", "role"),
    partitioning=("monitor",),
    current=Current(
        view="row_accounts_current",
        row="Current accounts of rows: one row per day and table with rules.",
        by=((DAYS, "role <> 'labels'"), (LABEL_DAYS, "role = 'labels'")),
    ),
)
