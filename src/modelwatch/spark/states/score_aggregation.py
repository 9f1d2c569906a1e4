"""States of predictions and labels by day, version and segment, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame

from modelwatch.evaluation.states.partial_scores import KEY, PARTIAL_SCHEMA
from modelwatch.evaluation.states.score_aggregation import (
    STATE_COLUMNS,
    TABLE,
    partial_score_tally,
    score_merging,
)
from modelwatch.spark.python_tasks import in_python
from modelwatch.spark.states.labelled_rows import LabelledRows
from modelwatch.stats.states.score_tally import ScorePlan

_TASKS_A_DAY = 4
"""Tasks among which the states of a single day are dealt."""


def merged_score_states(
    rows: LabelledRows, plans: Sequence[ScorePlan], decided: bool, as_of: date, days: int = 1
) -> DataFrame:
    """One row per day, version, segment, kind, name and part: ``STATE_COLUMNS``; one shuffle.

    The first of ``plans`` is of the task; there is one for each challenger, and the first has the
    first of them. Without ``decided`` the decision is the class with the greatest score. ``days``:
    how many the rows are of.
    """
    buckets = -(-_TASKS_A_DAY // max(days, 1))
    partial_states = partial_score_tally(rows.layout, plans, decided, as_of, buckets)
    partial = in_python(rows.frame, partial_states, PARTIAL_SCHEMA)
    shuffled = partial.repartition("day", "bucket").sortWithinPartitions(*KEY)
    schema = ", ".join(f"{name} {TABLE.column(name).type}" for name in STATE_COLUMNS)
    return in_python(shuffled, score_merging(plans[0].binning, as_of), schema)
