"""Moments that are robust to a few rows far beyond all others, computed from the bins.

A single row of 1e9 makes the mean and the standard deviation of a reference meaningless for its
other rows. In that case, far rows are left out on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.profile.quantiles import quantiles
from modelwatch.stats.states.binning import FAR, FEW, IQR_OF_NORMAL
from modelwatch.stats.states.numeric import NumericStates

_FEWEST_ROWS = 50
"""Rows of which a single one may be a mistake."""


@dataclass(frozen=True)
class UsualCenter:
    """Mean and standard deviation of the finite values of a side, (W,)."""

    mean: Floats
    sd: Floats


def centers(comparison: Comparison) -> tuple[UsualCenter, UsualCenter]:
    """Moments of the current and the reference states: exact, or from the bins without far rows if
    one side has a few of them.

    Far is relative to the quartiles of the reference. If half of its rows have one value, there is
    no robust spread, and the moments are exact.
    """
    current, reference = comparison.numeric
    median, spread = _median_and_spread(reference)
    far = far_bins(reference)
    spoiled = _spoiled(current, far) | _spoiled(reference, far)
    middles = np.where(far, 0.0, _middles(reference, median, spread))
    first, second = (
        _center(states, np.where(far, 0, states.quantities), middles, spoiled)
        for states in (current, reference)
    )
    return first, second


def usual_ends(reference: NumericStates) -> tuple[Floats, Floats]:
    """Minimum and maximum of each state, without a few far rows if there are any; (n,)."""
    far = far_bins(reference)
    spoiled = _spoiled(reference, far)
    if not spoiled.any():
        return reference.least, reference.greatest
    near = (reference.quantities > 0) & ~far
    edges, upper = reference.binning.edges, reference.binning.upper_edges
    last = near.shape[1] - 1 - near[:, ::-1].argmax(axis=1)
    one_value = reference.binning.single_value[last]
    least = np.fmax(edges[near.argmax(axis=1)], reference.least)
    greatest = np.fmin(np.where(one_value, edges[last], upper[last]), reference.greatest)
    return (
        np.where(spoiled, least, reference.least),
        np.where(spoiled, greatest, reference.greatest),
    )


def far_rows(states: NumericStates) -> Counts:
    """Rows far beyond all others of the same state, if they are few; otherwise 0; (n,)."""
    far = far_bins(states)
    rows = np.where(far, states.quantities, 0).sum(axis=1)
    return np.where(_spoiled(states, far), rows, 0).astype(np.int64)


def far_bins(reference: NumericStates) -> AnyArray:
    """Which bins are far from the rows of each state, (n, B); none without a spread."""
    median, spread = _median_and_spread(reference)
    edges, upper = reference.binning.edges, reference.binning.upper_edges
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (median - FAR * spread)[:, None], (median + FAR * spread)[:, None]
        found: AnyArray = ((edges >= high) | (upper <= low)) & (spread > 0)[:, None]
    return found


def _median_and_spread(states: NumericStates) -> tuple[Floats, Floats]:
    """Median and interquartile range, in standard deviations of a normal variable; (n,)."""
    quartiles = quantiles(states, (0.25, 0.5, 0.75))
    with np.errstate(over="ignore"):
        return quartiles[:, 1], (quartiles[:, 2] - quartiles[:, 0]) / IQR_OF_NORMAL


def _spoiled(states: NumericStates, far: AnyArray) -> AnyArray:
    """Whether a few rows are far, or so far that the sums of all are lost; (n,)."""
    rows = np.where(far, states.quantities, 0).sum(axis=1)
    held = states.quantities.sum(axis=1)
    few = (rows <= FEW * held) | ((rows == 1) & (held >= _FEWEST_ROWS))
    lost = np.isnan(states.moments.sd) & (states.moments.count > 1)
    found: AnyArray = (rows > 0) & (few | lost)
    return found


def _middles(reference: NumericStates, median: Floats, spread: Floats) -> Floats:
    """A value for each bin, (n, B): its middle. For a bin that is wider than its distance from the
    median and than the spread, a value that far into it, because most of its rows are at that
    end."""
    edges, upper = reference.binning.edges, reference.binning.upper_edges
    with np.errstate(over="ignore", invalid="ignore"):
        above = edges >= median[:, None]
        apart = np.where(above, edges - median[:, None], median[:, None] - upper)
        reach = np.minimum(upper - edges, np.maximum(apart, spread[:, None])) / 2.0
        found = np.where(above, edges + reach, upper - reach)
    return np.where(np.isfinite(found), found, 0.0)


def _center(
    states: NumericStates, counts: Counts, middles: Floats, spoiled: AnyArray
) -> UsualCenter:
    rows = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = (counts * middles).sum(axis=1) / rows
        squares = (counts * (middles - mean[:, None]) ** 2).sum(axis=1)
        sd = np.where(rows > 1, np.sqrt(squares / (rows - 1)), np.nan)
    return UsualCenter(
        np.where(spoiled, mean, states.moments.mean), np.where(spoiled, sd, states.moments.sd)
    )
