"""A Spark ML regressor that predicts the loss of a regression model for a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import RandomForestRegressor
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.states.label_layout import NEVER
from modelwatch.model.profile.features import Feature
from modelwatch.spark.states.labelled_rows import LabelledRows
from modelwatch.stats.estimation.expected_loss import LOSSES, LossRegressor

MOST_CATEGORIES = 100
"""Maximum number of values of a categorical feature that the regressor uses."""
_MOST_ROWS = 100_000
"""Maximum number of rows to which it is fitted: those with the smallest hashes."""
MOST_SCALES = 2.0**20
"""Maximum error, in scales of the label, of a row to which it is fitted."""
HELD_OUT = 5
"""One row in this many is held out, to measure how far losses are from their predictions."""

_MISSING, _LARGEST = -1.0e300, 1.0e299
_PARTITIONS = 8
_INPUT, _HASH = "x", "hash"


@dataclass(frozen=True)
class Forest:
    """Settings of the random forests, one for each loss."""

    numTrees: int = 20
    maxDepth: int = 6
    minInstancesPerNode: int = 20
    maxBins: int = 128
    featureSubsetStrategy: str = "all"
    seed: int = 1


FOREST = Forest()


@dataclass(frozen=True)
class LossInput:
    """An input of the regressor: a number, or one of several values."""

    name: str
    values: tuple[str, ...] | None = None

    def column(self, at: int, index: int) -> Column:
        """The input from the column of a labeled row at a position."""
        carried, name = F.col(f"c{at}"), f"{_INPUT}{index}"
        if self.values is None:
            # A missing number is smaller than any other, so that a tree can split it off.
            bounded = F.least(F.greatest(carried, F.lit(-_LARGEST)), F.lit(_LARGEST))
            missing = carried.isNull() | F.isnan(carried)
            return F.when(missing, F.lit(_MISSING)).otherwise(bounded).alias(name)
        known = F.array(*(F.lit(value) for value in self.values)).cast("array<string>")
        found = F.call_function("array_position", known, carried)
        code = F.coalesce(found, F.lit(len(self.values) + 1))
        described = {"type": "nominal", "num_vals": len(self.values) + 2, "name": name}
        return code.cast("double").alias(name, metadata={"ml_attr": described})


@dataclass(frozen=True)
class LossModel:
    """A fitted regressor and its inputs: the prediction, then these features, in order."""

    regressor: LossRegressor
    features: tuple[Feature, ...]
    inputs: tuple[LossInput, ...]
    fitted: PipelineModel

    def expected(self, rows: LabelledRows) -> LabelledRows:
        """The rows with their expected losses in place of the features."""
        layout = rows.layout
        first = min(layout.features, default=len(rows.frame.columns))
        frame = self.fitted.transform(_with_inputs(rows, self.inputs, "*"))
        columns = [F.col(f"c{at}") for at in range(first)]
        losses = [F.col(_expected(loss)) for loss in LOSSES]
        return LabelledRows(
            frame.select(*columns, *(loss.alias(f"c{first + i}") for i, loss in enumerate(losses))),
            replace(layout, features=(), expected=(first, first + 1)),
        )


def settings_of(inputs: Sequence[LossInput], scale: float) -> dict[str, Any]:
    """What a regressor depends on in addition to the rows to which it is fitted."""
    return {
        "algorithm": "RandomForestRegressor",
        **asdict(FOREST),
        "rows": _MOST_ROWS,
        "inputs": [[one.name, one.values] for one in inputs],
        "scale": scale,
    }


def any_not_due(rows: LabelledRows, as_of: date) -> bool:
    """Whether some labels that will be due are not due yet."""
    due, scored = F.col(f"c{rows.layout.due}"), F.col(f"c{rows.layout.scored}")
    return not rows.frame.where(scored & (due > F.lit(as_of)) & (due < F.lit(NEVER))).isEmpty()


def fitting_rows(
    rows: LabelledRows, inputs: Sequence[LossInput], scale: float, as_of: date
) -> DataFrame:
    """Inputs and losses of the due cohort, with a hash of the row; at most ``_MOST_ROWS``.

    Partitioning and order follow from the rows alone, so that the seed of the forests has the same
    effect in every run.
    """
    layout = rows.layout
    score, label = (F.col(f"c{at}") for at in (layout.scores[0], layout.label))
    missed = F.abs(label - score) / F.lit(scale)
    due = F.col(f"c{layout.scored}") & (F.col(f"c{layout.due}") <= F.lit(as_of))
    # In Spark, NaN is above every bound.
    described = _with_inputs(rows, inputs, missed.alias("absolute"), due.alias("due"))
    losses = described.where(F.col("due") & (F.col("absolute") <= MOST_SCALES)).drop("due")
    losses = losses.withColumn("squared", F.col("absolute") * F.col("absolute"))
    hashed = losses.withColumn(_HASH, F.xxhash64(*losses.columns))
    return (
        hashed.orderBy(_HASH)
        .limit(_MOST_ROWS)
        .repartition(_PARTITIONS, _HASH)
        .sortWithinPartitions(_HASH)
    )


def content(rows: DataFrame) -> tuple[int, str]:
    """The number of rows to fit to, and a hash that changes if any of them changes."""
    found = rows.agg(
        F.count(F.lit(1)).alias("rows"), F.sum(F.col(_HASH).cast("decimal(38,0)")).alias("sum")
    ).collect()[0]
    return int(found["rows"]), str(found["sum"])


def fitted(rows: DataFrame, inputs: Sequence[LossInput]) -> tuple[PipelineModel, tuple[float, ...]]:
    """A forest for each loss, and the dispersion of the losses of rows that were held out."""
    apart = F.pmod(F.col(_HASH), F.lit(HELD_OUT)) == 0
    names = [f"{_INPUT}{i}" for i in range(len(inputs))]
    stages: list[Any] = [VectorAssembler(inputCols=names, outputCol="features")]
    stages += [
        RandomForestRegressor(labelCol=loss, predictionCol=_expected(loss), **asdict(FOREST))
        for loss in LOSSES
    ]
    model = Pipeline(stages=stages).fit(rows.where(~apart))
    misses = [
        F.try_divide(
            F.sum((F.col(loss) - F.col(_expected(loss))) ** 2),
            F.sum(F.col(_expected(loss)) ** 2),
        )
        for loss in LOSSES
    ]
    (found,) = model.transform(rows.where(apart)).agg(*misses).collect()
    # If all losses are zero, none differs from its prediction.
    return model, tuple(0.0 if value is None else float(value) for value in found)


def _with_inputs(
    rows: LabelledRows, inputs: Sequence[LossInput], *others: Column | str
) -> DataFrame:
    positions = (rows.layout.scores[0], *rows.layout.features)
    columns = (
        one.column(at, index) for index, (one, at) in enumerate(zip(inputs, positions, strict=True))
    )
    return rows.frame.select(*others, *columns)


def _expected(loss: str) -> str:
    return f"expected_{loss}"
