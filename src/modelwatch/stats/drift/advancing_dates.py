"""Dates that advance with the days of their rows, as due dates do: their distribution moves by
itself, and is no drift."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.comparison import Values
from modelwatch.stats.states.numeric import NumericStates

ADVANCING = "the dates advance with the days of the rows"
_STEADY = 0.5
"""Ratio of the deviation of the distances from the day to that of the dates, below which the dates
advance."""
_FEWEST_DAYS = 3


def advance_with_days(states: NumericStates, day_numbers: Counts, values_per_day: float) -> bool:
    """Whether dates advance with the days of their rows.

    The first, the last, or the mean date of a day is then at a steadier distance from the day than
    from a fixed date. ``states`` (m,) of single days, ``day_numbers`` (m,) since 1970, and the
    steps that a date advances per day. False for fewer than three days with values.
    """
    days = np.asarray(day_numbers * values_per_day, dtype=np.float64)
    return any(
        _advances(dates, days) for dates in (states.least, states.greatest, states.moments.mean)
    )


def _advances(dates: Floats, days: Floats) -> bool:
    held = np.isfinite(dates)
    if held.sum() < _FEWEST_DAYS:
        return False
    return bool((dates - days)[held].std() < _STEADY * dates[held].std())


def undefined_for_advancing_dates(windows: int) -> Values:
    """The values of a statistic of the distribution for dates that advance, (W,)."""
    return Values(np.full(windows, np.nan), np.full(windows, ADVANCING, dtype=object))
