"""Weekdays of day numbers since 1970-01-01, 0 for Monday to 6 for Sunday."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray

_THURSDAY = 3
"""Weekday of 1970-01-01."""
FEWEST_OF_A_WEEKDAY = 4
"""Known days of a weekday below which it is not compared with itself alone."""


def weekdays_of(days: AnyArray) -> AnyArray:
    """The weekday of each day."""
    return (days + _THURSDAY) % 7


def window_weekdays(starts: AnyArray, lengths: AnyArray) -> AnyArray:
    """The weekday of each window of one day, -1 for longer windows.

    ``starts``: the first day of each window. ``lengths``: its number of days.
    """
    return np.where(lengths == 1, weekdays_of(starts), -1)
