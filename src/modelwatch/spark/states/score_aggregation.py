"""States of predictions and labels by day, version, and segment, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame

from modelwatch.evaluation.states.partial_scores import PARTIAL_SCORES, SCORE_KEY
from modelwatch.evaluation.states.score_aggregation import (
    PERFORMANCE_STATES_SCHEMA,
    partial_score_tally,
    score_sums,
)
from modelwatch.spark.python_tasks import in_python, sorted_in_python
from modelwatch.spark.states.labelled_rows import LabelledRows
from modelwatch.stats.states.score_tally import ScorePlan

_TASKS_A_DAY = 4
"""Number of tasks among which the states of a single day are distributed."""


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
