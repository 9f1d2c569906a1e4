"""State of a regression's predictions: counts, sums of errors, and a histogram of residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.moments import MOMENT_UNITS, PARTS, whole_sums
from modelwatch.stats.states.stack import Stack

ROWS, LABELLED, COMPARED, INSIDE, WITH_INTERVAL, WITH_RATIO, WITH_SYMMETRIC = range(7)
"""Positions of the counts before the histogram: rows; with a label; with a finite prediction and
label; labels inside their interval; with a label and an interval; of MAPE (the label is not 0); of
sMAPE (prediction or label is not 0)."""
COUNTED = 7
OCTAVE = 36
"""Bins of the residual histogram per factor of two: each is 1.95 % wider than the last."""
LEAST_EXPONENT, GREATEST_EXPONENT = -16, 14
SIDE = OCTAVE * (GREATEST_EXPONENT - LEAST_EXPONENT)
"""Bins of either sign, from 2**-16 to 2**14 of the scale."""
GRID = 2 * (SIDE + 1) + 1
"""Bins of the histogram: below the grid, negative ones, around zero, positive ones, above."""
_SUMS = ("error", "squared_error", "label", "squared_label", "absolute", "ratio", "symmetric")
"""Stored sums, four longs each, in the fixed-point format of ``moments``: of p - y and its square
relative to the scale; of y - center and its square relative to the scale; of abs(p - y) relative to
the scale; of abs(p - y) / abs(y); of 2 * abs(p - y) / (abs(y) + abs(p))."""
_UNIT = {"squared_error": MOMENT_UNITS[1], "squared_label": MOMENT_UNITS[1]}

_STEPS = np.exp2(np.arange(SIDE + 1, dtype=np.float64) / OCTAVE + LEAST_EXPONENT)
EDGES = np.concatenate([-_STEPS[::-1], _STEPS])
"""Edges of the histogram in scales, (GRID - 1,): bin i covers [EDGES[i-1], EDGES[i])."""
EDGES.flags.writeable = False


def residual_bins(residual: Floats) -> Counts:
    """Bin of each residual, in scales."""
    return np.asarray(np.searchsorted(EDGES, residual, side="right"), dtype=np.int64)


@dataclass(frozen=True)
class RegressionStates(Stack):
    """A stack of n scopes of one regression; a state is a stack of one.

    ``counts`` (n, 7): see the positions of this module. ``histogram`` (n, GRID): rows by bin of (p
    - y) / scale. ``sums`` (n, 28): ``_SUMS``. ``center`` and ``scale``: the frozen ones of the
    predicted value.
    """

    counts: Counts
    histogram: Counts
    sums: Counts
    center: float
    scale: float
    added: ClassVar[tuple[str, ...]] = ("counts", "histogram", "sums")

    @classmethod
    def of(cls, binning: NumericBinning, counts: Counts, sums: Counts) -> RegressionStates:
        """States from their stored vectors: counts (n, 7 + GRID), sums (n, 28)."""
        return cls(counts[:, :COUNTED], counts[:, COUNTED:], sums, binning.center, binning.scale)

    @property
    def identity(self) -> str:
        """The kind of the states, and the center and scale of their sums."""
        return f"regression states around {self.center!r} by {self.scale!r}"

    @cached_property
    def rows(self) -> Counts:
        """All rows, (n,)."""
        return self.counts[:, ROWS]

    @cached_property
    def labelled(self) -> Counts:
        """Labeled rows, (n,)."""
        return self.counts[:, LABELLED]

    @cached_property
    def compared(self) -> Counts:
        """Rows with a finite prediction and a finite label, (n,)."""
        return self.counts[:, COMPARED]

    def sum_of(self, name: str) -> AnyArray:
        """One of the sums in units, as Python integers: (n,)."""
        return self._whole[:, _SUMS.index(name)]

    def unit_of(self, name: str) -> int:
        """Binary places of one of the sums."""
        return _UNIT.get(name, MOMENT_UNITS[0])

    def lost(self, *names: str) -> AnyArray:
        """Whether a row was too large for one of some sums, (n,)."""
        at: Sequence[int] = [PARTS * _SUMS.index(name) + 3 for name in names]
        return np.asarray((self.sums[:, at] > 0).any(axis=1))

    def mean_of(self, name: str, rows: Counts) -> Floats:
        """A sum divided by a number of rows, in scales; NaN for no rows. (n,)."""
        units = 1 << self.unit_of(name)
        return np.array(
            [
                int(total) / (int(n) * units) if n else np.nan
                for total, n in zip(self.sum_of(name), rows, strict=True)
            ],
            dtype=np.float64,
        )

    @cached_property
    def _whole(self) -> AnyArray:
        return whole_sums(self.sums)
