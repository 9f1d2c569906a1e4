"""Table `drift_metrics`: how far a feature is from its references in a window."""

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
    version=3,
    comment="One row a window, model version, segment, feature (or pair), reference and statistic: "
    "the distance from the reference, read off the states.",
    columns=(
        MONITOR,
        RUN_ID,
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        Column("role", "string", "'inputs' or 'predictions'.", False),
        Column(
            "feature", "string", "Name of the feature; '*' for the numeric block together.", False
        ),
        Column("feature_b", "string", "The other feature of a pair; null for one feature alone."),
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column("reference", "string", "Name of the reference.", False),
        Column(
            "reference_start",
            "date",
            "First day of the reference for this window; null for a whole table.",
        ),
        Column(
            "reference_end",
            "date",
            "Last day of the reference, included; null for a whole table.",
        ),
        Column(
            "statistic", "string", "Name of the statistic; see the reference of statistics.", False
        ),
        Column("value", "double", "Value of the statistic; null if undefined."),
        Column("reason", "string", "Why the value is undefined; null if it is defined."),
        Column(
            "threshold",
            "double",
            "A value beyond it, in size, must be looked at; null where no threshold applies.",
        ),
        Column("rows", "bigint", "Rows of the window's scope, nulls included."),
        Column("reference_rows", "bigint", "Rows of the reference's scope, nulls included."),
        Column(
            "p_value",
            "double",
            "Probability of such a value without a change, learned from the spread of the "
            "reference's own days; null where the statistic is not judged.",
        ),
        Column(
            "design_effect",
            "double",
            "How many times the variance of independent rows the reference's days show; null where "
            "the statistic is not judged.",
        ),
        Column(
            "null_days",
            "int",
            "Days of the reference that the p-value was learned from; null where there is none.",
        ),
        Column(
            "typical",
            "double",
            "Size of the value that a single day of the reference shows against the others; null "
            "where the statistic is not judged.",
        ),
        ERROR_BOUND,
    ),
    key=(
        "run_id",
        "window",
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
        row="One row per drift metric that counts.",
        by=((WINDOWS, None),),
    ),
)
