"""Frozen bins of every feature, fitted on the rows of a reference in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.states.reference_bins import fits_of, summaries_of
from modelwatch.evaluation.states.reference_sample import Field
from modelwatch.spark.python_tasks import in_python

SUMMARY_SCHEMA = (
    "field int, rows bigint, minimum double, maximum double, hashes binary, numbers binary,"
    " repeats binary, texts array<string>, text_rows array<bigint>, complete boolean,"
    " ends array<string>, top_values binary, top_rows binary"
)
BINNING_SCHEMA = (
    "field int, edges array<double>, values array<string>, known_hashes binary, center double,"
    " scale double, fitted_rows bigint, offset string, digits int, known_values bigint,"
    " other_rows bigint"
)


def fitted_binnings(frame: DataFrame, fields: Sequence[Field]) -> DataFrame:
    """One row per field, of ``BINNING_SCHEMA``; its columns are doubles, exact numbers and strings.

    Quantiles come from a sample chosen by a hash of the row, in which equal rows are one row with
    its number; extremes and counts come from all rows. The result is the same however the rows are
    partitioned.
    """
    hashed = frame.withColumn("__hash", F.xxhash64(*(F.col(c) for c in frame.columns)))
    summaries = in_python(hashed, summaries_of(fields), SUMMARY_SCHEMA)
    by_field = summaries.repartition("field").sortWithinPartitions("field")
    return in_python(by_field, fits_of(fields), BINNING_SCHEMA)
