"""Table `outliers`: how many rows of a window lie far out, and which of a failing day most."""

from __future__ import annotations

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

OUTLIERS = Table(
    name="outliers",
    version=1,
    comment="Kind 'share': one row a window and feature, the share of its rows beyond the "
    "reference's fences. Kind 'distance': one row a window, how far its rows are as a whole. Kind "
    "'row': one row a most outlying row of a day that failed.",
    columns=(
        MONITOR,
        RUN_ID,
        Column("kind", "string", "'share', 'distance' or 'row'.", False),
        MODEL_VERSION,
        SEGMENTATION,
        SEGMENT,
        Column("role", "string", "'inputs' or 'predictions'.", False),
        Column(
            "feature",
            "string",
            "Name of the feature; '*' for all numeric features together: distances and rows.",
            False,
        ),
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column("reference", "string", "Name of the reference that set the fences.", False),
        Column("lower", "double", "Share: lower fence; null without one."),
        Column("upper", "double", "Share: upper fence; null without one."),
        Column(
            "value",
            "double",
            "Share: rows beyond the fences over rows with a value. Distance: mean squared "
            "Mahalanobis distance over the features used, about 1 where nothing changed. Row: its "
            "Mahalanobis distance from the reference, robust to the reference's bad days. Null if "
            "undefined.",
        ),
        Column(
            "expected",
            "double",
            "Share: that of the reference. Distance: 1. Row: the distance that one in a thousand "
            "normal rows exceeds.",
        ),
        Column("reason", "string", "Why the value is undefined; null if it is defined."),
        Column("rows", "bigint", "Rows of the window; for a row, of the day."),
        Column(
            "rank",
            "int",
            "Row: its place among those of the day, 1 for the farthest. Null for others.",
        ),
        Column(
            "row_id",
            "array<struct<column:string,value:string>>",
            "Row: its id as text, column by column. Null for others, and without.",
        ),
        Column(
            "causes",
            "array<struct<feature:string,value:string,lower:double,upper:double,share:double>>",
            "Row: features that make it so, the strongest first: its value as text, the fences, "
            "and the feature's share of the squared distance. Null for others.",
        ),
    ),
    key=(
        "run_id",
        "kind",
        "window",
        "window_start",
        "model_version",
        "segmentation",
        "segment",
        "role",
        "feature",
        "reference",
        "rank",
    ),
    partitioning=("monitor",),
)
