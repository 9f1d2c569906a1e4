"""Distances between two numeric distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.area import area_between
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.profile.quantiles import quantiles
from modelwatch.stats.special import kolmogorov_tail
from modelwatch.stats.states.binning import IQR_OF_NORMAL
from modelwatch.stats.states.numeric import NumericStates

LARGEST_ERROR = 0.05
"""Error in spreads of the reference up to which Wasserstein-1 is useful, however small it is."""
LOOSE = "the error bound of the bins exceeds the value"
SCALE_FLOOR = 1e-3
"""Minimum unit of Wasserstein-1, in scales of the frozen bins, so that a constant reference has
one."""
_LEAST = float(np.finfo(np.float64).smallest_subnormal)


@dataclass(frozen=True)
class _Gap:
    """Kolmogorov-Smirnov distances at the edges, by how much they may be too small, and the
    effective number of rows of both sides; (W,) each."""

    value: Floats
    error_bound: Floats
    rows: Floats
    conditions: tuple[tuple[AnyArray, str], ...]

    def tail(self, gap: Floats) -> Floats:
        """Probability of a distance at least as large as the given one."""
        return kolmogorov_tail(np.sqrt(self.rows) * gap)


def _gap(comparison: Comparison) -> _Gap:
    current, reference = comparison.numeric
    first, second = _on_the_line(current), _on_the_line(reference)
    after, other = _distribution(first), _distribution(second)
    value = np.abs(after - other).max(axis=1)
    several = np.flatnonzero(
        ~current.binning.single_value & ((first > 0).any(axis=0) | (second > 0).any(axis=0))
    )
    inside = np.maximum(
        after[:, several] - other[:, several - 1], other[:, several] - after[:, several - 1]
    ).max(axis=1, initial=0.0)
    n, m = first.sum(axis=1), second.sum(axis=1)
    return _Gap(
        value,
        np.maximum(inside - value, 0.0),
        n * (m / np.maximum(n + m, 1)),
        ((n == 0, "current window has no values"), (m == 0, "reference has no values")),
    )


def _ks_error(comparison: Comparison) -> Floats:
    return comparison.memoized(_gap).error_bound


def _ks_p_value_error(comparison: Comparison) -> Floats:
    gap = comparison.memoized(_gap)
    less = gap.tail(np.minimum(gap.value + gap.error_bound, 1.0))
    return np.asarray(gap.tail(gap.value) - less)


@statistic(
    "ks",
    label="Kolmogorov-Smirnov distance",
    kinds=("numeric",),
    range=(0.0, 1.0),
    symmetric=True,
    unit="share of values",
    source="Smirnov (1948)",
    bound="too small by at most the largest share, on either side, of a bin with several values",
    error_bound=_ks_error,
)
def ks(comparison: Comparison) -> Values:
    """Largest difference between the two distribution functions at the frozen edges, over finite
    and infinite values. Nulls, NaN, and special values are left out.

    It is at most the distance of the raw values.
    """
    gap = comparison.memoized(_gap)
    return values(gap.value, *comparison.without_rows, *gap.conditions)


@statistic(
    "ks_p_value",
    label="p-value of Kolmogorov-Smirnov",
    kinds=("numeric",),
    range=(0.0, 1.0),
    symmetric=True,
    identical=1.0,
    unit="probability",
    source="Smirnov (1948), asymptotic two-sample distribution",
    bound="too large by at most the effect of the error bound of the distance",
    error_bound=_ks_p_value_error,
)
def ks_p_value(comparison: Comparison) -> Values:
    """Probability of a distance at least this large if all rows were drawn independently from one
    distribution, by the asymptotic formula. Ties and bins make it too large, never too small.

    Rows of one day are not independent, so it is too small for real logs.
    """
    gap = comparison.memoized(_gap)
    return values(gap.tail(gap.value), *comparison.without_rows, *gap.conditions)


@dataclass(frozen=True)
class _Wasserstein:
    """Distances in spreads of the reference, and their maximum errors; (W,)."""

    value: Floats
    error_bound: Floats


def _wasserstein(comparison: Comparison) -> _Wasserstein:
    current, reference = comparison.numeric
    area, spread = area_between(current, reference), spread_of(reference)
    with np.errstate(over="ignore", invalid="ignore"):
        return _Wasserstein(area.estimate / spread, area.error_bound / spread)


def _wasserstein_error(comparison: Comparison) -> Floats:
    return comparison.memoized(_wasserstein).error_bound


@statistic(
    "wasserstein",
    label="Wasserstein-1 distance, scaled",
    kinds=("numeric",),
    range=(0.0, np.inf),
    symmetric=False,
    unit="spread of the reference: max(sd, IQR / 1.349, 0.001 scales of the bins)",
    source="Vallender (1974) for the integral of abs(F - G)",
    bound="at most the range of areas that bins, extremes, and means allow; undefined if it "
    "exceeds both the value and 0.05",
    error_bound=_wasserstein_error,
)
def wasserstein(comparison: Comparison) -> Values:
    """Area between the two distribution functions of the finite values, in units of the spread of
    the reference.

    Exact if each bin contains one value, or if one function lies above the other in every bin;
    otherwise, the values of a bin are assumed to be evenly spread. Never less than the difference
    of the exact means.
    """
    found = comparison.memoized(_wasserstein)
    loose = (found.error_bound > found.value) & (found.error_bound > LARGEST_ERROR)
    return values(found.value, *comparison.without_values, (loose, LOOSE))


def _on_the_line(states: NumericStates) -> Counts:
    """Counts of the bins of finite values and infinities."""
    line = states.quantities.copy()
    line[:, [0, -1]] = states.bins[:, [0, -1]]
    return line


def _distribution(counts: Counts) -> Floats:
    running = np.cumsum(counts, axis=1)
    return running / np.maximum(running[:, -1:], 1)


def spread_of(reference: NumericStates) -> Floats:
    """Unit of Wasserstein-1: max(sd, IQR / 1.349, 0.001 scales of the bins), (n,)."""
    quartiles = quantiles(reference, (0.25, 0.75))
    with np.errstate(over="ignore"):
        iqr = (quartiles[:, 1] - quartiles[:, 0]) / IQR_OF_NORMAL
    floor = max(SCALE_FLOOR * reference.binning.scale, _LEAST)
    return np.fmax(np.fmax(reference.moments.sd, iqr), floor)
