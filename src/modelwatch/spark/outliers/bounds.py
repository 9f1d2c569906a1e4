"""Where a reference's rows lie, read off its states: fences of features, and their center."""

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
    FencedBy,
    OutlierBounds,
    add_distances,
    add_shares,
    bound_row,
    bounds_schema,
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
    "window",
    "window_start",
    "window_end",
    "partial",
    "reference",
    "lower",
    "upper",
    "value",
    "expected",
    "reason",
    "rows",
)
_SHARES = arrow_schema(TABLES["outliers"], *SHARE_COLUMNS)
_BOUNDS = "feature string, role string, lower double, upper double, center binary"


def outlier_bounds(states: DataFrame, evaluation: Evaluation, by: FencedBy) -> OutlierBounds:
    """The bounds of all traffic. A Spark job that returns one row per numeric feature.

    ``states`` has the columns of feature_states, with ``source`` beside ``role``, as ``grouped``
    leaves them.
    """

    def bounds(records: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for group in current_groups(evaluation, records):
            row = bound_row(group, evaluation, by)
            if row is not None:
                yield pa.RecordBatch.from_pylist([row], schema=bounds_schema())

    fenced: dict[tuple[str, str], Fences] = {}
    center: Center | None = None
    for row in in_python(_numeric(states), bounds, _BOUNDS).collect():
        if row["center"] is None:
            lower, upper = row["lower"], row["upper"]
            fenced[row["role"], row["feature"]] = Fences(lower, upper, lower, upper)
        else:
            names = evaluation.blocks[row["role"]].features
            with np.load(io.BytesIO(row["center"])) as arrays:
                center = Center(names, **{name: arrays[name] for name in ARRAYS})
    return OutlierBounds(fenced, center)


def share_rows(states: DataFrame, evaluation: Evaluation, by: FencedBy) -> DataFrame:
    """How many rows of each window lie beyond the fences, and how far all are: SHARE_COLUMNS.

    Kind 'share': one row per numeric feature and window. Kind 'distance': the mean squared distance
    of the inputs' rows from the center of the reference, over the features used, which is about 1
    where nothing changed. Of all traffic and all versions; windows without rows are left out.
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

    schema = TABLES["outliers"].ddl(*SHARE_COLUMNS).replace(" NOT NULL", "")
    return in_python(_numeric(states), shares, schema)


def _numeric(states: DataFrame) -> DataFrame:
    numeric = F.col("kind").isin("numeric", "pairs") & (F.col("segmentation") == ALL)
    return states.where(numeric)
