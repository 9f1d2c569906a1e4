"""Inputs and predictions as one frame of scored rows, with the column positions of a tally."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.evaluation.states.batches import BatchLayout
from modelwatch.model.config.column_types import exact_digits
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.profile.features import Feature
from modelwatch.model.profile.options import Segmentation
from modelwatch.spark.days import DAY, named
from modelwatch.spark.sensitive import salted_hash
from modelwatch.stats.value_names import CODES, NO_VERSION, QUOTE, value_name

SCORED_ROLES = ("inputs", "predictions")
"""Role of a feature by its number in a tally."""
_COPIES = "__copies"
_TIE, _RANK = "__tie", "__rank"
PREDICTION_DAY = "__prediction_day"
"""Day of the prediction of a joined row; null without one."""


def prediction_id(index: int) -> str:
    """The column of a joined row with this column of the prediction's id."""
    return f"__prediction_id_{index}"


@dataclass(frozen=True)
class ScoredRows:
    """A frame of scored rows and the positions of its columns."""

    frame: DataFrame
    layout: BatchLayout


def scored_rows(
    config: MonitorConfig,
    features: Sequence[Feature],
    segmentations: Sequence[Segmentation],
    inputs: DataFrame,
    predictions: DataFrame | None,
    *,
    day_tasks: int | None = None,
) -> ScoredRows:
    """Rows with day, version, presence, copies, segments, and features, in that order.

    ``inputs`` and ``predictions`` have their ``DAY`` and contain the requested days. Predictions in
    a separate table are joined by id and day. An id that repeats on a day counts once, with its
    last row, and its copies are counted. ``day_tasks`` as in ``dealt``.
    """
    rows = joined_rows(config, features, inputs, predictions, day_tasks=day_tasks)
    selected: list[Column] = [F.col(DAY), rows.version]
    present: list[int | None] = [None, None]
    copies: list[int | None] = [None, None]
    if predictions is not None:
        for role, name in enumerate(SCORED_ROLES):
            present[role] = len(selected)
            selected.append(F.col(f"{_COPIES}_{name}").isNotNull())
        for role, name in enumerate(SCORED_ROLES):
            copies[role] = len(selected)
            selected.append(F.coalesce(F.col(f"{_COPIES}_{name}"), F.lit(0)))
    columns, segments = segment_columns(segmentations, len(selected))
    selected.extend(columns)
    first = len(selected)
    selected.extend(rows.values[f.name] for f in features)
    frame = rows.frame.select(*(c.alias(f"c{i}") for i, c in enumerate(selected)))
    layout = BatchLayout(
        day=0,
        version=1,
        present=tuple(present),
        copies=tuple(copies),
        segments=segments,
        columns=tuple(range(first, len(selected))),
    )
    return ScoredRows(frame, layout)


@dataclass(frozen=True)
class JoinedRows:
    """Inputs and predictions as one frame: all their columns, and features as a tally expects them.

    ``values``: by feature; ``version``: of the model. With two tables, ``PREDICTION_DAY`` and
    ``prediction_id`` are null for inputs without a prediction.
    """

    frame: DataFrame
    values: Mapping[str, Column]
    version: Column


def joined_rows(
    config: MonitorConfig,
    features: Sequence[Feature],
    inputs: DataFrame,
    predictions: DataFrame | None,
    *,
    day_tasks: int | None = None,
) -> JoinedRows:
    """The joined rows of inputs and predictions; see ``scored_rows``."""
    if predictions is None:
        values = {f.name: feature_value(f) for f in features}
        return JoinedRows(inputs, values, model_version(config))
    inputs, predictions = dealt(inputs, day_tasks), dealt(predictions, day_tasks)
    return JoinedRows(*_joined(config, features, inputs, predictions))


def dealt(frame: DataFrame, day_tasks: int | None) -> DataFrame:
    """The rows, distributed by whole days among a number of tasks; None keeps the partitioning.

    A join by id gives each task rows of all days, so that every task computes states of each day.
    With whole days, a task computes each state once; with more tasks, it sorts fewer rows.
    """
    return frame if day_tasks is None else frame.repartition(day_tasks, DAY)


def segment_columns(
    segmentations: Sequence[Segmentation], first: int
) -> tuple[list[Column], tuple[tuple[int, ...], ...]]:
    """String columns of some segmentations, and the positions of the columns of each.

    Positions count from ``first``; a column that several segmentations use occurs once.
    """
    positions: dict[str, int] = {}
    columns: list[Column] = []
    segments = []
    for split in segmentations:
        terms = {f"column {c}": named(c) for c in split.columns or ()} or {
            f"predicate {split.predicate}": F.expr(str(split.predicate)).cast("boolean")
        }
        for term, column in terms.items():
            if term not in positions:
                positions[term] = first + len(columns)
                columns.append(column.cast("string"))
        segments.append(tuple(positions[term] for term in terms))
    return columns, tuple(segments)


