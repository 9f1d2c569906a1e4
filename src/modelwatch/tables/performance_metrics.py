"""Table `performance_metrics`: how good the model was, as far as labels tell."""

from __future__ import annotations

from modelwatch.tables.generation import PERFORMANCE_WINDOWS, Current
from modelwatch.tables.performance_columns import (
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
from modelwatch.tables.table import ERROR_BOUND, MONITOR, RUN_ID, Column, Table

PERFORMANCE_METRICS = Table(
    name="performance_metrics",
    version=2,
    comment="One row a window, model version, segment, cohort and metric, and one more for each "
    "reference that it is compared with.",
    columns=(
        MONITOR,
        RUN_ID,
        *WINDOWED,
        Column(
            "cohort",
            "string",
            "'due': predictions whose label is due by the as-of day. 'early': the others; labels "
            "that arrived before they were due are not a random sample.",
            False,
        ),
        Column("metric", "string", "Name of the metric; see the reference of statistics.", False),
        Column(
            "reference",
            "string",
            "Null: the metric itself. Otherwise the name of the reference, and the value is the "
            "metric less that of the reference.",
        ),
        Column("reference_start", "date", "First day of the reference; null without one."),
        Column("reference_end", "date", "Last day of the reference; null without one."),
        Column("reference_value", "double", "The metric of the reference; null without one."),
        VALUE,
        REASON,
        LOWER,
        UPPER,
        Column(
            "iid_lower",
            "double",
            "Lower end of the 95 % interval as if rows were independent, which they are not; null "
            "if undefined.",
        ),
        Column("iid_upper", "double", "Upper end of that interval; null if undefined."),
        Column(
            "p_value",
            "double",
            "Of a change: probability of one so large if there were none, from the days; null "
            "without a reference, or if undefined.",
        ),
        DUE_ROWS,
        LABELLED_ROWS,
        COVERAGE,
        Column(
            "note",
            "string",
            "What must be known before the figure is used, such as that labels are not a random "
            "sample; null for nothing.",
        ),
        ERROR_BOUND,
    ),
    key=(*WINDOW_KEY, "cohort", "metric", "reference"),
    partitioning=("monitor",),
    current=Current(
        view="performance_current",
        row="One row per metric of performance that counts: of each window as its newest as-of "
        "day saw it.",
        by=((PERFORMANCE_WINDOWS, None),),
    ),
)
