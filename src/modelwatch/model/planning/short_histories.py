"""What cannot be judged yet, for lack of days, and from when on it can."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange
from modelwatch.stats.verdicts.expected_series import FEWEST_DAYS, FEWEST_SPARSE
from modelwatch.stats.verdicts.null_model import FEWEST_DAYS as MEASURED_DAYS

ALWAYS = "missing days, constraints, contracts and rules"
"""What is judged from the first day on."""


def short_history_lines(
    config: MonitorConfig, present: Collection[date], as_of: date
) -> Iterator[str]:
    """What is not judged yet, or with little power, and from when on it is; nothing where all is.

    ``present``: days of the inputs that have rows.
    """
    known = sorted(day for day in present if day < as_of)
    if len(known) <= FEWEST_DAYS:
        yield (
            f"volume, repeated ids, coverage and watched series: from {FEWEST_DAYS} earlier days "
            f"with rows on ({FEWEST_SPARSE} of batches weeks apart); there are {len(known)}. From "
            f"the first day on: {ALWAYS}"
        )
    for reference in config.fixed_references:
        if reference.table is not None:
            continue
        held = _held(reference.days, known)
        if held == 0:
            yield f"drift and performance against {reference.name}: not before it has rows"
        elif held < MEASURED_DAYS:
            yield (
                f"drift and performance against {reference.name}, which has {held} "
                f"day{'s' * (held != 1)} with rows: with an assumed design effect "
                f"({config.verdicts.assumed_design_effect:g}), which finds large changes only, "
                f"until it has {MEASURED_DAYS}"
            )
    delay = config.labels.due.delay_days if config.labels is not None else None
    if delay and known:
        due = known[0] + timedelta(days=delay)
        if due >= as_of:
            first = due + timedelta(days=1)
            yield f"performance and coverage: from {first} on, when labels are due"


def _held(days: DayRange | None, known: Collection[date]) -> int:
    return sum(days is not None and day in days for day in known)
