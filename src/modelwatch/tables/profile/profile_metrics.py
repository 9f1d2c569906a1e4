"""Table `profile_metrics`: descriptive metrics of each feature by window."""

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

PROFILE_METRICS = Table(
    name="profile_metrics",
    version=1,
    comment="Profiles: one row per window, model version, segment, feature, and metric.",
    columns=(
        MONITOR,
        RUN_ID,
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        Column("role", "string", "'inputs' or 'predictions'.", False),
        Column("feature", "string", "Name of the feature.", False),
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column("metric", "string", "Name of the metric; see the reference of statistics.", False),
        Column("value", "double", "Value, if it is a number; null otherwise, or if undefined."),
        Column(
            "text",
            "string",
            "Value, if it is not a number that fits a double: a date, a string, JSON of a "
            "histogram or of the most frequent values, or a number with all its digits. "
            "Null otherwise.",
        ),
        Column("reason", "string", "Why the value is undefined; null if it is defined."),
        Column("row_count", "bigint", "Rows of the window, including nulls."),
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
        "metric",
    ),
    # A run writes few windows, so file statistics on window_start already let queries skip files.
    # One folder per window would only create small files.
    partitioning=("monitor",),
    current=Current(
        view="profile_current",
        row="Current profiles: one row per metric, feature, segment, and window.",
        by=((WINDOWS, None),),
    ),
)
