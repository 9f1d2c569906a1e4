"""Table `business_metrics`: what the decisions were worth."""

from __future__ import annotations

from modelwatch.tables.generation import PERFORMANCE_WINDOWS, Current
from modelwatch.tables.performance.columns import (
    COVERAGE,
    DUE_ROWS,
    LABELLED_ROWS,
    LOWER,
    REASON,
    UPPER,
    VALUE,
    WINDOW_KEY,
    WINDOWED,
)
from modelwatch.tables.table import MONITOR, RUN_ID, Column, Table

BUSINESS_METRICS = Table(
    name="business_metrics",
    version=1,
    comment="Business value of decisions in the due cohort: one row per window, model "
    "version, segment, and metric.",
    columns=(
        MONITOR,
        RUN_ID,
        *WINDOWED,
        Column(
            "metric",
            "string",
            "'confusion_value' (values by cell of the confusion table), or the name of an "
            "expression.",
            False,
        ),
        Column("statistic", "string", "'sum', or 'mean' per row that has a value.", False),
        VALUE,
        REASON,
        LOWER,
        UPPER,
        DUE_ROWS,
        LABELLED_ROWS,
        COVERAGE,
        Column("value_rows", "bigint", "Rows that have a value."),
    ),
    key=(*WINDOW_KEY, "metric", "statistic"),
    partitioning=("monitor",),
    current=Current(
        view="business_current",
        row="Current business metrics: one row per metric and window, as of the "
        "newest as-of day of the window.",
        by=((PERFORMANCE_WINDOWS, None),),
    ),
)
