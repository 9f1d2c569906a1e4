"""Cells of categories that combine several values, and what they may hide."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.states.binning import OTHER, UNSEEN

OF_CELLS = (
    "exact for its cells; cells of a numeric feature end at frozen edges, so the mass of a cell "
    "differs from that of a quantile by at most one bin"
)
UNKNOWN = f"{OF_CELLS}; unknown if categories share a cell"


def merged_cells(comparison: Comparison) -> AnyArray:
    """Positions of the cells that may contain several values of a category; none for a number."""
    if "categorical" not in comparison.kinds:
        return np.empty(0, dtype=np.int64)
    known = comparison.categorical[0].binning.known_hashes
    several = known is None or len(known) > 1
    return np.array([OTHER, UNSEEN] if several else [UNSEEN], dtype=np.int64)


def zero_unless_merged(comparison: Comparison) -> Floats:
    """0 if each nonempty cell contains one value, otherwise NaN because the error is unknown;
    (W,)."""
    if "categorical" not in comparison.kinds:
        return np.zeros(len(comparison))
    current, reference = comparison.categorical
    at = merged_cells(comparison)
    held = (current.counts[:, at] > 0).any(axis=1) | (reference.counts[:, at] > 0).any(axis=1)
    return np.where(held, np.nan, 0.0)
