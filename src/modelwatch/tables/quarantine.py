"""Table `quarantine`: rows that were set apart, with what they hold and why."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, LABEL_DAYS, Current
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

QUARANTINE = Table(
    name="quarantine",
    version=1,
    comment="One row a row of a source that fails a rule of treatment quarantine. A run that "
    "computes a day writes all such rows of the day anew; the newest published one counts.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the events, in the monitor's time zone.", False),
        Column("role", "string", "Table of the row: 'inputs', 'predictions' or 'labels'.", False),
        Column(
            "state",
            "string",
            "'held': it is kept out of the states. 'released': a person let it through.",
            False,
        ),
        Column("rules", "array<string>", "Names of all rules that it fails.", False),
        Column("reasons", "array<string>", "Why it fails each of them, in words.", False),
        Column(
            "row_id",
            "array<struct<column:string,value:string>>",
            "Its id as text, column by column; null where the table has none.",
        ),
        Column(
            "row",
            "string",
            "All its values, as JSON from which they can be read again: "
            "`from_json(row, row_type)`. Of sensitive columns it has hashes.",
            False,
        ),
        Column("row_type", "string", "Names and types of its columns, as DDL.", False),
        Column(
            "row_key",
            "string",
            "Hash of what it holds, by which it is released; rows that are alike have the same.",
            False,
        ),
        Column("copy", "int", "Number of the row among those of its key, from 1.", False),
        Column("source_table", "string", "Table that it is in.", False),
        Column("source_version", "bigint", "Delta version of that table; null if not known."),
        Column("file", "string", "File that it is in; null if not known."),
    ),
    key=("run_id", "day", "role", "row_key", "copy"),
    partitioning=("monitor", "day"),
    current=Current(
        view="quarantine_current",
        row="One row per row in quarantine, held or released.",
        by=((DAYS, "role <> 'labels'"), (LABEL_DAYS, "role = 'labels'")),
    ),
)
