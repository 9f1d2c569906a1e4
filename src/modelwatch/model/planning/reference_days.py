"""The days of a reference, and those of the first reference of a model without history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from statistics import median

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.days import DayRange, shifted
from modelwatch.model.planning.window_specs import Reference
from modelwatch.model.planning.windows import Window

_FIRST_STEPS = (1, 2, 4, 7)
SETTLING_DAYS = 28
"""Number of first days whose median row count shows when the table has settled."""
SETTLED_SHARE = 0.2
"""Share of the usual row count from which a day belongs to the reference. Earlier days are tests
and a launch, not the traffic of the model."""


def reference_days(reference: Reference, window: Window) -> DayRange | None:
    """The days with which a window is compared; None for all rows of a separate table.

    A previous window is the preceding one of the same kind: the previous month for a month, the k
    days before a window of k days. Several of them are combined. A lag moves the window without
    changing its length. Days before the start of the calendar are cut off.
    """
    if reference.lag_days is not None:
        back = -reference.lag_days
        return DayRange(shifted(window.start, back), shifted(window.end, back))
    if reference.trailing_days is not None:
        return _before(window, reference.trailing_days)
    if reference.previous_windows is None:
        return reference.days
    if window.name == "month":
        return DayRange(_months_before(window.start, reference.previous_windows), _eve(window))
    return _before(window, reference.previous_windows * len(window.days))


def _before(window: Window, days: int) -> DayRange:
    return DayRange(shifted(window.start, -days), _eve(window))


def _eve(window: Window) -> date:
    return shifted(window.start, -1)


def _months_before(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return date(year, month + 1, 1) if year > 0 else date.min


def with_first_days(
    config: MonitorConfig, present: Collection[date], rows: Mapping[date, float] | None = None
) -> MonitorConfig:
    """The configuration with days instead of ``first_days``.

    ``present``: days of the inputs that have rows. ``rows``: their number, if the table knows it.
    Without days, the configuration is unchanged.
    """
    if not present or all(reference.first_days is None for reference in config.references):
        return config
    # The newest day may be incomplete.
    ordered = sorted(present)[: max(len(present) - 1, 1)]
    settled = _settled(ordered, rows or {})
    references = tuple(_resolved(reference, settled) for reference in config.references)
    return config.model_copy(update={"references": references})


def _settled(ordered: list[date], rows: Mapping[date, float]) -> list[date]:
    """The days from the first one with a usual number of rows."""
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
    """How many of the known days form the reference: all that are configured, or the largest of 1,
    2, 4, 7, 14, 28, and so on, so that bins are not fitted again every day."""
    if known >= wanted:
        return wanted
    steps = list(_FIRST_STEPS)
    while steps[-1] * 2 <= known:
        steps.append(steps[-1] * 2)
    return max(step for step in steps if step <= known)
