"""Frozen bins of every feature, fitted to the rows of a reference in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.states.reference_bins import (
    BINNING_SCHEMA,
    SUMMARY_SCHEMA,
    fits_of,
    summaries_of,
)
from modelwatch.evaluation.states.reference_sample import Field
from modelwatch.spark.python_tasks import in_python, sorted_in_python


def fitted_binnings(frame: DataFrame, fields: Sequence[Field]) -> DataFrame:
    """One row per field: ``BINNING_SCHEMA``. The columns are doubles, exact numbers, and strings.

    Quantiles come from a sample chosen by a hash of the row, in which equal rows are one row with a
    frequency; extremes and counts come from all rows. The result does not depend on partitioning.
    """
    hashed = frame.withColumn("__hash", F.xxhash64(*(F.col(c) for c in frame.columns)))
    summaries = in_python(hashed, summaries_of(fields), SUMMARY_SCHEMA)
    return sorted_in_python(
        summaries, fits_of(fields), BINNING_SCHEMA, by=("field",), order=("field",)
    )
