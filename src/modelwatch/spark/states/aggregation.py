"""States of every feature by day, model version and segment, in one pass over the rows."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

from modelwatch.evaluation.states.aggregation import (
    KEY,
    STATE_COLUMNS,
    TABLE,
    partial_state_tally,
    state_merging,
)
from modelwatch.evaluation.states.batches import BatchLayout
from modelwatch.spark.python_tasks import in_python
from modelwatch.stats.states.batch import TallyPlan

PARTIAL_SCHEMA = (
    "day int, model_version string, role int, segmentation string, segment string, feature string,"
    " counts_length int, positions array<int>, counts array<bigint>, sums array<bigint>,"
    " minimum double, maximum double, distinct_sketch binary, unseen map<string, bigint>,"
    " length_sum bigint, length_min double, length_max double, bucket int"
)

_STATES_A_BUCKET = 20_000


@dataclass(frozen=True)
class Scored:
    """Scored rows in the positions that a pass expects, with the plan of the pass.

    ``roles``: name of each role of the plan. Without ``by_day`` the rows are of no day.
    """

    rows: DataFrame
    layout: BatchLayout
    plan: TallyPlan
    roles: tuple[str, ...] = ("inputs", "predictions")
    by_day: bool = True


def merged_states(scored: Scored) -> DataFrame:
    """One row per day, version, role, segment and feature: ``STATE_COLUMNS``; one shuffle.

    A task sends each state once, or more often if its days do not fit in memory; merging them is
    the addition of integers, so the result does not depend on how the rows are partitioned.
    """
    columns = len(scored.plan.columns)
    segments = 1 + sum(len(split.segments) for split in scored.plan.segmentations)
    buckets = -(-columns * segments // _STATES_A_BUCKET)
    to_states = partial_state_tally(scored.layout, scored.plan, buckets)
    partial = in_python(scored.rows, to_states, PARTIAL_SCHEMA)
    shuffled = partial.repartition("day", "bucket").sortWithinPartitions(*KEY)
    schema = ", ".join(f"{name} {TABLE.column(name).type}" for name in STATE_COLUMNS)
    return in_python(shuffled, state_merging(scored.plan, scored.roles, scored.by_day), schema)
