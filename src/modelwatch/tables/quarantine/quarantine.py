"""Tables of quarantined rows, their releases, and the accounts of rows of each day."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, LABEL_DAYS, Current
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

QUARANTINE = Table(
    name="quarantine",
    version=1,
    comment="Quarantined rows: one row per source row that breaks a rule with treatment "
    "`quarantine`. A run that computes a day writes all such rows of the day "
    "again; the newest published run counts.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the events, in the monitor's time zone.", False),
        Column(
            "role",
            "string",
            "Source table of the row: 'inputs', 'predictions', or 'labels'.",
            False,
        ),
        Column(
            "state",
            "string",
            "'held': the row is kept out of the states. 'released': a user has released it.",
            False,
        ),
        Column("rules", "array<string>", "Names of all rules that it breaks.", False),
        Column("reasons", "array<string>", "Why it breaks each of them.", False),
        Column(
            "row_id",
            "array<struct<column_name:string,value:string>>",
            "Its id as strings, by column; null if the table has no id.",
        ),
        Column(
            "row_json",
            "string",
            "All its values as JSON; `from_json(row_json, row_type)` restores them. Sensitive "
            "columns are hashed.",
            False,
        ),
        Column("row_type", "string", "Names and types of its columns, as DDL.", False),
        Column(
            "row_key",
            "string",
            "Hash of its content, by which it is released. Identical rows have the same key.",
            False,
        ),
        Column("copy", "int", "Number of the row among identical rows, from 1.", False),
        Column("source_table", "string", "Address of the source table.", False),
        Column("source_version", "bigint", "Delta version of that table; null if unknown."),
        Column("source_file", "string", "File of the row; null if unknown."),
    ),
    key=("run_id", "day", "role", "row_key", "copy"),
    partitioning=("monitor", "day"),
    current=Current(
        view="quarantine_current",
        row="Quarantined rows, held or released: one row per row of a source table.",
        by=((DAYS, "role <> 'labels'"), (LABEL_DAYS, "role = 'labels'")),
    ),
)


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
            "rule_name",
            "string",
            "Rule that is released for the day; null if a single row is released.",
        ),
        Column("row_key", "string", "Key of the released row; null if a rule is released."),
        Column("note", "string", "Note for other people; null for none."),
        Column("released_by", "string", "Who released it; null if no name was given."),
        Column("released_at", "timestamp", "When it was released.", False),
    ),
    key=("monitor", "day", "role", "rule_name", "row_key", "released_at", "action"),
    of_runs=False,
)


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
            "array<struct<rule_name:string,treatment:string,judged:bigint,failed:bigint>>",
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
