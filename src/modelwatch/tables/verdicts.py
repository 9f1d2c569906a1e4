"""Table `verdicts`: what is thought of each figure of each window."""

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
    comment="One row a window, model version, segment and judged figure: its size against its "
    "threshold, how likely chance is, and the verdict.",
    columns=(
        MONITOR,
        RUN_ID,
        Column(
            "source",
            "string",
            "Where the figure comes from: 'drift', 'performance', 'estimate', 'labels', "
            "'values' (labels and decisions that the configuration does not name), 'constraint', "
            "'volume', 'freshness', 'arrival' (rows that no window has) or 'anomaly'.",
            False,
        ),
        Column("role", "string", "'inputs', 'predictions' or 'labels'.", False),
        Column(
            "subject",
            "string",
            "Feature, metric of performance, name of the constraint, column of the label or "
            "decision; the role itself for volume, freshness and arrival.",
            False,
        ),
        Column(
            "figure",
            "string",
            "What was judged: a statistic, a metric, a kind of constraint, 'rows', "
            "'duplicate_share', 'missing_day', 'coverage', 'unmapped_share', 'missing_time', "
            "'partition_mismatch' or 'future_time'.",
            False,
        ),
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column("reference", "string", "Name of the reference; null where the history stands in."),
        Column("value", "double", "Value of the figure; null if undefined."),
        Column(
            "expected",
            "double",
            "What the reference or the history had; null where it is not known.",
        ),
        Column(
            "threshold", "double", "Size from which the figure matters; null where none applies."
        ),
        Column(
            "effect",
            "double",
            "Size of the value in thresholds: from 1 on it matters. 1 for a constraint that does "
            "not hold. Null without value or threshold.",
        ),
        Column(
            "p_value",
            "double",
            "Probability of such a value without a change, learned from the spread of the "
            "reference's own days; null where it is not known.",
        ),
        Column(
            "adjusted_p",
            "double",
            "The p-value corrected for all comparisons of the window; null without one.",
        ),
        Column(
            "comparisons",
            "int",
            "Comparisons of the window that it was corrected for; null where nothing was.",
        ),
        Column(
            "design_effect",
            "double",
            "How many times the variance of independent rows the reference's days show; null where "
            "it is not known.",
        ),
        Column(
            "verdict",
            "string",
            "'pass', 'warn' or 'fail'; 'too_few_rows', 'no_reference', 'no_data' or 'undefined' "
            "where there is none.",
            False,
        ),
        Column("reason", "string", "Why there is no verdict; null where there is one."),
        Column("rows", "bigint", "Rows that the figure is of; null where they are not known."),
    ),
    key=(
        "run_id",
        "source",
        "role",
        "subject",
        "figure",
        "model_version",
        "segmentation",
        "segment",
        "window",
        "window_start",
        "reference",
    ),
    partitioning=("monitor",),
    current=Current(
        view="verdicts_current",
        row="One row per verdict that counts.",
        by=((VERDICT_WINDOWS, None),),
    ),
)
