"""Columns that the tables of performance share."""

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
    "Labels count that were known, and are due that were due, by this day. A later run adds a row "
    "with a later day; the old one stays.",
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
"""Which rows a figure of a window is of, and when it was seen."""
WINDOW_KEY = (
    "run_id",
    "window",
    "window_start",
    "model_version",
    "segmentation",
    "segment",
)
DUE_ROWS = Column("due_rows", "bigint", "Predictions of the cohort.")
LABELLED_ROWS = Column("labelled_rows", "bigint", "Predictions of the cohort that have a label.")
COVERAGE = Column(
    "coverage", "double", "Labelled rows over rows of the cohort; null for a cohort without rows."
)
VALUE = Column("value", "double", "The figure; null if undefined.")
REASON = Column("reason", "string", "Why the value is undefined; null if it is defined.")
LOWER = Column(
    "lower",
    "double",
    "Lower end of the 95 % interval from the days left out one by one; null if undefined, as for "
    "fewer than three days.",
)
UPPER = Column("upper", "double", "Upper end of that interval.")
