"""Table `quarantine`: rows that were set apart, with what they hold and why."""

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
            "'held': the row is kept out of the states. 'released': a person has released it.",
            False,
        ),
        Column("rules", "array<string>", "Names of all rules that it breaks.", False),
        Column("reasons", "array<string>", "Why it breaks each of them.", False),
        Column(
            "row_id",
            "array<struct<column:string,value:string>>",
            "Its id as strings, by column; null if the table has no id.",
        ),
        Column(
            "row",
            "string",
            "All its values as JSON; `from_json(row, row_type)` restores them. Sensitive "
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
        Column("file", "string", "File of the row; null if unknown."),
    ),
    key=("run_id", "day", "role", "row_key", "copy"),
    partitioning=("monitor", "day"),
    current=Current(
        view="quarantine_current",
        row="Quarantined rows, held or released: one row per row of a source table.",
        by=((DAYS, "role <> 'labels'"), (LABEL_DAYS, "role = 'labels'")),
    ),
)
