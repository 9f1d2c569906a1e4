"""Verdicts on figures, corrected for the number of comparisons of their family.

What is asked of one table in a window is a family: inputs, predictions and labels apart, and of
each all traffic and every segmentation apart. What is asked of many features or segments does not
hide what is plain of the labels or of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.verdicts.judgement import (
    COMPARISON_FAMILY,
    SCHEMA,
    TABLE,
    VERDICT_COLUMNS,
    Strictness,
    column_values,
    comparison_families,
    comparison_judgement,
    p_values,
)
from modelwatch.spark.python_tasks import in_python

_JUDGED = ("p_value", "adjusted_p", "comparisons", "effect", "verdict", "reason")
_TAKEN = tuple(name for name in VERDICT_COLUMNS if name not in _JUDGED)


def verdict_rows(figures: DataFrame, strictness: Strictness) -> DataFrame:
    """A verdict on every figure, ``VERDICT_COLUMNS``; ``figures`` has the columns of FIGURES."""

    def verdicts(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(SCHEMA)
        for family in comparison_families(records):
            found = comparison_judgement(family, strictness)
            rows.add(
                family.num_rows,
                **{name: column_values(family, name) for name in _TAKEN},
                p_value=p_values(family),
                adjusted_p=found.adjusted_p,
                comparisons=np.full(family.num_rows, found.comparisons, dtype=np.int32),
                effect=found.effect,
                verdict=found.verdict,
                reason=found.reason,
            )
            yield from rows.full()
        yield from rows.rest()

    by_family = figures.repartition(*(F.col(name) for name in COMPARISON_FAMILY))
    return in_python(
        by_family.sortWithinPartitions(*COMPARISON_FAMILY), verdicts, TABLE.ddl(*VERDICT_COLUMNS)
    )
