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
from modelwatch.pipelines.states.worker_reads import (
    FileRows,
    ReadByWorkers,
    TableRead,
    read_by_workers,
)
from modelwatch.spark.days import DAY
from modelwatch.spark.states.aggregation import Scored, merged_states
from modelwatch.spark.states.scored_rows import SCORED_ROLES, scored_rows
from modelwatch.stats.day_numbers import EPOCH
from modelwatch.stats.states.batch import BatchColumn, Block, SegmentationCodes, TallyPlan
from modelwatch.stats.states.binning import Binning, CategoricalBinning

Bins = Mapping[tuple[str, str], Binning]
PREDICATE_SEGMENTS = ("false", "true")
JOINED = "inputs and predictions are joined"

DAYS_A_TASK = 4
"""Minimum number of days per shuffle task from which a join assigns entire days to tasks."""
ROWS_A_TASK = 250_000
"""Number of input rows per task that joins entire days. Days are distributed evenly, and what a
task sorts fits into memory."""


@dataclass(frozen=True)
class StatesOf:
    """What states are computed for: features and segmentations with their bins, and numeric
    blocks."""

    config: MonitorConfig
    features: tuple[Feature, ...]
    bins: Bins

    def plan(self, features: Sequence[Feature], splits: Sequence[SegmentChoice]) -> TallyPlan:
        """The plan of a pass over rows with these features and segmentations."""
        columns = tuple(
            BatchColumn(f.name, SCORED_ROLES.index(f.role), self.bins[f.role, f.name])
            for f in features
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
        """By role, the features of its numeric block and the fingerprint of the block."""
        plan = self.plan(self.features, ())
        return {
            SCORED_ROLES[block.role]: (
                tuple(plan.columns[at].name for at in block.columns),
                block_fingerprint(plan, block),
            )
            for block in plan.blocks
        }


def block_features(config: MonitorConfig, features: Sequence[Feature]) -> tuple[str, ...]:
    """Names of the numeric inputs whose correlations are monitored: dates only by their names,
    because dates that advance with the days change every relation."""
    numeric = [f for f in features if f.role == "inputs" and f.kind == "numeric"]
    if config.pairs.columns is not None:
        wanted = {name.lower() for name in config.pairs.columns}
        return tuple(f.name for f in numeric if f.name.lower() in wanted)
    return tuple(f.name for f in numeric if f.unit is None)[: config.pairs.max_features]


def day_states(states: StatesOf, sources: Sources, days: Collection[date]) -> DataFrame:
    """States of inputs and predictions of some days, in the columns of feature_states."""
    scored, _ = scored_days(states, sources, days)
    return merged_states(scored)


def scored_days(
    states: StatesOf, sources: Sources, days: Collection[date]
) -> tuple[Scored, tuple[TableRead, ...]]:
    """The rows of some days with the plan of their states, and who reads which table."""
    config = states.config
    plan = states.plan(states.features, config.segments)
    if config.two_tables:
        reads = tuple(TableRead(role, "spark", JOINED) for role in SCORED_ROLES)
    else:
        wanted = FileRows("inputs", config, states.features, config.segments, days)
        read = read_by_workers(sources, wanted)
        if isinstance(read, ReadByWorkers):
            scored = Scored(read.frame, read.layout, plan, taken=read.taken)
            return scored, (TableRead("inputs", "files"),)
        reads = (read,)
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
    return Scored(rows.frame, rows.layout, plan), reads


def day_tasks(days: int, rows: int | None, least: int) -> int | None:
    """Number of tasks to which a join of some days assigns entire days; None if days are too few.

    ``rows`` of the inputs; None if unknown. ``least``: number of tasks of a shuffle.
    """
    if days < DAYS_A_TASK * least:
        return None
    return max(least, min(days, -(-(rows or 0) // ROWS_A_TASK)))


def day_tasks_of(sources: Sources, days: Collection[date]) -> int | None:
    """The same for the tables without rules."""
    shuffled = sources.frames["inputs"].sparkSession.conf.get("spark.sql.shuffle.partitions") or ""
    # Some platforms choose the value for each query, and return `auto`.
    least = int(shuffled) if shuffled.isdigit() else 1
    return day_tasks(len(days), sources.opened["inputs"].volume(days).rows, least)


def reference_states(states: StatesOf, sources: Sources, name: str) -> DataFrame:
    """States of a reference's own table, of the features and segmentations that it can have."""
    scored, _ = scored_reference(states, sources, name)
    return merged_states(scored)


def scored_reference(
    states: StatesOf, sources: Sources, name: str
) -> tuple[Scored, tuple[TableRead, ...]]:
    """As of ``scored_days``, of a reference's own table."""
    config = states.config
    reference = next(ref for ref in config.references if ref.name == name)
    days = None if reference.days is None else tuple(reference.days)
    held = {column.lower() for column in sources.frames[reference.role].columns}
    features = tuple(f for f in states.features if f.column.lower() in held)
    splits = tuple(
        s for s in config.segments if s.columns and all(c.lower() in held for c in s.columns)
    )
    alone = config.model_copy(update={"predictions": None})
    plan = states.plan(features, splits)
    merged = replace(plan, columns=tuple(replace(c, role=0) for c in plan.columns))
    by_day = reference.day is not None
    read = read_by_workers(sources, FileRows(reference.role, alone, features, splits, days, 1))
    if isinstance(read, ReadByWorkers):
        roles = (reference.role,)
        scored = Scored(read.frame, read.layout, merged, roles, by_day, read.taken)
        return scored, (TableRead(reference.role, "files"),)
    frame = sources.rows(reference.role, days)
    if not by_day:
        # A pass needs a day, so all rows have the same one. The states are stored without it.
        frame = frame.withColumn(DAY, F.lit(EPOCH))
    rows = scored_rows(alone, features, splits, frame, None)
    layout = replace(rows.layout, present=(None,), copies=(None,))
    return Scored(rows.frame, layout, merged, (reference.role,), by_day), (read,)
