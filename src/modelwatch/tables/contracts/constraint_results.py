"""Table `constraint_results`: the verdict of each constraint on each day."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, Current
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

CONSTRAINT_RESULTS = Table(
    name="constraint_results",
    version=1,
    comment="Results of constraints: one row per constraint and day.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the events, in the monitor's time zone.", False),
        Column("constraint", "string", "Name of the constraint.", False),
        Column("kind", "string", "Kind of the constraint; see the reference.", False),
        Column(
            "column",
            "string",
            "Column that is checked, several joined by ', '; null for entire rows.",
        ),
        Column("where", "string", "SQL predicate that selects the rows; null for all rows."),
        Column(
            "severity",
            "string",
            "Verdict if the constraint does not hold: 'warn' or 'fail'.",
            False,
        ),
        Column("lower", "double", "Smallest allowed value; null for none."),
        Column("upper", "double", "Largest allowed value; null for none."),
        Column("observed", "double", "Observed value; null if unknown."),
        Column("verdict", "string", "'pass', 'warn', 'fail' or 'unknown'.", False),
        Column(
            "reason", "string", "Why the verdict is unknown, or what did not hold; null otherwise."
        ),
        Column("rows", "bigint", "Rows of the day in the table; null if unknown."),
    ),
    key=("run_id", "day", "constraint"),
    partitioning=("monitor",),
    current=Current(
        view="constraints_current",
        row="Current results of constraints: one row per constraint and day.",
        by=((DAYS, None),),
    ),
)
