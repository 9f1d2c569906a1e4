"""Tables of contracts, and of the results of constraints."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, Current
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

CONTRACTS = Table(
    name="contracts",
    version=1,
    comment="Data contracts: one row per version, written by the first run that used it. "
    "Versions are immutable. `runs.contracts` names the versions that each run "
    "used.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("contract", "string", "Name of the contract.", False),
        Column("version", "int", "Version of the contract.", False),
        Column("fingerprint", "string", "Fingerprint of its content, without comments.", False),
        Column("role", "string", "Table that it describes: 'inputs' or 'predictions'.", False),
        Column("path", "string", "Path of its file, as given in the configuration.", False),
        Column("contract_yaml", "string", "Its text, as read.", False),
        Column(
            "first_used_at",
            "timestamp",
            "When the first run that used it started.",
            False,
            repeats=False,
        ),
    ),
    key=("run_id", "contract", "version"),
)


CONSTRAINT_RESULTS = Table(
    name="constraint_results",
    version=1,
    comment="Results of constraints: one row per constraint and day.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the events, in the monitor's time zone.", False),
        Column("constraint_name", "string", "Name of the constraint.", False),
        Column("kind", "string", "Kind of the constraint; see the reference.", False),
        Column(
            "column_name",
            "string",
            "Column that is checked, several joined by ', '; null for entire rows.",
        ),
        Column("row_filter", "string", "SQL predicate that selects the rows; null for all rows."),
        Column(
            "severity",
            "string",
            "Verdict if the constraint does not hold: 'warn' or 'fail'.",
            False,
        ),
        Column("lower", "double", "Smallest allowed value; null for none."),
        Column("upper", "double", "Largest allowed value; null for none."),
        Column("observed", "double", "Observed value; null if unknown."),
        Column("verdict", "string", "'pass', 'warn', 'fail' or 'undefined'.", False),
        Column(
            "reason",
            "string",
            "Why the verdict is undefined, or what did not hold; null otherwise.",
        ),
        Column("row_count", "bigint", "Rows of the day in the table; null if unknown."),
        Column(
            "engine",
            "string",
            "Engine that evaluated it: 'deequ' or 'native'; null for what needs none.",
        ),
    ),
    key=("run_id", "day", "constraint_name"),
    partitioning=("monitor",),
    current=Current(
        view="constraints_current",
        row="Current results of constraints: one row per constraint and day.",
        by=((DAYS, None),),
    ),
)
