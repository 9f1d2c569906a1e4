"""Which states are kept, and what a day without states means for a plan."""

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
"""Days before the newest due one on which estimates are compared with what labels told."""
_MONTH = 31


@dataclass(frozen=True)
class Retired:
    """Days before ``before`` have no states, but for those of ``kept`` ranges."""

    before: date = date.min
    kept: tuple[DayRange, ...] = ()

    def __contains__(self, day: date) -> bool:
        """Whether a day has no states and gets none."""
        return day < self.before and not any(day in days for days in self.kept)

    def touches(self, config: MonitorConfig, window: Window) -> bool:
        """Whether a window, or a moving reference of it, has such days: its figures then stand."""
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
    """What a configuration makes of states that were removed before a day; None for none."""
    return NOTHING_RETIRED if before is None else Retired(before, kept_days(config))


def kept_days(config: MonitorConfig) -> tuple[DayRange, ...]:
    """Days whose states are never removed: those of the fixed references."""
    return tuple(
        ref.days for ref in config.fixed_references if ref.table is None and ref.days is not None
    )


def horizon(as_of: date, states_days: int) -> date:
    """The first day whose states are kept day by day: the first of its month."""
    return shifted(as_of, -states_days).replace(day=1)


def first_kept(runs: Iterable[Any], as_of: date, states_days: int) -> date:
    """The first day whose states are kept day by day, as rows of ``runs`` tell.

    Labels of a day that are not due yet keep its month, and all after it.
    """
    due: dict[date, date | None] = {
        held["day"]: held["last_due"] for run in runs for held in run["label_days"] or ()
    }
    awaited = (day for day, last in due.items() if last is not None and last >= as_of)
    return min([horizon(as_of, states_days), *(day.replace(day=1) for day in awaited)])


def least_states_days(config: MonitorConfig) -> int:
    """Days of states that the newest windows with their references look back on.

    Those of performance are the newest whose labels are due, and the windows on which estimates
    are compared with what labels told.
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
    """Ids of runs that can't be replayed once days have no states, and could be before."""
    return tuple(
        run["run_id"]
        for run in runs
        if needs_retired(run, limit) and not needs_retired(run, already)
    )


def needs_retired(run: Any, limit: Retired) -> bool:
    """Whether a run, a row of ``runs``, wrote or read states of days that have none any more."""
    days: list[date] = [*(run["days"] or ()), *(held["day"] for held in run["label_days"] or ())]
    if any(day in limit for day in days):
        return True
    return any(
        day in limit
        for held in (*(run["windows"] or ()), *(run["performance_windows"] or ()))
        for day in _days_to(held["window_start"], held["window_end"], limit.before)
    )


def oldest_unpublished(today: date, days: int) -> str:
    """Ids of runs below this one began so many days ago; ids begin with their moment."""
    return f"{today - timedelta(days=days):%Y%m%d}T000000"
