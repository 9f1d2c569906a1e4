"""Quantiles computed from frozen bins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.states.numeric import NumericStates

_ROUNDING = 1e-9


def quantiles(states: NumericStates, levels: Sequence[float]) -> Floats:
    """Quantiles of the finite values of each scope, (n, levels), as ``bounded_quantiles``."""
    return bounded_quantiles(states, levels)[0]


def bounded_quantiles(states: NumericStates, levels: Sequence[float]) -> tuple[Floats, Floats]:
    """Quantiles and their error bounds, of the finite values of each scope, (n, levels) each; NaN
    if there are none.

    The quantile at q is the value of rank ceil(q * count), the inverse of the distribution function
    (Hyndman and Fan 1996, definition 1). In a bin with one value it is exact. In others, values are
    assumed to be evenly spread between the edges, or between the extremes, so its rank is off by at
    most the rows of that bin, and its value by at most its distance to the farther one of these
    ends. Ranks 1 and count are exact.
    """
    binning = states.binning
    running = np.cumsum(states.quantities, axis=1)
    count = running[:, -1:]
    wanted = np.ceil(np.asarray(levels, dtype=np.float64) * count - _ROUNDING)
    rank = np.clip(wanted, 1, np.maximum(count, 1)).astype(np.int64)
    at = np.minimum(_first_at_least(running, rank), len(binning.edges) - 1)
    held = np.take_along_axis(states.quantities, at, axis=1)
    before = np.take_along_axis(running, at, axis=1) - held
    least, greatest = states.least[:, None], states.greatest[:, None]
    low = np.fmax(binning.edges[at], least)
    high = np.fmin(binning.upper_edges[at], greatest)
    part = (rank - before - 0.5) / np.maximum(held, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        # A weighted mean, because the difference of two finite edges may overflow.
        within = low * (1.0 - part) + high * part
        value = np.where(binning.single_value[at], binning.edges[at], np.clip(within, low, high))
        value = np.where(rank == 1, least, np.where(rank == count, greatest, value))
        exact = binning.single_value[at] | (rank == 1) | (rank == count)
        error = np.where(exact, 0.0, np.maximum(value - low, high - value))
    return np.where(count > 0, value, np.nan), np.where(count > 0, error, np.nan)


def _first_at_least(ascending: Counts, wanted: Counts) -> Counts:
    """The number of elements of each row (n, B) that are less than each requested number (n, K)."""
    # All rows as one ascending array: each row is shifted above the one before.
    lift = np.arange(len(ascending))[:, None] * (int(ascending.max(initial=0)) + 1)
    found = np.searchsorted((ascending + lift).ravel(), wanted + lift)
    return np.asarray(found - np.arange(len(ascending))[:, None] * ascending.shape[1])
