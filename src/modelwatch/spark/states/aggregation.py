"""States of every feature by day, model version, and segment, in one pass over the rows."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

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
from modelwatch.spark.python_tasks import in_python, sorted_in_python
from modelwatch.stats.states.batch import TallyPlan

_STATES_A_BUCKET = 20_000


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
