"""Table `drift_metrics`: differences between the features of a window and its references."""

from __future__ import annotations

from modelwatch.tables.generation import WINDOWS, Current
from modelwatch.tables.table import (
    ERROR_BOUND,
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

DRIFT_METRICS = Table(
    name="drift_metrics",
    version=1,
    comment="Drift statistics: one row per window, model version, segment, feature (or "
    "pair), reference, and statistic.",
    columns=(
        MONITOR,
        RUN_ID,
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        Column("role", "string", "'inputs' or 'predictions'.", False),
        Column(
            "feature",
            "string",
            "Name of the feature; '*' for all numeric features together.",
            False,
        ),
        Column("feature_b", "string", "Second feature of a pair; null for a single feature."),
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column("reference", "string", "Name of the reference.", False),
        Column(
            "reference_start",
            "date",
            "First day of the reference for this window; null for an entire table.",
        ),
        Column(
            "reference_end",
            "date",
            "Last day of the reference; null for an entire table.",
        ),
        Column(
            "statistic", "string", "Name of the statistic; see the reference of statistics.", False
        ),
        Column("value", "double", "Value of the statistic; null if undefined."),
        Column("reason", "string", "Why the value is undefined; null if it is defined."),
        Column(
            "threshold",
            "double",
            "Threshold: an absolute value above it matters; null if the statistic has none.",
        ),
        Column("row_count", "bigint", "Rows of the window, including nulls."),
        Column("reference_rows", "bigint", "Rows of the reference, including nulls."),
        Column(
            "p_value",
            "double",
            "P-value: probability of such a value without a change, learned from the "
            "variation between days of the reference; null if the statistic is not "
            "judged.",
        ),
        Column(
            "design_effect",
            "double",
            "Design effect: variance between days of the reference, divided by the "
            "variance of independent rows; null if the statistic is not judged.",
        ),
        Column(
            "null_days",
            "int",
            "Days of the reference that the p-value was learned from; null for none.",
        ),
        Column(
            "typical",
            "double",
            "Absolute value that a typical single day of the reference has when compared "
            "with the others; null if the statistic is not judged.",
        ),
        ERROR_BOUND,
    ),
    key=(
        "run_id",
        "window_name",
        "window_start",
        "model_version",
        "segmentation",
        "segment",
        "role",
        "feature",
        "feature_b",
        "reference",
        "statistic",
    ),
    # As in profile_metrics.
    partitioning=("monitor",),
    current=Current(
        view="drift_current",
        row="Current drift statistics: one row per statistic, feature, segment, "
        "reference, and window.",
        by=((WINDOWS, None),),
    ),
)
