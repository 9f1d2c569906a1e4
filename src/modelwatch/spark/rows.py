"""Inputs and predictions as one frame of scored rows, in the positions of a tally."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from modelwatch.model.features import Feature
from modelwatch.model.monitor import MonitorConfig
from modelwatch.model.profiling import Segmentation
from modelwatch.spark.batches import BatchLayout
from modelwatch.spark.days import DAY, named

ROLES = ("inputs", "predictions")
"""Role of a feature by its number in a tally."""
NO_VERSION = "(none)"
_COPIES = "__copies"


@dataclass(frozen=True)
class ScoredRows:
    """A frame of scored rows and where it carries what."""

    frame: DataFrame
    layout: BatchLayout


def scored_rows(
    config: MonitorConfig,
    features: Sequence[Feature],
    segmentations: Sequence[Segmentation],
    inputs: DataFrame,
    predictions: DataFrame | None,
    *,
    day_by_day: bool = False,
) -> ScoredRows:
    """Rows with day, version, presence, copies, segments and features, in that order.

    ``inputs`` and ``predictions`` have their ``DAY`` and hold the days asked for. With a table of
    their own, predictions are joined by id and day; an id that repeats on a day counts once, as
    its last row, and its copies are counted. ``day_by_day``: rows of a day are joined in one task,
    which spares the states of that day being made in every task; for many days, or small ones.
    """
    if predictions is None:
        joined = inputs
        extracted: Mapping[str, Column] = {f.name: feature_value(f) for f in features}
        version = _version(config)
    else:
        if day_by_day:
            inputs, predictions = inputs.repartition(DAY), predictions.repartition(DAY)
        joined, extracted, version = _joined(config, features, inputs, predictions)
    selected: list[Column] = [F.col(DAY), version]
    present: list[int | None] = [None, None]
    copies: list[int | None] = [None, None]
    if predictions is not None:
        for role, name in enumerate(ROLES):
            present[role] = len(selected)
            selected.append(F.col(f"{_COPIES}_{name}").isNotNull())
        for role, name in enumerate(ROLES):
            copies[role] = len(selected)
            selected.append(F.coalesce(F.col(f"{_COPIES}_{name}"), F.lit(0)))
    positions: dict[str, int] = {}
    segments = []
    for split in segmentations:
        columns = split.columns or ()
        terms = {f"column {c}": named(c) for c in columns} or {
            f"predicate {split.predicate}": F.expr(str(split.predicate)).cast("boolean")
        }
        for term, column in terms.items():
            if term not in positions:
                positions[term] = len(selected)
                selected.append(column.cast("string"))
        segments.append(tuple(positions[term] for term in terms))
    first = len(selected)
    selected.extend(extracted[f.name] for f in features)
    frame = joined.select(*(c.alias(f"c{i}") for i, c in enumerate(selected)))
    layout = BatchLayout(
        day=0,
        version=1,
        present=tuple(present),
        copies=tuple(copies),
        segments=tuple(segments),
        columns=tuple(range(first, len(selected))),
    )
    return ScoredRows(frame, layout)


def feature_value(feature: Feature) -> Column:
    """A feature as a tally takes it: a double, or a string."""
    column = named(feature.column)
    if feature.kind == "categorical":
        return column.cast("string")
    if feature.spark_type == "date":
        return F.unix_date(column).cast("double")
    if feature.spark_type == "timestamp":
        return F.unix_micros(column).cast("double")
    if feature.spark_type == "timestamp_ntz":
        return F.unix_micros(column.cast("timestamp")).cast("double")
    return column.cast("double")


def _version(config: MonitorConfig) -> Column:
    version = config.predictions.model_version if config.predictions else None
    if version is None or version.column is None:
        return F.lit(NO_VERSION if version is None else version.literal)
    return F.coalesce(named(version.column).cast("string"), F.lit(NO_VERSION))


def _joined(
    config: MonitorConfig,
    features: Sequence[Feature],
    inputs: DataFrame,
    predictions: DataFrame,
) -> tuple[DataFrame, Mapping[str, Column], Column]:
    assert config.predictions is not None
    answers = [f for f in features if f.role == "predictions"]
    taken = {name.lower() for name in inputs.columns}
    left = _once(inputs, config.inputs.id, config.inputs.day.time_column, "inputs")
    right = _once(
        predictions.select(
            "*",
            _version(config).alias("__version"),
            *(feature_value(f).alias(f"__answer_{i}") for i, f in enumerate(answers)),
        ),
        config.predictions.id,
        config.predictions.day.time_column if config.predictions.day else None,
        "predictions",
    )
    right = right.select(
        *(named(c) for c in right.columns if c.lower() not in taken),
        F.col(DAY).alias("__prediction_day"),
        *(named(c).alias(f"__prediction_id_{i}") for i, c in enumerate(config.predictions.id)),
    )
    same = F.col(DAY) == F.col("__prediction_day")
    for i, column in enumerate(config.inputs.id):
        same = same & (named(column) == F.col(f"__prediction_id_{i}"))
    joined = left.join(right, same, "full_outer").withColumn(
        DAY, F.coalesce(F.col(DAY), F.col("__prediction_day"))
    )
    extracted = {f.name: feature_value(f) for f in features if f.role == "inputs"}
    extracted |= {f.name: F.col(f"__answer_{i}") for i, f in enumerate(answers)}
    return joined, extracted, F.coalesce(F.col("__version"), F.lit(NO_VERSION))


def _once(frame: DataFrame, ids: Sequence[str], time_column: str | None, role: str) -> DataFrame:
    """Each id of a day once, as its last row, with the number of its copies.

    The window is partitioned as the join is, so that it costs no shuffle of its own. Rows of one
    moment are told apart by a hash, or the choice would depend on the order of the files.
    """
    # The day comes last, as in the join's condition: Spark reuses the order of the keys.
    keys = [*(named(column) for column in ids), F.col(DAY)]
    columns = [named(column) for column in frame.columns]
    latest = [named(time_column).desc()] if time_column else []
    last = Window.partitionBy(*keys).orderBy(*latest, F.xxhash64(*columns))
    whole = last.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    return (
        frame.withColumn("__rank", F.row_number().over(last))
        .withColumn(f"{_COPIES}_{role}", F.count(F.lit(1)).over(whole).cast("int"))
        .where(F.col("__rank") == 1)
        .drop("__rank")
    )
