"""Shares of rows beyond fences, computed from stored states, and the most outlying rows of some
days."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from modelwatch.evaluation.collected_rows import CollectedRows
from modelwatch.evaluation.drift.evaluated_windows import current_groups
from modelwatch.evaluation.drift.question import Evaluation
from modelwatch.evaluation.outliers.bounds import (
    ARRAYS,
    BOUNDS_SCHEMA,
    TOGETHER,
    FencedBy,
    OutlierBounds,
    add_distances,
    add_shares,
    bound_row,
)
from modelwatch.evaluation.outliers.outlying_rows import FOUND_ROWS, OutlierQuestion, outlier_search
from modelwatch.model.config.sensitive import Secrets
from modelwatch.spark.days import DAY
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.sensitive import masked
from modelwatch.spark.states.scored_rows import feature_value
from modelwatch.stats.outliers.fences import Fences
from modelwatch.stats.outliers.mahalanobis import Center
from modelwatch.stats.value_names import ALL, ALL_VERSIONS
from modelwatch.tables import TABLES
from modelwatch.tables.arrow import arrow_schema

_SCOPE_COLUMNS = (
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
)
SHARE_COLUMNS = (
    *_SCOPE_COLUMNS,
    "lower",
    "upper",
    "value",
    "expected",
    "reason",
    "row_count",
)
ROW_COLUMNS = (
    *_SCOPE_COLUMNS,
    "value",
    "expected",
    "row_count",
    "rank",
    "row_id",
    "contributions",
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


def outlying_rows(inputs: DataFrame, question: OutlierQuestion) -> DataFrame | None:
    """The rows farthest from the center of the reference, by day: ROW_COLUMNS, rank 1 is the
    farthest.

    ``inputs`` has the ``DAY`` of its rows, and the requested days only. Rows count if one in a
    thousand normal rows is as far; each task returns at most ``most`` rows per day. Null, NaN, and
    special values do not contribute to the distance. None if the reference has no center.
    """
    center = question.bounds.center
    if center is None or not question.most:
        return None
    selected = inputs.select(
        F.col(DAY),
        *_id_columns(question.ids, question.secrets),
        *(feature_value(f).alias(f"f{i}") for i, f in enumerate(question.features)),
    )
    found = in_python(selected, outlier_search(question, center), FOUND_ROWS)
    of_day = Window.partitionBy("window_start")
    farthest = of_day.orderBy(F.desc("value"), F.to_json("row_id"), F.to_json("contributions"))
    constant = {
        "kind": "row",
        "model_version": ALL_VERSIONS,
        "segmentation": ALL,
        "segment": ALL,
        "role": "inputs",
        "feature": TOGETHER,
        "window_name": "day",
        "partial": False,
        "reference": question.reference,
    }
    return (
        found.withColumn("rank", F.row_number().over(farthest))
        .withColumn("row_count", F.sum("row_count").over(of_day))
        .where((F.col("rank") <= question.most) & F.col("value").isNotNull())
        .withColumn("window_end", F.col("window_start"))
        .withColumns({name: F.lit(value) for name, value in constant.items()})
        .select(*ROW_COLUMNS)
    )


def _id_columns(ids: Sequence[str], secrets: Secrets) -> list[Column]:
    """The id as strings; a column of nulls for rows without id columns."""
    columns = [masked(column, secrets) for column in ids] or [F.lit(None)]
    return [column.cast("string").alias(f"id{i}") for i, column in enumerate(columns)]
