"""Distances of two numeric distributions on the line."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.binning import IQR_OF_NORMAL
from modelwatch.stats.comparison import Comparison, Values, values
from modelwatch.stats.numeric import NumericStates
from modelwatch.stats.quantiles import quantiles
from modelwatch.stats.special import kolmogorov_tail
from modelwatch.stats.statistic import statistic

SCALE_FLOOR = 1e-3
"""Least unit of Wasserstein-1, in scales of the frozen bins: a constant reference has a unit."""


@statistic(
    "ks",
    label="Kolmogorov-Smirnov distance",
    kinds=("numeric",),
    range=(0.0, 1.0),
    symmetric=True,
    unit="share of values",
    source="Smirnov (1948)",
)
def ks(comparison: Comparison) -> Values:
    """Largest difference of the two distribution functions at the frozen edges, over finite and
    infinite values; nulls, NaN and special values are left out.

    It is at most the distance of the raw values, and less by at most the largest share that one
    bin of several values holds on either side.
    """
    current, reference = comparison.numeric
    gap, conditions = _ks(current, reference)
    return values(gap, *comparison.without_rows, *conditions)


@statistic(
    "ks_p_value",
    label="p-value of Kolmogorov-Smirnov",
    kinds=("numeric",),
    range=(0.0, 1.0),
    symmetric=True,
    identical=1.0,
    unit="probability",
    source="Smirnov (1948), asymptotic two-sample distribution",
)
def ks_p_value(comparison: Comparison) -> Values:
    """Probability of so large a distance if all rows were drawn independently from one
    distribution, by the asymptotic formula; ties and bins make it too large, never too small.

    Rows of one day are not independent, so that it is too small for real logs.
    """
    current, reference = comparison.numeric
    gap, conditions = _ks(current, reference)
    n, m = _on_the_line(current).sum(axis=1), _on_the_line(reference).sum(axis=1)
    effective = n * (m / np.maximum(n + m, 1))
    p = kolmogorov_tail(np.sqrt(effective) * gap)
    return values(p, *comparison.without_rows, *conditions)


@statistic(
    "wasserstein",
    label="Wasserstein-1 distance, scaled",
    kinds=("numeric",),
    range=(0.0, np.inf),
    symmetric=False,
    unit="spread of the reference: max(sd, IQR / 1.349, 0.001 scales of the bins)",
    source="Vallender (1974) for the integral of abs(F - G)",
)
def wasserstein(comparison: Comparison) -> Values:
    """Area between the two distribution functions of the finite quantities, in the reference's
    spread; mass lies evenly within a bin.

    Never less than the difference of the exact means, which it is at least in truth.
    """
    current, reference = comparison.numeric
    with np.errstate(over="ignore", invalid="ignore"):
        area = _area_between(current, reference)
        shift = np.abs(current.moments.mean - reference.moments.mean)
        value = np.fmax(area, shift) / spread_of(reference)
    return values(value, *comparison.without_values)


def _on_the_line(states: NumericStates) -> Counts:
    """Counts of the bins of finite quantities and infinities."""
    line = states.quantities.copy()
    line[:, [0, -1]] = states.bins[:, [0, -1]]
    return line


def _distribution(counts: Counts) -> Floats:
    running = np.cumsum(counts, axis=1)
    return running / np.maximum(running[:, -1:], 1)


def _ks(
    current: NumericStates, reference: NumericStates
) -> tuple[Floats, tuple[tuple[AnyArray, str], ...]]:
    first, second = _on_the_line(current), _on_the_line(reference)
    gap = np.abs(_distribution(first) - _distribution(second)).max(axis=1)
    return gap, (
        (first.sum(axis=1) == 0, "current window has no values"),
        (second.sum(axis=1) == 0, "reference has no values"),
    )


def _area_between(current: NumericStates, reference: NumericStates) -> Floats:
    low = np.fmin(current.least, reference.least)[:, None]
    high = np.fmax(current.greatest, reference.greatest)[:, None]
    binning = current.binning
    widths = np.clip(binning.upper_edges, low, high) - np.clip(binning.edges, low, high)
    widths[:, binning.single_value] = 0.0
    after = _distribution(current.quantities) - _distribution(reference.quantities)
    before = np.zeros_like(after)
    before[:, 1:] = after[:, :-1]
    # |F - G| is linear within a bin: a trapezium, or two triangles where it changes sign.
    left, right = np.abs(before), np.abs(after)
    total = left + right
    crossing = (before * after < 0) & (total > 0)
    squares = np.divide(left**2 + right**2, total, out=np.zeros_like(total), where=crossing)
    mean = np.where(crossing, squares, total) / 2.0
    return np.asarray(np.where(mean > 0, mean * widths, 0.0).sum(axis=1))


def spread_of(reference: NumericStates) -> Floats:
    """Unit of Wasserstein-1: max(sd, IQR / 1.349, 0.001 scales of the bins), (n,)."""
    quartiles = quantiles(reference, (0.25, 0.75))
    iqr = (quartiles[:, 1] - quartiles[:, 0]) / IQR_OF_NORMAL
    floor = SCALE_FLOOR * reference.binning.scale
    return np.fmax(np.fmax(reference.moments.sd, iqr), floor)
