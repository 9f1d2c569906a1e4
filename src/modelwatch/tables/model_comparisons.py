"""Table `model_comparisons`: champion and challenger on the same due cohort."""

from __future__ import annotations

from modelwatch.tables.performance_columns import (
    AS_OF,
    LOWER,
    REASON,
    UPPER,
    VALUE,
)
from modelwatch.tables.table import (
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

MODEL_COMPARISONS = Table(
    name="model_comparisons",
    version=1,
    comment="One row a window, segment, pair of models and metric: challenger less champion, on "
    "predictions whose label is due.",
    columns=(
        MONITOR,
        RUN_ID,
        AS_OF,
        Column(
            "design",
            "string",
            "'shadow': both scored the same ids. 'split': each scored its share of the traffic.",
            False,
        ),
        Column("champion", "string", "Model version, or 'champion' for all.", False),
        Column("challenger", "string", "Name of the challenger or its model version.", False),
        SEGMENTATION,
        SEGMENT,
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column(
            "metric",
            "string",
            "Name of the metric; 'mcnemar', 'sample_ratio' and 'verdict' stand for the tests and "
            "the verdict of the whole.",
            False,
        ),
        Column("champion_value", "double", "Metric of the champion; null if undefined."),
        Column("challenger_value", "double", "Metric of the challenger; null if undefined."),
        VALUE,
        REASON,
        LOWER,
        UPPER,
        Column("p_value", "double", "Of the difference or the test; null if undefined."),
        Column("rows", "bigint", "Predictions that are compared: labelled, and their label due."),
        Column(
            "verdict",
            "string",
            "Of the metric: 'challenger', 'champion' or 'no difference'; of the whole, in a "
            "sentence.",
        ),
    ),
    key=(
        "run_id",
        "design",
        "champion",
        "challenger",
        "window",
        "window_start",
        "segmentation",
        "segment",
        "metric",
    ),
    partitioning=("monitor",),
)
