"""The windows that must be evaluated again when days change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import date

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange
from modelwatch.model.planning.reference_days import reference_days
from modelwatch.model.planning.retention import NOTHING_RETIRED, Retired
from modelwatch.model.planning.window_specs import Reference
from modelwatch.model.planning.windows import Window, windows_of
from modelwatch.stats.drift import stale_values
from modelwatch.stats.states.day_states import EARLIER_DAYS


def windows_touching(
    config: MonitorConfig,
    days_with_data: Collection[date],
    changed_days: Collection[date],
    as_of: date,
    *,
    last_as_of: date | None = None,
    all_windows: bool = False,
    gone: Retired = NOTHING_RETIRED,
    days_before: int = 0,
) -> tuple[Window, ...]:
    """The windows that must be evaluated again, in the order of the configuration, and then by day.

    These are the windows that contain a changed day or whose references do; with ``last_as_of``,
    the day of the last run, also those that were partial then and are complete now; with
    ``all_windows``, all. A changed day counts as a day with data, because all of its rows may have
    been deleted. Days from ``as_of`` on are left to a later run. A window that needs days that are
    ``gone`` stays as it is. ``days_before``: number of days with data before a window that it
    depends on.
    """
    changed = sorted({day for day in changed_days if day < as_of})
    days = {day for day in days_with_data if day < as_of}.union(changed)
    ordered, changed_set = sorted(days), frozenset(changed)
    return tuple(
        window
        for spec in config.windows
        for window in windows_of(spec, days, as_of)
        if (
            all_windows
            or _compares_any(config.references, window, changed)
            or not changed_set.isdisjoint(last_before(window.start, ordered, days_before))
            or (last_as_of is not None and last_as_of <= window.end < as_of)
        )
        and not gone.touches(config, window)
    )


def _compares_any(references: Sequence[Reference], window: Window, changed: Sequence[date]) -> bool:
    if holds_any(window.days, changed):
        return True
    compared = (reference_days(ref, window) for ref in references if ref.table is None)
    return any(days is not None and holds_any(days, changed) for days in compared)


def days_before(config: MonitorConfig) -> int:
    """Number of days with data before a window with which its own days are compared
    individually."""
    return EARLIER_DAYS if stale_values.STALE_SHARE in config.effective_thresholds else 0


def last_before(day: date, ordered: Sequence[date], count: int) -> Sequence[date]:
    """The last ``n`` of the ordered days before one."""
    at = bisect_left(ordered, day)
    return ordered[max(0, at - count) : at]


def holds_any(days: DayRange, ordered: Sequence[date]) -> bool:
    """Whether any of the ordered days is in the range."""
    at = bisect_left(ordered, days.first)
    return at < len(ordered) and ordered[at] <= days.last
