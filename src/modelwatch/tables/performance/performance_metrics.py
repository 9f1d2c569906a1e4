"""Tables of performance metrics, business values, and label maturity."""

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
from modelwatch.tables.table import ERROR_BOUND, MONITOR, RUN_ID, Column, Table

PERFORMANCE_METRICS = Table(
    name="performance_metrics",
    version=2,
    comment="Performance: one row per window, model version, segment, cohort, and metric, "
    "and one more for each reference that it is compared with.",
    columns=(
        MONITOR,
        RUN_ID,
        *WINDOWED,
        Column(
            "cohort",
            "string",
            "'due': predictions whose label is due by the as-of day. 'early': the others. "
            "Early labels are not a random sample.",
            False,
        ),
        Column("metric", "string", "Name of the metric; see the reference of statistics.", False),
        Column(
            "reference",
            "string",
            "Null: the value is the metric. Otherwise the name of the reference, and the "
            "value is the metric minus that of the reference and `cohort_change`.",
        ),
        Column("reference_start", "date", "First day of the reference; null for none."),
        Column("reference_end", "date", "Last day of the reference; null for none."),
        Column("reference_value", "double", "Metric of the reference; null for none."),
        VALUE,
        REASON,
        LOWER,
        UPPER,
        Column(
            "iid_lower",
            "double",
            "Lower end of the 95% interval under the assumption that rows are "
            "independent, which is usually too narrow; null if undefined.",
        ),
        Column("iid_upper", "double", "Upper end of that interval; null if undefined."),
        Column(
            "p_value",
            "double",
            "P-value of the change, from the days; null without a reference, or if undefined.",
        ),
        DUE_ROWS,
        LABELLED_ROWS,
        COVERAGE,
        Column(
            "note",
            "string",
            "Caveat, such as that labels are not a random sample; null for none.",
        ),
        Column(
            "cohort_change",
            "double",
            "The part of the difference from the reference that follows from which rows are "
            "due, estimated from their scores; null if nearly all rows of the window and the "
            "reference are due, or if the metric cannot be estimated.",
        ),
        ERROR_BOUND,
    ),
    key=(*WINDOW_KEY, "cohort", "metric", "reference"),
    partitioning=("monitor",),
    current=Current(
        view="performance_current",
        row="Current performance metrics: one row per metric and window, as of the "
        "newest as-of day of the window.",
        by=((PERFORMANCE_WINDOWS, None),),
    ),
)


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
        Column("row_count", "bigint", "Predictions of at least this age."),
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
