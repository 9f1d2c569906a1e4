"""Whether a run handles so few rows that planning, and not computing, takes its time."""

from __future__ import annotations

from modelwatch.pipelines.runs.run import Request
from modelwatch.pipelines.states.day_states import StatesOf

MOST = 250_000
"""Rows of inputs and predictions up to which they are few."""
MOST_EVALUATED = 20_000
"""Windows times features and segments up to which the rows of their results are few."""


def reads_few_rows(request: Request) -> bool:
    """Whether the rows that a run reads are few; not if it reads a whole table, or can't tell."""
    if request.plan.references:
        return False
    days = {*request.days, *request.plan.labels.days}
    opened = request.sources.opened
    read = [opened[role].volume(days).rows for role in ("inputs", "predictions") if role in opened]
    return None not in read and sum(rows or 0 for rows in read) <= MOST


def writes_few_rows(request: Request, states: StatesOf) -> bool:
    """Whether the rows of results that a run writes are few: some tens for each window, feature
    and segment."""
    plan = request.plan
    segments = 1 + sum(
        len(s.segments) for s in states.plan((), states.config.segments).segmentations
    )
    evaluated = (len(plan.windows) + len(plan.labels.windows)) * len(states.features) * segments
    return evaluated <= MOST_EVALUATED
