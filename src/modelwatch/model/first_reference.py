"""A reference of the first days of a table, for a model that has no past yet."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from modelwatch.model.days import DayRange
from modelwatch.model.evaluation import Reference
from modelwatch.model.monitor import MonitorConfig

_FIRST_STEPS = (1, 2, 4, 7)


def with_first_days(config: MonitorConfig, present: Collection[date]) -> MonitorConfig:
    """The configuration with days in place of ``first_days``.

    ``present``: days of the inputs that have rows. Without any, the configuration is as it was.
    """
    if not present or all(reference.first_days is None for reference in config.references):
        return config
    # The newest day may be under way.
    ordered = sorted(present)[: max(len(present) - 1, 1)]
    references = tuple(_resolved(reference, ordered) for reference in config.references)
    return config.model_copy(update={"references": references})


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
