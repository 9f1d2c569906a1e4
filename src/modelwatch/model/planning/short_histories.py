"""What cannot be judged yet because there are too few days, and when it can."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange
from modelwatch.model.plain_text import counted
from modelwatch.stats.verdicts.expected_series import FEWEST_HISTORY_DAYS, FEWEST_SPARSE
from modelwatch.stats.verdicts.null_model import FEWEST_REFERENCE_DAYS as MEASURED_DAYS

ALWAYS = "missing days, constraints, contracts and rules"
"""What is judged from the first day."""


def short_history_lines(
    config: MonitorConfig, present: Collection[date], as_of: date
) -> Iterator[str]:
    """What is not judged yet, or only with low power, and when it will be; empty if everything is
    judged.

    ``present``: days of the inputs that have rows.
    """
    known = sorted(day for day in present if day < as_of)
    if len(known) <= FEWEST_HISTORY_DAYS:
        yield (
            f"volume, repeated ids, coverage, and watched series: need {FEWEST_HISTORY_DAYS} "
            f"earlier days with rows ({FEWEST_SPARSE} if batches are weeks apart); "
            f"there are {len(known)}. Judged from the first day: {ALWAYS}"
        )
    for reference in config.fixed_references:
        if reference.table is not None:
            continue
        held = _held(reference.days, known)
        if held == 0:
            yield f"drift and performance compared with {reference.name}: it has no rows yet"
        elif held < MEASURED_DAYS:
            yield (
                f"drift and performance compared with {reference.name}: it has "
                f"{counted(held, 'day')} with rows. Until it has {MEASURED_DAYS}, an assumed "
                f"design effect ({config.verdicts.assumed_design_effect:g}) is used, so only large "
                "changes are found, and changes without a known cause are warnings"
            )
    delay = config.labels.due.delay_days if config.labels is not None else None
    if delay and known:
        due = known[0] + timedelta(days=delay)
        if due >= as_of:
            first = due + timedelta(days=1)
            yield f"performance and coverage: from {first}, when labels are due"


def short_references(config: MonitorConfig, present: Collection[date]) -> frozenset[str]:
    """Names of the fixed references that have rows on fewer than seven days.

    ``present``: days of the inputs that have rows.
    """
    return frozenset(
        reference.name
        for reference in config.fixed_references
        if reference.table is None and 0 < _held(reference.days, present) < MEASURED_DAYS
    )


def _held(days: DayRange | None, known: Collection[date]) -> int:
    return sum(days is not None and day in days for day in known)
