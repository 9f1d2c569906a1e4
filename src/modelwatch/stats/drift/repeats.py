"""What days or windows show about values that were delivered before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats, Spans


@dataclass(frozen=True)
class Repeats:
    """What n days or windows show, (n,) each.

    ``share``: estimated share of the rows of a day that repeat the values of an earlier day; 0
    without evidence. ``p_value``: probability without a fault; NaN if it is unknown what is usual.
    ``back``: number of days with rows back to the repeated day; 0 for none. ``days``: number of
    days of the reference, or before, that showed what is usual.
    """

    share: Floats
    p_value: Floats
    back: AnyArray
    days: int

    def __len__(self) -> int:
        return len(self.share)

    def over(self, spans: Spans) -> Repeats:
        """For windows, by their spans of days, (W, 2): the day with the strongest evidence, with
        its p-value corrected for the number of days."""
        share, p = np.zeros(len(spans)), np.full(len(spans), np.nan)
        back = np.zeros(len(spans), dtype=np.int64)
        for window, (start, stop) in enumerate(spans):
            own = self.p_value[start:stop]
            if not np.isfinite(own).any():
                continue
            at = start + np.lexsort((-self.share[start:stop], own))[0]
            p[window] = min(self.p_value[at] * (stop - start), 1.0)
            share[window], back[window] = self.share[at], self.back[at]
        return Repeats(share, p, back, self.days)

    def take(self, indices: AnyArray) -> Repeats:
        """The days or windows at some positions."""
        return Repeats(self.share[indices], self.p_value[indices], self.back[indices], self.days)

    def without(self, days: AnyArray | bool) -> Repeats:
        """The same without repeats on the days of a mask, (n,)."""
        known = np.isfinite(self.p_value) & days
        return Repeats(
            np.where(days, 0.0, self.share),
            np.where(known, 1.0, self.p_value),
            np.where(days, 0, self.back),
            self.days,
        )

    def or_else(self, other: Repeats, where: AnyArray) -> Repeats:
        """The values of another object where a mask, (n,), is true."""
        return Repeats(
            np.where(where, other.share, self.share),
            np.where(where, other.p_value, self.p_value),
            np.where(where, other.back, self.back),
            self.days,
        )
