"""Outlying values: beyond Tukey's fences of a reference, computed from its frozen bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.comparison import NO_CURRENT_VALUES, Values, values
from modelwatch.stats.profile.quantiles import quantiles
from modelwatch.stats.states.binning import IQR_OF_NORMAL
from modelwatch.stats.states.numeric import NumericStates

FAR_OUT = 3.0
"""Interquartile ranges beyond a quartile from which a value is far out (Tukey 1977)."""


@dataclass(frozen=True)
class Fences:
    """Values below ``lower`` or at least ``upper`` are outside; both are edges of frozen bins.

    They are the next edges beyond ``lower_wanted`` and ``upper_wanted``, so that the rows outside
    are counted exactly. All NaN, and nothing is outside, if the reference has no values.
    """

    lower: float
    upper: float
    lower_wanted: float
    upper_wanted: float

    def outside(self, x: Floats) -> Floats:
        """Distance of values beyond the fences in units of the distance between them; 0 inside.

        NaN counts as inside, and so does everything without fences.
        """
        width = max(self.upper - self.lower, float(np.finfo(np.float64).tiny))
        with np.errstate(invalid="ignore", over="ignore"):
            below = np.where(x < self.lower, self.lower / width - x / width, 0.0)
            above = np.where(x >= self.upper, x / width - self.upper / width, 0.0)
        far = np.maximum(below, above)
        # A value on the fence is outside, at distance zero.
        return np.where((x < self.lower) | (x >= self.upper), np.maximum(far, 1e-12), 0.0)


def fences(reference: NumericStates, k: float = FAR_OUT) -> Fences:
    """Tukey's fences of a stack of one: quartiles minus and plus ``k`` interquartile ranges.

    If the quartiles are equal, the range is that of a normal feature with the same standard
    deviation; a constant reference has its value as the fence on either side. Source: Tukey,
    Exploratory Data Analysis (1977), section 2D.
    """
    if len(reference) != 1:
        raise ValueError(f"fences are of one reference, not of {len(reference)}")
    low, high = (float(q) for q in quantiles(reference, (0.25, 0.75))[0])
    if not (np.isfinite(low) and np.isfinite(high)):
        return Fences(*(4 * (float("nan"),)))
    width = high - low
    if width == 0:
        sd = float(reference.moments.sd[0])
        width = IQR_OF_NORMAL * sd if np.isfinite(sd) else 0.0
    with np.errstate(over="ignore"):
        lower_wanted, upper_wanted = low - k * width, high + k * width
    edges = reference.binning.edges
    # A bin includes its lower edge: all bins below the lower fence, and all from the upper fence
    # on, are outside.
    lower = edges[int(np.searchsorted(edges, lower_wanted, side="right")) - 1]
    upper = edges[min(int(np.searchsorted(edges, upper_wanted, side="right")), len(edges) - 1)]
    return Fences(float(lower), float(upper), lower_wanted, upper_wanted)


@dataclass(frozen=True)
class OutsideCounts:
    """Rows outside the fences, by scope; all (n,).

    ``below`` and ``above``: rows. ``share``: of the rows with a value, including infinities but not
    special values; NaN without such rows, with ``reason``.
    """

    below: Counts
    above: Counts
    share: Values


def outside(states: NumericStates, fenced: Fences) -> OutsideCounts:
    """Rows of each scope beyond the fences of a reference with the same bins, including
    infinities."""
    edges = states.binning.edges
    line = states.quantities.copy()
    line[:, [0, -1]] = states.bins[:, [0, -1]]
    known = line.sum(axis=1)
    nowhere = np.isnan(fenced.lower)
    below = line[:, edges < fenced.lower].sum(axis=1)
    above = line[:, edges >= fenced.upper].sum(axis=1)
    share = (below + above) / np.maximum(known, 1)
    return OutsideCounts(
        below=np.asarray(below, dtype=np.int64),
        above=np.asarray(above, dtype=np.int64),
        share=values(
            np.where(nowhere, np.nan, share),
            (known == 0, NO_CURRENT_VALUES),
            (np.full(len(states), nowhere), "reference has no values"),
        ),
    )
