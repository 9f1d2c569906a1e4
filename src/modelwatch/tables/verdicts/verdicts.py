"""Table `verdicts`: the verdict of each metric in each window."""

from __future__ import annotations

from modelwatch.tables.generation import VERDICT_WINDOWS, Current
from modelwatch.tables.table import (
    MODEL_VERSION,
    MONITOR,
    PARTIAL,
    RUN_ID,
    SEGMENT,
    SEGMENTATION,
    WINDOW,
    WINDOW_END,
    WINDOW_START,
    Column,
    Table,
)

VERDICTS = Table(
    name="verdicts",
    version=1,
    comment="Verdicts: one row per window, model version, segment, and judged metric, "
    "with its effect, p-value, and verdict.",
    columns=(
        MONITOR,
        RUN_ID,
        Column(
            "source",
            "string",
            "Origin of the metric: 'drift', 'performance', 'estimate', 'labels', 'values' "
            "(labels and decisions that the configuration does not name), 'constraint', "
            "'volume', 'freshness', 'arrival' (rows that belong to no window), or "
            "'anomaly'.",
            False,
        ),
        Column("role", "string", "'inputs', 'predictions' or 'labels'.", False),
        Column(
            "subject",
            "string",
            "Feature, performance metric, constraint, or column of the label or decision; "
            "the role for volume, freshness, and arrival.",
            False,
        ),
        Column(
            "metric",
            "string",
            "Judged metric: a statistic, a performance metric, a kind of constraint, "
            "'rows', 'duplicate_share', 'missing_day', 'coverage', 'unmapped_share', "
            "'missing_time', 'partition_mismatch', or 'future_time'.",
            False,
        ),
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column(
            "reference",
            "string",
            "Name of the reference; null if the metric is compared with its own history.",
        ),
        Column("value", "double", "Value of the metric; null if undefined."),
        Column(
            "expected",
            "double",
            "Value of the reference or the history; null if unknown.",
        ),
        Column("threshold", "double", "Threshold of the metric; null for none."),
        Column(
            "effect",
            "double",
            "Effect: change divided by threshold; 1 or more matters. 1 for a constraint "
            "that does not hold. Null without a value or threshold.",
        ),
        Column(
            "p_value",
            "double",
            "P-value: probability of such a value without a change, learned from the "
            "variation between days of the reference; null if unknown.",
        ),
        Column(
            "adjusted_p",
            "double",
            "P-value corrected for all comparisons of the window; null for none.",
        ),
        Column(
            "comparisons",
            "int",
            "Number of comparisons that it was corrected for; null if it was not.",
        ),
        Column(
            "design_effect",
            "double",
            "Design effect: variance between days of the reference, divided by the "
            "variance of independent rows; null if unknown.",
        ),
        Column(
            "verdict",
            "string",
            "'pass', 'warn', or 'fail'; otherwise 'too_few_rows', 'no_reference', "
            "'no_data', or 'undefined'.",
            False,
        ),
        Column("reason", "string", "Why there is no verdict; null if there is one."),
        Column("row_count", "bigint", "Rows that the metric is based on; null if unknown."),
    ),
    key=(
        "run_id",
        "source",
        "role",
        "subject",
        "metric",
        "model_version",
        "segmentation",
        "segment",
        "window_name",
        "window_start",
        "reference",
    ),
    partitioning=("monitor",),
    current=Current(
        view="verdicts_current",
        row="Current verdicts: one row per judged metric and window.",
        by=((VERDICT_WINDOWS, None),),
    ),
)
