"""Table `constraint_results`: the verdict of each constraint on each day."""

from __future__ import annotations

from modelwatch.tables.generation import DAYS, Current
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

CONSTRAINT_RESULTS = Table(
    name="constraint_results",
    version=1,
    comment="One row a constraint and day: bound, observed value and verdict.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("day", "date", "Day of the events, in the monitor's time zone.", False),
        Column("constraint", "string", "Name of the constraint.", False),
        Column("kind", "string", "Kind of the constraint; see the reference.", False),
        Column(
            "column",
            "string",
            "Column that is held to it, several joined by ', '; null for whole rows.",
        ),
        Column("where", "string", "SQL predicate on the rows considered; null for all rows."),
        Column("severity", "string", "'warn' or 'fail': the verdict when it does not hold.", False),
        Column("lower", "double", "Least value allowed; null without one."),
        Column("upper", "double", "Greatest value allowed; null without one."),
        Column("observed", "double", "Value observed; null if unknown."),
        Column("verdict", "string", "'pass', 'warn', 'fail' or 'unknown'.", False),
        Column("reason", "string", "Why the verdict is unknown; else what did not hold, or null."),
        Column("rows", "bigint", "Rows of the day in the table; null if unknown."),
    ),
    key=("run_id", "day", "constraint"),
    partitioning=("monitor",),
    current=Current(
        view="constraints_current",
        row="One row per verdict that counts.",
        by=((DAYS, None),),
    ),
)
