"""States of features, predictions, and labels by day, model version, and segment, in one pass over
the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.evaluation.batch_functions import BatchFunction, in_turn
from modelwatch.evaluation.states.aggregation import (
    FEATURE_KEY,
    FEATURE_STATES_SCHEMA,
    PARTIAL_FEATURES,
    StateNames,
    partial_state_tally,
    state_sums,
)
from modelwatch.evaluation.states.batches import BatchLayout
from modelwatch.evaluation.states.partial_scores import PARTIAL_SCORES, SCORE_KEY
from modelwatch.evaluation.states.reference_bins import (
    BINNING_SCHEMA,
    SUMMARY_SCHEMA,
    fits_of,
    summaries_of,
)
from modelwatch.evaluation.states.reference_sample import Field
from modelwatch.evaluation.states.score_aggregation import (
    PERFORMANCE_STATES_SCHEMA,
    partial_score_tally,
    score_sums,
)
from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.profile.features import Feature
from modelwatch.model.profile.options import Segmentation as SegmentChoice
from modelwatch.spark.python_tasks import in_python, sorted_in_python
from modelwatch.spark.states.labelled_rows import LabelledRows
from modelwatch.spark.states.scored_rows import feature_value, scored_rows
from modelwatch.stats.diagnosis.carriers import group_labels
from modelwatch.stats.states.batch import BatchColumn as TallyColumn
from modelwatch.stats.states.batch import SegmentationCodes, TallyPlan
from modelwatch.stats.states.binning import Binning
from modelwatch.stats.states.score_tally import ScorePlan
from modelwatch.stats.value_names import value_name

INPUTS = "inputs"
_STATES_A_BUCKET = 20_000
_TASKS_A_DAY = 4
"""Number of tasks among which the states of a single day are distributed."""


@dataclass(frozen=True)
class Scored:
    """Scored rows with the column positions that a pass expects, and the plan of the pass.

    ``roles``: name of each role of the plan. Without ``by_day`` the rows have no day. ``taken``: a
    function that produces these rows from batches of the frame, in the task that counts them; None
    if the frame contains them.
    """

    rows: DataFrame
    layout: BatchLayout
    plan: TallyPlan
    roles: tuple[str, ...] = ("inputs", "predictions")
    by_day: bool = True
    taken: BatchFunction | None = None


def merged_states(scored: Scored) -> DataFrame:
    """One row per day, version, role, segment, and feature: ``FEATURE_STATE_COLUMNS``; one shuffle.

    A task returns each state once, or more often if its days do not fit in memory. States are
    merged by adding integers, so the result does not depend on partitioning.
    """
    plan = scored.plan
    segments = 1 + sum(len(split.segments) for split in plan.segmentations)
    buckets = -(-len(plan.columns) * segments // _STATES_A_BUCKET)
    names = StateNames(plan, scored.roles, scored.by_day, buckets)
    to_states = partial_state_tally(scored.layout, names)
    if scored.taken is not None:
        to_states = in_turn(scored.taken, to_states)
    partial = in_python(scored.rows, to_states, PARTIAL_FEATURES)
    by = ("day", "bucket")
    return sorted_in_python(partial, state_sums, FEATURE_STATES_SCHEMA, by=by, order=FEATURE_KEY)


def merged_score_states(
    rows: LabelledRows, plans: Sequence[ScorePlan], decided: bool, as_of: date, days: int = 1
) -> DataFrame:
    """One row per day, version, segment, kind, name, and part: ``PERFORMANCE_STATE_COLUMNS``; one
    shuffle.

    The first of ``plans`` belongs to the task; there is one for each challenger, and the first plan
    includes the first challenger. Without ``decided``, the decision is the class with the highest
    score. ``days``: number of days of the rows.
    """
    buckets = -(-_TASKS_A_DAY // max(days, 1))
    partial_states = partial_score_tally(rows.layout, plans, decided, as_of, buckets)
    partial = in_python(rows.frame, partial_states, PARTIAL_SCORES)
    sums = score_sums(plans[0].binning, as_of)
    return sorted_in_python(
        partial, sums, PERFORMANCE_STATES_SCHEMA, by=("day", "bucket"), order=SCORE_KEY
    )


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


def fitted_binnings(frame: DataFrame, fields: Sequence[Field]) -> DataFrame:
    """One row per field: ``BINNING_SCHEMA``. The columns are doubles, exact numbers, and strings.

    Quantiles come from a sample chosen by a hash of the row, in which equal rows are one row with a
    frequency; extremes and counts come from all rows. The result does not depend on partitioning.
    """
    hashed = frame.withColumn("__hash", F.xxhash64(*(F.col(c) for c in frame.columns)))
    summaries = in_python(hashed, summaries_of(fields), SUMMARY_SCHEMA)
    return sorted_in_python(
        summaries, fits_of(fields), BINNING_SCHEMA, by=("field",), order=("field",)
    )
