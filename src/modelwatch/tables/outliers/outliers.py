"""Table `outliers`: shares of outlying rows by window, and the most outlying rows of failing
days."""

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
    comment="Outliers. Kind 'share': the share of rows of a window and feature beyond the "
    "fences of the reference. Kind 'distance': the distance of all rows of a "
    "window. Kind 'row': one of the most outlying rows of a failing day.",
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
            "Name of the feature; '*' for all numeric features together (kinds 'distance' "
            "and 'row').",
            False,
        ),
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column("reference", "string", "Reference that defines the fences.", False),
        Column("lower", "double", "Share: lower fence; null for none."),
        Column("upper", "double", "Share: upper fence; null for none."),
        Column(
            "value",
            "double",
            "Share: rows beyond the fences, divided by rows with a value. Distance: mean "
            "squared Mahalanobis distance over the features used, about 1 if nothing has "
            "changed. Row: Mahalanobis distance from the reference, robust to bad days of "
            "the reference. Null if undefined.",
        ),
        Column(
            "expected",
            "double",
            "Share: the share in the reference. Distance: 1. Row: the distance that one "
            "in a thousand normal rows exceeds.",
        ),
        Column("reason", "string", "Why the value is undefined; null if it is defined."),
        Column("row_count", "bigint", "Rows of the window; for kind 'row', of the day."),
        Column(
            "rank",
            "int",
            "Row: rank within the day, starting with 1 for the farthest. Null for other kinds.",
        ),
        Column(
            "row_id",
            "array<struct<column_name:string,value:string>>",
            "Row: its id as strings, by column. Null for other kinds, and without an id.",
        ),
        Column(
            "contributions",
            "array<struct<feature:string,value:string,lower:double,upper:double,share:double>>",
            "Row: features that contribute most, with the value as a string, the fences, "
            "and the share of the squared distance. Null for other kinds.",
        ),
    ),
    key=(
        "run_id",
        "kind",
        "window_name",
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
