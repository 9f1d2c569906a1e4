"""Columns that are shared by the performance tables."""

from __future__ import annotations

from modelwatch.tables.table import (
    MODEL_VERSION,
    PARTIAL,
    SEGMENT,
    SEGMENTATION,
    WINDOW,
    WINDOW_END,
    WINDOW_START,
    Column,
)

AS_OF = Column(
    "as_of",
    "date",
    "As-of day: only labels that were known by this day are used, and predictions "
    "are due by it. A later run adds a row with a later day, and the earlier row "
    "stays.",
    False,
)
WINDOWED = (
    AS_OF,
    MODEL_VERSION,
    SEGMENTATION,
    SEGMENT,
    WINDOW,
    WINDOW_START,
    WINDOW_END,
    PARTIAL,
)
"""The columns that identify a window, and its as-of day."""
WINDOW_KEY = (
    "run_id",
    "window_name",
    "window_start",
    "model_version",
    "segmentation",
    "segment",
)
DUE_ROWS = Column("due_rows", "bigint", "Predictions of the cohort.")
LABELLED_ROWS = Column("labelled_rows", "bigint", "Predictions of the cohort that have a label.")
COVERAGE = Column(
    "coverage", "double", "Share of the cohort that has a label; null for an empty cohort."
)
VALUE = Column("value", "double", "Value of the metric; null if undefined.")
REASON = Column("reason", "string", "Why the value is undefined; null if it is defined.")
LOWER = Column(
    "lower",
    "double",
    "Lower end of the 95% interval (delete-one-day jackknife); null if undefined, "
    "such as for fewer than three days.",
)
UPPER = Column("upper", "double", "Upper end of that interval.")
