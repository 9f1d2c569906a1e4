"""Whether a run reads so few rows that planning, and not computing, takes its time."""

from __future__ import annotations

from modelwatch.pipelines.run import Request

MOST = 250_000
"""Rows of inputs and predictions up to which they are few."""


def reads_few_rows(request: Request) -> bool:
    """Whether the rows that a run reads are few; not if it reads a whole table, or can't tell."""
    if request.plan.references:
        return False
    days = {*request.days, *request.plan.labels.days}
    opened = request.sources.opened
    read = [opened[role].volume(days).rows for role in ("inputs", "predictions") if role in opened]
    return None not in read and sum(rows or 0 for rows in read) <= MOST
