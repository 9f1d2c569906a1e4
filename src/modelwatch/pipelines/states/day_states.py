"""The states that a run computes: of changed days, and of references with a table of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from modelwatch.errors import instance_of
from modelwatch.evaluation.states.aggregation import block_fingerprint
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.profile.features import Feature
from modelwatch.model.profile.options import Segmentation as SegmentChoice
from modelwatch.model.states.binned import SEGMENTS
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.spark.days import DAY
from modelwatch.spark.states.aggregation import Scored, merged_states
from modelwatch.spark.states.scored_rows import ROLES, scored_rows
from modelwatch.stats.day_numbers import EPOCH
from modelwatch.stats.states.batch import BatchColumn, Block, SegmentationCodes, TallyPlan
from modelwatch.stats.states.binning import Binning, CategoricalBinning

Bins = Mapping[tuple[str, str], Binning]
PREDICATE_SEGMENTS = ("false", "true")

DAYS_A_TASK = 4
"""Days for each task of a shuffle from which on a join gives each task whole days."""
ROWS_A_TASK = 250_000
"""Rows of the inputs for each task that joins whole days: days are dealt evenly, and what a task
sorts stays in memory."""


@dataclass(frozen=True)
class StatesOf:
    """What states are kept of: features and segmentations with their bins, and numeric blocks."""

    config: MonitorConfig
    features: tuple[Feature, ...]
    bins: Bins

    def plan(self, features: Sequence[Feature], splits: Sequence[SegmentChoice]) -> TallyPlan:
        """The plan of a pass over rows that have these features and segmentations."""
        columns = tuple(
            BatchColumn(f.name, ROLES.index(f.role), self.bins[f.role, f.name]) for f in features
        )
        block = block_features(self.config, self.features)
        held = {f.name: at for at, f in enumerate(features) if f.role == "inputs"}
        complete = len(block) > 1 and all(name in held for name in block)
        return TallyPlan(
            columns,
            tuple(SegmentationCodes(s.name, self._segments(s)) for s in splits),
            (Block(0, tuple(held[name] for name in block)),) if complete else (),
        )

    def _segments(self, split: SegmentChoice) -> tuple[str, ...]:
        if split.columns is None:
            return PREDICATE_SEGMENTS
        binning = instance_of(self.bins[SEGMENTS, split.name], CategoricalBinning)
        return binning.values

    @property
    def blocks(self) -> dict[str, tuple[tuple[str, ...], str]]:
        """By role, the features of its numeric block and the block's fingerprint."""
        plan = self.plan(self.features, ())
        return {
            ROLES[block.role]: (
                tuple(plan.columns[at].name for at in block.columns),
                block_fingerprint(plan, block),
            )
            for block in plan.blocks
        }


def block_features(config: MonitorConfig, features: Sequence[Feature]) -> tuple[str, ...]:
    """Names of the numeric inputs whose correlations are watched."""
    numeric = [f.name for f in features if f.role == "inputs" and f.kind == "numeric"]
    if config.pairs.columns is not None:
        wanted = {name.lower() for name in config.pairs.columns}
        return tuple(name for name in numeric if name.lower() in wanted)
    return tuple(numeric[: config.pairs.max_features])


def day_states(states: StatesOf, sources: Sources, days: Collection[date]) -> DataFrame:
    """States of inputs and predictions of some days, in the columns of feature_states."""
    config = states.config
    inputs = sources.rows("inputs", days)
    predictions = sources.rows("predictions", days) if config.two_tables else None
    rows = scored_rows(
        config,
        states.features,
        config.segments,
        inputs,
        predictions,
        day_tasks=day_tasks_of(sources, days),
    )
    plan = states.plan(states.features, config.segments)
    return merged_states(Scored(rows.frame, rows.layout, plan))


def day_tasks(days: int, rows: int | None, least: int) -> int | None:
    """Tasks among which a join of some days deals whole days; None where days are too few.

    ``rows``: of the inputs, None if nothing tells them. ``least``: tasks of a shuffle.
    """
    if days < DAYS_A_TASK * least:
        return None
    return max(least, min(days, -(-(rows or 0) // ROWS_A_TASK)))


def day_tasks_of(sources: Sources, days: Collection[date]) -> int | None:
    """The same, of the tables as they are."""
    shuffled = sources.frames["inputs"].sparkSession.conf.get("spark.sql.shuffle.partitions")
    return day_tasks(len(days), sources.opened["inputs"].volume(days).rows, int(shuffled or 1))


def reference_states(states: StatesOf, sources: Sources, name: str) -> DataFrame:
    """States of a reference's own table, of the features and segmentations that it can have."""
    config = states.config
    reference = next(ref for ref in config.references if ref.name == name)
    days = None if reference.days is None else tuple(reference.days)
    frame = sources.rows(reference.role, days)
    if reference.day is None:
        # One day for all rows: a pass needs some day, and the states are stored without it.
        frame = frame.withColumn(DAY, F.lit(EPOCH))
    held = {column.lower() for column in frame.columns}
    features = tuple(f for f in states.features if f.column.lower() in held)
    splits = tuple(
        s for s in config.segments if s.columns and all(c.lower() in held for c in s.columns)
    )
    alone = config.model_copy(update={"predictions": None})
    rows = scored_rows(alone, features, splits, frame, None)
    plan = states.plan(features, splits)
    merged = replace(plan, columns=tuple(replace(c, role=0) for c in plan.columns))
    layout = replace(rows.layout, present=(None,), copies=(None,))
    return merged_states(
        Scored(rows.frame, layout, merged, (reference.role,), by_day=reference.day is not None)
    )
