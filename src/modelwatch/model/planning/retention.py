"""Which states are kept, and the effect of days without states on a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.planning.reference_days import reference_days
from modelwatch.model.planning.windows import Window
from modelwatch.stats.verdicts.expected_series import HISTORY_DAYS_READ

BACK_TEST_DAYS = 63
"""Days before the latest due day on which estimates are compared with labels."""
_MONTH = 31


@dataclass(frozen=True)
class Retired:
    """Days before ``before`` have no states, except those in ``exempt`` ranges."""

    before: date = date.min
    exempt: tuple[DayRange, ...] = ()

    def __contains__(self, day: date) -> bool:
        """Whether a day has no states and gets none."""
        return day < self.before and not any(day in days for days in self.exempt)

    def touches(self, config: MonitorConfig, window: Window) -> bool:
        """Whether a window, or a moving reference of it, contains such days; its metrics then stay
        as they are."""
        if any(day in self for day in _days_to(window.start, window.end, self.before)):
            return True
        moving = (ref for ref in config.references if ref.kind != "fixed")
        spans = (reference_days(ref, window) for ref in moving)
        return any(
            day in self
            for span in spans
            if span is not None
            for day in _days_to(span.first, span.last, self.before)
        )


def _days_to(first: date, last: date, before: date) -> Iterable[date]:
    """The days of a span that lie before a day."""
    return DayRange(first, min(last, shifted(before, -1))) if first < before else ()


NOTHING_RETIRED = Retired()


def retired(config: MonitorConfig, before: date | None) -> Retired:
    """The removed states before a day under a configuration; None if there are none."""
    return NOTHING_RETIRED if before is None else Retired(before, exempt_days(config))


def exempt_days(config: MonitorConfig) -> tuple[DayRange, ...]:
    """Days whose states are never removed: those of the fixed references."""
    return tuple(
        ref.days for ref in config.fixed_references if ref.table is None and ref.days is not None
    )


def horizon(as_of: date, states_days: int) -> date:
    """The first day whose daily states are kept: the first of its month."""
    return shifted(as_of, -states_days).replace(day=1)


def first_retained_day(runs: Iterable[Any], as_of: date, states_days: int) -> date:
    """The first day whose daily states are kept, as derived from rows of ``runs``.

    A day whose labels are not due keeps its month and all later ones.
    """
    due: dict[date, date | None] = {
        held["day"]: held["last_due"] for run in runs for held in run["label_days"] or ()
    }
    awaited = (day for day, last in due.items() if last is not None and last >= as_of)
    return min([horizon(as_of, states_days), *(day.replace(day=1) for day in awaited)])


def least_states_days(config: MonitorConfig) -> int:
    """Number of days of states that the latest windows and their references use.

    For performance, these are the latest windows whose labels are due, and the windows on which
    estimates are compared with labels.
    """
    lengths = [
        spec.trailing_days or {"day": 1, "week": 7}.get(spec.kind, _MONTH)
        for spec in config.windows
        if spec.kind != "custom"
    ]
    longest = max(lengths, default=1)
    back = [HISTORY_DAYS_READ]
    for reference in config.references:
        if reference.previous_windows is not None:
            back.append(reference.previous_windows * longest)
        back.append(reference.lag_days or 0)
        back.append(reference.trailing_days or 0)
    if config.labels is None:
        return longest + max(back)
    back.append(BACK_TEST_DAYS)
    return longest + max(back) + (config.labels.due.delay_days or 0)


def ended_replays(runs: Iterable[Any], limit: Retired, already: Retired) -> tuple[str, ...]:
    """Ids of runs that can be replayed now, but not after days lose their states."""
    return tuple(
        run["run_id"]
        for run in runs
        if needs_retired(run, limit) and not needs_retired(run, already)
    )


def needs_retired(run: Any, limit: Retired) -> bool:
    """Whether a run, a row of ``runs``, wrote or read states of days that no longer have any."""
    days: list[date] = [*(run["days"] or ()), *(held["day"] for held in run["label_days"] or ())]
    if any(day in limit for day in days):
        return True
    return any(
        day in limit
        for held in (*(run["windows"] or ()), *(run["performance_windows"] or ()))
        for day in _days_to(held["window_start"], held["window_end"], limit.before)
    )


def oldest_unpublished(today: date, days: int) -> str:
    """Ids below this one belong to runs that began at least so many days ago; ids begin with a
    timestamp."""
    return f"{today - timedelta(days=days):%Y%m%d}T000000"