def feature_value(feature: Feature) -> Column:
    """A feature as a tally expects it: a double, an exact number, or a string.

    Exact numbers are longs and decimals that doubles may not represent. ValueError if a key is
    missing.
    """
    column = named(feature.column)
    if feature.sensitive:
        if feature.key is None:
            raise ValueError(f"{feature.name!r} is sensitive, and there is no key for its values")
        return salted_hash(column, feature.key)
    if feature.kind == "categorical":
        return column.cast("string")
    if feature.spark_type == "date":
        return F.unix_date(column).cast("double")
    if feature.spark_type == "timestamp":
        return F.unix_micros(column)
    if feature.spark_type == "timestamp_ntz":
        return F.unix_micros(column.cast("timestamp"))
    return column if exact_digits(feature.spark_type) is not None else column.cast("double")


def model_version(config: MonitorConfig) -> Column:
    """The name of the model version of a row of predictions."""
    version = config.predictions.model_version if config.predictions else None
    if version is None or version.column is None:
        return F.lit(NO_VERSION if version is None else value_name(str(version.literal)))
    return F.coalesce(_name(named(version.column).cast("string")), F.lit(NO_VERSION))


def _name(value: Column) -> Column:
    """The same value as ``value_name``."""
    quoted = F.concat(F.lit(QUOTE), F.regexp_replace(value, QUOTE, 2 * QUOTE), F.lit(QUOTE))
    like_a_code = value.isin(*sorted(CODES)) | value.startswith(QUOTE)
    return F.when(like_a_code, quoted).otherwise(value)


def _joined(
    config: MonitorConfig,
    features: Sequence[Feature],
    inputs: DataFrame,
    predictions: DataFrame,
) -> tuple[DataFrame, Mapping[str, Column], Column]:
    table = present(config.predictions, "predictions")
    answers = [f for f in features if f.role == "predictions"]
    taken = {name.lower() for name in inputs.columns}
    left = deduplicated(inputs, config.inputs.id, config.inputs.day.time_column, "inputs")
    right = deduplicated(
        predictions.select(
            "*",
            model_version(config).alias("__version"),
            *(feature_value(f).alias(f"__answer_{i}") for i, f in enumerate(answers)),
        ),
        table.id,
        table.day.time_column if table.day else None,
        "predictions",
    )
    right = right.select(
        *(named(c) for c in right.columns if c.lower() not in taken),
        F.col(DAY).alias(PREDICTION_DAY),
        *(named(c).alias(prediction_id(i)) for i, c in enumerate(table.id)),
    )
    ids = [(named(c), F.col(prediction_id(i))) for i, c in enumerate(config.inputs.id)]
    same = equal(ids, (F.col(DAY), F.col(PREDICTION_DAY)))
    joined = left.join(right, same, "full_outer").withColumn(
        DAY, F.coalesce(F.col(DAY), F.col(PREDICTION_DAY))
    )
    extracted = {f.name: feature_value(f) for f in features if f.role == "inputs"}
    extracted |= {f.name: F.col(f"__answer_{i}") for i, f in enumerate(answers)}
    return joined, extracted, F.coalesce(F.col("__version"), F.lit(NO_VERSION))


def equal(ids: Sequence[tuple[Column, Column]], days: tuple[Column, Column]) -> Column:
    """Condition of a join by id and day, for sides that had windows with the same keys.

    Spark sorts by the keys in the order of the condition. In the order of the windows, it need not
    sort again.
    """
    return reduce(and_, (left == right for left, right in (*ids, days)))


def deduplicated(
    frame: DataFrame, ids: Sequence[str], time_column: str | None, role: str
) -> DataFrame:
    """Each id of a day once, with its last row and the number of its copies.

    The window has the partitioning of the join, so it needs no shuffle. Rows of the same moment are
    ordered by a hash, so that the result does not depend on the order of the files.
    """
    # The day is the last key, as in `equal`.
    keys = [*(named(column) for column in ids), F.col(DAY)]
    columns = [named(column) for column in frame.columns]
    # Spark cannot hash maps.
    plain = [named(f.name) for f in frame.schema.fields if "map<" not in f.dataType.simpleString()]
    latest = [named(time_column).desc()] if time_column else []
    last = Window.partitionBy(*keys).orderBy(*latest, F.col(_TIE))
    whole = last.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    return (
        # A column instead of an expression: each of two functions would compute it, and sort by it.
        frame.withColumn(_TIE, F.xxhash64(*plain))
        .select(
            *columns,
            F.row_number().over(last).alias(_RANK),
            F.count(F.lit(1)).over(whole).cast("int").alias(f"{_COPIES}_{role}"),
        )
        .where(F.col(_RANK) == 1)
        .drop(_RANK)
    )
