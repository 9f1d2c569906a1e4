"""Table `label_maturity`: how labels come in with their age."""

from __future__ import annotations

from modelwatch.tables.generation import PERFORMANCE_WINDOWS, Current
from modelwatch.tables.performance_columns import COVERAGE, WINDOW_KEY, WINDOWED
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

LABEL_MATURITY = Table(
    name="label_maturity",
    version=1,
    comment="One row a window, model version, segment and age: of predictions that are at least "
    "so old, the share that had a label at that age, and what the labels said.",
    columns=(
        MONITOR,
        RUN_ID,
        *WINDOWED,
        Column("age_days", "int", "Days since the prediction.", False),
        Column("rows", "bigint", "Predictions whose day is at least so long ago."),
        Column("labelled_rows", "bigint", "Those of them whose label was known at that age."),
        COVERAGE,
        Column(
            "outcome_rate",
            "double",
            "Binary: share of positive labels among those labelled rows; null without one, and "
            "for other tasks.",
        ),
    ),
    key=(*WINDOW_KEY, "age_days"),
    partitioning=("monitor",),
    current=Current(
        view="label_maturity_current",
        row="One row per window and age: how its labels came in, as the newest as-of day saw it.",
        by=((PERFORMANCE_WINDOWS, None),),
    ),
)
