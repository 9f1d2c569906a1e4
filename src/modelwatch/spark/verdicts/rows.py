"""Verdicts on metric values, corrected for the number of comparisons in their family.

A family is one table in a window: inputs, predictions, and labels are separate, and so are all
traffic and each segmentation. Many features or segments thus do not hide what is obvious in the
labels or in the whole.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from modelwatch.evaluation.verdicts.judgement import (
    COMPARISON_FAMILY,
    SCHEMA,
    Strictness,
    verdict_batches,
)
from modelwatch.spark.python_tasks import sorted_in_python


def verdict_rows(metric_values: DataFrame, strictness: Strictness) -> DataFrame:
    """A verdict on every value, in the columns of ``SCHEMA``."""
    return sorted_in_python(
        metric_values,
        verdict_batches(strictness),
        SCHEMA,
        by=COMPARISON_FAMILY,
        order=COMPARISON_FAMILY,
    )
