"""A Spark ML regressor of the loss of a regression: what it is fitted on, and what it says."""

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

MOST_VALUES = 100
"""Values beyond which a categorical feature tells the regressor nothing."""
MOST_ROWS = 100_000
"""Rows on which it is fitted; of more, those with the least hashes."""
MOST_SCALES = 2.0**20
"""Scales by which a label may be missed in a row that it is fitted on."""
HELD_OUT = 5
"""One row in so many is not fitted on, and tells how far losses are from what is expected."""

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
    """What the regressor takes of a feature: a number, or one of some values."""

    name: str
    values: tuple[str, ...] | None = None

    def column(self, at: int, index: int) -> Column:
        """The input in a labeled row that carries the feature at a position."""
        carried, name = F.col(f"c{at}"), f"{_INPUT}{index}"
        if self.values is None:
            # A missing number is less than any other: a tree can tell it apart.
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
    """A fitted regressor, and what it takes: the prediction, then these features, in order."""

    regressor: LossRegressor
    features: tuple[Feature, ...]
    inputs: tuple[LossInput, ...]
    fitted: PipelineModel

    def expected(self, rows: LabelledRows) -> LabelledRows:
        """The rows with their expected losses in place of the features."""
        layout = rows.layout
        first = min(layout.features, default=len(rows.frame.columns))
        frame = self.fitted.transform(_with_inputs(rows, self.inputs, "*"))
        kept = [F.col(f"c{at}") for at in range(first)]
        losses = [F.col(_expected(loss)) for loss in LOSSES]
        return LabelledRows(
            frame.select(*kept, *(loss.alias(f"c{first + i}") for i, loss in enumerate(losses))),
            replace(layout, features=(), expected=(first, first + 1)),
        )


def settings_of(inputs: Sequence[LossInput], scale: float) -> dict[str, Any]:
    """What a regressor depends on, beside the rows that it is fitted on."""
    return {
        "algorithm": "RandomForestRegressor",
        **asdict(FOREST),
        "rows": MOST_ROWS,
        "inputs": [[one.name, one.values] for one in inputs],
        "scale": scale,
    }


def any_not_due(rows: LabelledRows, as_of: date) -> bool:
    """Whether the label of some prediction is due later, of those that are due at all."""
    due, scored = F.col(f"c{rows.layout.due}"), F.col(f"c{rows.layout.scored}")
    return not rows.frame.where(scored & (due > F.lit(as_of)) & (due < F.lit(NEVER))).isEmpty()


def fitting_rows(
    rows: LabelledRows, inputs: Sequence[LossInput], scale: float, as_of: date
) -> DataFrame:
    """Inputs and losses of the due cohort, with a hash of the row; ``MOST_ROWS`` at most.

    Which rows, in which partition and order, follows from the rows alone: the seed of the forests
    then means the same in every run.
    """
    layout = rows.layout
    score, label = (F.col(f"c{at}") for at in (layout.scores[0], layout.label))
    missed = F.abs(label - score) / F.lit(scale)
    due = F.col(f"c{layout.scored}") & (F.col(f"c{layout.due}") <= F.lit(as_of))
    # NaN is above every bound for Spark.
    described = _with_inputs(rows, inputs, missed.alias("absolute"), due.alias("due"))
    losses = described.where(F.col("due") & (F.col("absolute") <= MOST_SCALES)).drop("due")
    losses = losses.withColumn("squared", F.col("absolute") * F.col("absolute"))
    hashed = losses.withColumn(_HASH, F.xxhash64(*losses.columns))
    return (
        hashed.orderBy(_HASH)
        .limit(MOST_ROWS)
        .repartition(_PARTITIONS, _HASH)
        .sortWithinPartitions(_HASH)
    )


def content(rows: DataFrame) -> tuple[int, str]:
    """How many rows there are to fit on, and a number that differs where any of them differs."""
    found = rows.agg(
        F.count(F.lit(1)).alias("rows"), F.sum(F.col(_HASH).cast("decimal(38,0)")).alias("sum")
    ).collect()[0]
    return int(found["rows"]), str(found["sum"])


def fitted(rows: DataFrame, inputs: Sequence[LossInput]) -> tuple[PipelineModel, tuple[float, ...]]:
    """A forest for each loss, and the dispersion of the losses on rows that were held out."""
    apart = F.pmod(F.col(_HASH), F.lit(HELD_OUT)) == 0
    names = [f"{_INPUT}{i}" for i in range(len(inputs))]
    stages: list[Any] = [VectorAssembler(inputCols=names, outputCol="features")]
    stages += [
        RandomForestRegressor(labelCol=loss, predictionCol=_expected(loss), **asdict(FOREST))
        for loss in LOSSES
    ]
    model = Pipeline(stages=stages).fit(rows.where(~apart))
    misses = [
        F.sum((F.col(loss) - F.col(_expected(loss))) ** 2) / F.sum(F.col(_expected(loss)) ** 2)
        for loss in LOSSES
    ]
    (found,) = model.transform(rows.where(apart)).agg(*misses).collect()
    # Where all losses are zero, none is far from what is expected.
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
