"""A reference of the first days of a table, for a model that has no past yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from statistics import median

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange
from modelwatch.model.planning.window_specs import Reference

_FIRST_STEPS = (1, 2, 4, 7)
SETTLING_DAYS = 28
"""First days whose usual number of rows tells when the table has settled."""
SETTLED_SHARE = 0.2
"""Share of the usual number of rows with which a day belongs to the reference: days before the
first such day are tests and a launch, not the traffic of the model."""


def with_first_days(
    config: MonitorConfig, present: Collection[date], rows: Mapping[date, float] | None = None
) -> MonitorConfig:
    """The configuration with days in place of ``first_days``.

    ``present``: days of the inputs that have rows. ``rows``: how many, where the table tells it.
    Without any day, the configuration is as it was.
    """
    if not present or all(reference.first_days is None for reference in config.references):
        return config
    # The newest day may be under way.
    ordered = sorted(present)[: max(len(present) - 1, 1)]
    settled = _settled(ordered, rows or {})
    references = tuple(_resolved(reference, settled) for reference in config.references)
    return config.model_copy(update={"references": references})


def _settled(ordered: list[date], rows: Mapping[date, float]) -> list[date]:
    """The days from the first one on that has a usual number of rows."""
    first = [rows.get(day, 0.0) for day in ordered[:SETTLING_DAYS]]
    least = SETTLED_SHARE * median(first)
    skipped = next((at for at, count in enumerate(first) if count >= least), 0)
    return ordered[skipped:]


def _resolved(reference: Reference, ordered: list[date]) -> Reference:
    if reference.first_days is None:
        return reference
    count = steady_count(len(ordered), reference.first_days)
    days = DayRange(ordered[0], ordered[count - 1])
    return reference.model_copy(update={"days": days, "first_days": None})


def steady_count(known: int, wanted: int) -> int:
    """How many of the known days are the reference: all that are wanted, or the largest of 1, 2, 4,
    7, 14, 28 and so on, so that bins are not fitted anew each day."""
    if known >= wanted:
        return wanted
    steps = list(_FIRST_STEPS)
    while steps[-1] * 2 <= known:
        steps.append(steps[-1] * 2)
    return max(step for step in steps if step <= known)
