"""Fences of features and the center of the rows of a reference, computed from its states."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.drift.evaluated_windows import current_groups
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.outliers.bounds import (
    ARRAYS,
    BOUNDS_SCHEMA,
    FencedBy,
    OutlierBounds,
    add_distances,
    add_shares,
    bound_row,
)
from modelwatch.spark.python_tasks import in_python
from modelwatch.stats.outliers.fences import Fences
from modelwatch.stats.outliers.mahalanobis import Center
from modelwatch.stats.value_names import ALL
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

SHARE_COLUMNS = (
    "kind",
    "model_version",
    "segmentation",
    "segment",
    "role",
    "feature",
    "window_name",
    "window_start",
    "window_end",
    "partial",
    "reference",
    "lower",
    "upper",
    "value",
    "expected",
    "reason",
    "row_count",
)
_SHARES = arrow_schema(TABLES["outliers"], *SHARE_COLUMNS)


def outlier_bounds(states: DataFrame, evaluation: Evaluation, by: FencedBy) -> OutlierBounds:
    """The bounds for all traffic. A Spark job that returns one row per numeric feature.

    ``states`` has the columns of feature_states and ``source``, as returned by ``grouped``.
    """

    def bounds(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for group in current_groups(evaluation, records):
            row = bound_row(group, evaluation, by)
            if row is not None:
                yield pa.RecordBatch.from_pylist([row], schema=BOUNDS_SCHEMA)

    fenced: dict[tuple[str, str], Fences] = {}
    center: Center | None = None
    for row in in_python(_numeric(states), bounds, BOUNDS_SCHEMA).collect():
        if row["center"] is None:
            lower, upper = row["lower"], row["upper"]
            fenced[row["role"], row["feature"]] = Fences(lower, upper, lower, upper)
        else:
            names = evaluation.blocks[row["role"]].features
            with np.load(io.BytesIO(row["center"])) as arrays:
                center = Center(names, **{name: arrays[name] for name in ARRAYS})
    return OutlierBounds(fenced, center)


def share_rows(states: DataFrame, evaluation: Evaluation, by: FencedBy) -> DataFrame:
    """Outlying values and the mean distance of the rows of each window: SHARE_COLUMNS.

    Kind 'share': one row per numeric feature and window. Kind 'distance': the mean squared distance
    of the rows of the inputs from the center of the reference, divided by the number of features,
    which is about 1 without a change. For all traffic and all versions; windows without rows are
    left out.
    """

    def shares(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = CollectedRows(_SHARES)
        for group in current_groups(evaluation, records):
            if group.kind == "pairs":
                add_distances(rows, group, evaluation, by)
            else:
                add_shares(rows, group, evaluation, by)
            yield from rows.full()
        yield from rows.rest()

    return in_python(_numeric(states), shares, _SHARES)


def _numeric(states: DataFrame) -> DataFrame:
    numeric = F.col("kind").isin("numeric", "pairs") & (F.col("segmentation") == ALL)
    return states.where(numeric)
