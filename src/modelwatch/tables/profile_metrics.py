"""Table `profile_metrics`: what a feature looks like in a window."""

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
    version=2,
    comment="One row a window, model version, segment, feature and metric: the profile, read off "
    "the states.",
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
        Column("value", "double", "Value of a number; null if undefined or not a number."),
        Column(
            "text",
            "string",
            "Value that is not a number: a date, a string, or JSON of a histogram or of the most "
            "frequent values; and a number that no double holds, with all of its digits. Null for "
            "other numbers.",
        ),
        Column("reason", "string", "Why the value is undefined; null if it is defined."),
        Column("rows", "bigint", "Rows of the scope, nulls included."),
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
        "metric",
    ),
    # A run writes few windows, so the statistics of its files on window_start already skip what a
    # query does not ask for; a directory a window would only make small files.
    partitioning=("monitor",),
    current=Current(
        view="profile_current",
        row="One row per profile metric that counts.",
        by=((WINDOWS, None),),
    ),
)
