"""Table `label_maturity`: how labels come in with their age."""

from __future__ import annotations

from modelwatch.tables.generation import PERFORMANCE_WINDOWS, Current
from modelwatch.tables.performance.columns import COVERAGE, WINDOW_KEY, WINDOWED
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

LABEL_MATURITY = Table(
    name="label_maturity",
    version=1,
    comment="Arrival of labels: one row per window, model version, segment, and age, with "
    "the share of predictions of at least this age that had a label at this age.",
    columns=(
        MONITOR,
        RUN_ID,
        *WINDOWED,
        Column("age_days", "int", "Days since the prediction.", False),
        Column("rows", "bigint", "Predictions of at least this age."),
        Column("labelled_rows", "bigint", "Predictions whose label was known at this age."),
        COVERAGE,
        Column(
            "outcome_rate",
            "double",
            "Binary: share of positive labels among these; null without labels, and for "
            "other tasks.",
        ),
    ),
    key=(*WINDOW_KEY, "age_days"),
    partitioning=("monitor",),
    current=Current(
        view="label_maturity_current",
        row="Arrival of labels: one row per window and age of predictions, as of "
        "the newest as-of day of the window.",
        by=((PERFORMANCE_WINDOWS, None),),
    ),
)
