"""States of some features by the values of other columns, in one scan of some days of the
inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.profile.features import Feature
from modelwatch.model.profile.options import Segmentation as SegmentChoice
from modelwatch.spark.states.aggregation import Scored, merged_states
from modelwatch.spark.states.scored_rows import feature_value, scored_rows
from modelwatch.stats.diagnosis.carriers import group_labels
from modelwatch.stats.states.batch import BatchColumn as TallyColumn
from modelwatch.stats.states.batch import SegmentationCodes, TallyPlan
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.value_names import value_name

INPUTS = "inputs"


@dataclass(frozen=True)
class SplitBy:
    """A column that splits the rows, by the ``values`` of a categorical feature, or into the groups
    between ``edges`` of a numeric one."""

    feature: Feature
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def segmentation(self) -> SegmentationCodes:
        """The segmentation that the split represents, named after its feature."""
        names = tuple(map(value_name, self.values)) or group_labels(self.edges)
        return SegmentationCodes(self.feature.name, names)


def states_by_value(
    config: MonitorConfig,
    inputs: DataFrame,
    features: Sequence[tuple[Feature, Binning]],
    splits: Sequence[SplitBy],
) -> DataFrame:
    """States of inputs by day and value of each split, in the columns of feature_states.

    ``inputs`` has its ``DAY`` and contains the requested days. ``features`` with their frozen bins.
    """
    names = [f"__split_{at}" for at in range(len(splits))]
    columns = {
        name: split_value(split).alias(name) for name, split in zip(names, splits, strict=True)
    }
    chosen = [SegmentChoice(name=name, columns=(name,)) for name in names]
    alone = config.model_copy(update={"predictions": None})
    wanted = [feature for feature, _ in features]
    rows = scored_rows(alone, wanted, chosen, inputs.withColumns(columns), None)
    plan = TallyPlan(
        tuple(TallyColumn(feature.name, 0, binning) for feature, binning in features),
        tuple(split.segmentation for split in splits),
    )
    layout = replace(rows.layout, present=(None,), copies=(None,))
    states = merged_states(Scored(rows.frame, layout, plan, (INPUTS,)))
    return states.withColumn("source", F.col("role"))


def split_value(split: SplitBy) -> Column:
    """The value, or the group of values, of a row; null if it has none."""
    value = feature_value(split.feature)
    if not split.edges:
        return value
    value = value.cast("double")
    labels = group_labels(split.edges)
    group = F.when(value.isNull() | F.isnan(value), F.lit(None).cast("string"))
    for edge, label in zip(split.edges, labels, strict=False):
        group = group.when(value < edge, label)
    return group.otherwise(labels[-1])
