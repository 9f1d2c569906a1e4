"""Whether a run processes so few rows that planning takes longer than computing."""

from __future__ import annotations

from modelwatch.model.planning.plan import Plan
from modelwatch.pipelines.runs.run import Request
from modelwatch.pipelines.sources.frames import Sources
from modelwatch.pipelines.states.day_states import StatesOf

MOST = 250_000
"""Number of rows of inputs and predictions up to which they are few."""
MOST_EVALUATED = 20_000
"""Windows times features times segments up to which the rows of their results are few."""

MOST_ANSWERED = 5_000
"""Windows times segments up to which this process evaluates their performance."""
MOST_STATE_BYTES = 32 << 20
"""Bytes of the files of stored states up to which this process reads them for an evaluation."""
MOST_METRIC_BYTES = 4 << 20
"""Bytes of the files of each result table up to which this process judges their metrics."""
MOST_VERDICT_BYTES = 32 << 20
"""Bytes of the files of verdicts up to which this process derives incidents from them."""


def reads_few_rows(sources: Sources, plan: Plan) -> bool:
    """Whether a run reads few rows; false if it reads a whole table, or if unknown."""
    if plan.references:
        return False
    days = {*plan.dates, *plan.labels.days}
    opened = sources.opened
    read = [opened[role].volume(days).rows for role in ("inputs", "predictions") if role in opened]
    return None not in read and sum(rows or 0 for rows in read) <= MOST


def answers_few_rows(request: Request, states: StatesOf) -> bool:
    """Whether this process evaluates the performance of the windows faster than Spark transfers
    their states."""
    windows = len(request.plan.labels.windows) * _segments(states)
    return windows <= MOST_ANSWERED


def writes_few_rows(plan: Plan, states: StatesOf) -> bool:
    """Whether a run writes few rows of results: some tens per window, feature, and segment."""
    windows = len(plan.windows) + len(plan.labels.windows)
    return windows * len(states.features) * _segments(states) <= MOST_EVALUATED


def _segments(states: StatesOf) -> int:
    splits = states.plan((), states.config.segments).segmentations
    return 1 + sum(len(split.segments) for split in splits)
