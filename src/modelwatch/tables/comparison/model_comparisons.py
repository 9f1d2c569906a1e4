"""Table `model_comparisons`: champion and challenger on the same due cohort."""

from __future__ import annotations

from modelwatch.tables.comparison.columns import CONTENDERS
from modelwatch.tables.performance.columns import AS_OF, LOWER, REASON, UPPER, VALUE
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
    comment="Champion and challenger: one row per window, segment, pair of models, and "
    "metric, with the difference (challenger minus champion) in the due cohort.",
    columns=(
        MONITOR,
        RUN_ID,
        AS_OF,
        *CONTENDERS,
        SEGMENTATION,
        SEGMENT,
        WINDOW,
        WINDOW_START,
        WINDOW_END,
        PARTIAL,
        Column(
            "metric",
            "string",
            "Name of the metric; 'mcnemar' and 'sample_ratio' for the tests, 'verdict' "
            "for the overall verdict.",
            False,
        ),
        Column("champion_value", "double", "Metric of the champion; null if undefined."),
        Column("challenger_value", "double", "Metric of the challenger; null if undefined."),
        VALUE,
        REASON,
        LOWER,
        UPPER,
        Column("p_value", "double", "P-value of the difference or test; null if undefined."),
        Column("row_count", "bigint", "Labeled predictions of the due cohort that are compared."),
        Column(
            "verdict",
            "string",
            "For a metric: 'challenger', 'champion', or 'no difference'. Overall: a sentence.",
        ),
    ),
    key=(
        "run_id",
        "design",
        "champion",
        "challenger",
        "window_name",
        "window_start",
        "segmentation",
        "segment",
        "metric",
    ),
    partitioning=("monitor",),
)
