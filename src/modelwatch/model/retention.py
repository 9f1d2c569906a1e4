"""What is kept for how long, and what a day without states means for a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from modelwatch.model.days import DayRange, shifted
from modelwatch.model.references import reference_days
from modelwatch.model.section import Section

if TYPE_CHECKING:
    from modelwatch.model.monitor import MonitorConfig
    from modelwatch.model.windows import Window

HISTORY_DAYS = 70
"""Days of counted rows that say what is usual for a day."""
BACK_TEST_DAYS = 63
"""Days before the newest due one on which estimates are held against what labels told."""
_MONTH = 31


class Retention(Section):
    """How long results are kept. Without a number, they are kept forever."""

    states_days: int | None = Field(
        default=None,
        ge=90,
        le=36_600,
        description="Number of days whose daily states are kept. `modelwatch maintain` adds older "
        "months up to one state per month. Days of fixed references, and months with "
        "labels that are not due, are kept. Default: all.",
    )
    metrics_days: int | None = Field(
        default=None,
        ge=400,
        le=36_600,
        description="Number of days whose profiles, drift, and outliers are kept. Default: all.",
    )
    unpublished_days: int = Field(
        default=7,
        ge=1,
        le=3660,
        description="Days after which rows of failed or killed runs, which no view shows, are "
        "removed.",
    )
    file_hours: int = Field(
        default=168,
        ge=168,
        le=87_840,
        description="Hours for which files that no longer belong to the newest version of an "
        "output table are kept. Old versions can be read for as long.",
    )


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
    are held against what labels told.
    """
    lengths = [
        spec.trailing_days or {"day": 1, "week": 7}.get(spec.kind, _MONTH)
        for spec in config.windows
        if spec.kind != "custom"
    ]
    longest = max(lengths, default=1)
    back = [HISTORY_DAYS]
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
