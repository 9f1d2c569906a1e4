"""The evaluated windows of a world, by kind, as in a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scripts.evidence.world import Period, day_of, number_of

from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.model.planning.windows import windows_of
from modelwatch.stats.arrays import AnyArray, Spans
from modelwatch.stats.weekdays import window_weekdays


@dataclass(frozen=True)
class Windows:
    """Windows with their kind and their first and last day as numbers; arrays (n,)."""

    kinds: AnyArray
    starts: AnyArray
    ends: AnyArray

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def lengths(self) -> AnyArray:
        """Length of each window in days."""
        return self.ends - self.starts + 1

    @property
    def weekdays(self) -> AnyArray:
        """Weekday of windows of one day, 0 for Monday; -1 for longer windows."""
        return window_weekdays(self.starts, self.lengths)

    def spans(self, days: AnyArray) -> Spans:
        """Positions of the days of each window in an ascending array of days."""
        first = np.searchsorted(days, self.starts)
        last = np.searchsorted(days, self.ends, side="right")
        return np.stack((first, last), axis=1).astype(np.int64)

    def take(self, at: AnyArray) -> Windows:
        """The windows at the given positions."""
        return Windows(self.kinds[at], self.starts[at], self.ends[at])

    def of(self, *kinds: str) -> Windows:
        """The windows of the given kinds."""
        return self.take(np.flatnonzero(np.isin(self.kinds, kinds)))


def windows_over(
    config: MonitorConfig, period: Period, days: Sequence[int], *, whole: bool = False
) -> Windows:
    """Windows with rows that begin and end in the evaluated time.

    ``days``: those with rows. ``whole``: also the complete windows of the reference.
    """
    first = period.first if whole else period.current[0]
    held = [day_of(day) for day in days if first <= day <= period.current[1]]
    as_of = day_of(period.current[1] + 1)
    found = [
        (spec.name, number_of(window.start), number_of(window.end))
        for spec in config.repeating_windows
        for window in windows_of(spec, held, as_of)
        if not window.partial and number_of(window.start) >= first
    ]
    kinds, starts, ends = zip(*found, strict=True) if found else ((), (), ())
    return Windows(
        np.array(kinds, dtype=object),
        np.array(starts, dtype=np.int64),
        np.array(ends, dtype=np.int64),
    )
