"""The most outlying rows of some days, and the features that cause it, in one scan."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from modelwatch.evaluation.outliers.bounds import TOGETHER
from modelwatch.evaluation.outliers.outlying_rows import FOUND_ROWS, OutlierQuestion, outlier_search
from modelwatch.model.config.sensitive import Secrets
from modelwatch.spark.days import DAY
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.sensitive import masked
from modelwatch.spark.states.scored_rows import feature_value
from modelwatch.stats.value_names import ALL, ALL_VERSIONS

ROW_COLUMNS = (
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
    "value",
    "expected",
    "row_count",
    "rank",
    "row_id",
    "contributions",
)


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
