"""Divergences between two distributions over the same cells."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, ComparisonKind, Values, values
from modelwatch.stats.drift.merged_cells import OF_CELLS, UNKNOWN, merged_cells, zero_unless_merged
from modelwatch.stats.drift.statistic import statistic

DECILES = 10
"""Quantile groups of PSI and of the chi-square test."""
FINE_GROUPS = 30
"""Quantile groups of the unsmoothed distances, not counting the two groups beyond the ends;
docs/decisions/0003-binned-statistics.md explains the 30."""
HALF = 0.5
"""Added to each cell with rows on either side before PSI takes logarithms."""

_FEATURE: tuple[ComparisonKind, ...] = ("numeric", "categorical")
_TOO_SMALL = f"{OF_CELLS}; if categories share a cell, too small by at most what the cell hides"


def _hidden(comparison: Comparison) -> tuple[Floats, Floats]:
    """Shares of both sides in the cells that may contain several values, (W, M) each."""
    p, q = np.broadcast_arrays(*_fine_shares(comparison))
    at = merged_cells(comparison)
    return p[:, at], q[:, at]


def _psi_error(comparison: Comparison) -> Floats:
    return zero_unless_merged(comparison)


def _jensen_shannon_error(comparison: Comparison) -> Floats:
    """If the values of a cell were disjoint on both sides, its term would be half of its shares."""
    p, q = _hidden(comparison)
    m = (p + q) / 2.0
    least = _entropy_terms(p, m) + _entropy_terms(q, m)
    hidden = np.maximum(p + q - least, 0.0).sum(axis=1) / 2.0
    return _root_error(jensen_shannon(comparison).value, hidden)


def _hellinger_error(comparison: Comparison) -> Floats:
    p, q = _hidden(comparison)
    return _root_error(hellinger(comparison).value, np.sqrt(p * q).sum(axis=1))


def _total_variation_error(comparison: Comparison) -> Floats:
    p, q = _hidden(comparison)
    return np.asarray(np.minimum(p, q).sum(axis=1))


def _l_infinity_error(comparison: Comparison) -> Floats:
    """The largest change may be inside a cell of several values, or that of the cell itself."""
    p, q = np.broadcast_arrays(*_fine_shares(comparison))
    change = np.abs(p - q)
    value = change.max(axis=1)
    at = merged_cells(comparison)
    held = np.zeros(change.shape[1], dtype=bool)
    held[at] = True
    least = np.where(held, 0.0, change).max(axis=1)
    greatest = np.fmax(value, np.maximum(p, q)[:, at].max(axis=1, initial=0.0))
    return np.asarray(
        np.where(
            p[:, at].any(axis=1) | q[:, at].any(axis=1),
            np.maximum(greatest - value, value - least),
            0.0,
        )
    )


def _root_error(value: Floats, hidden: Floats) -> Floats:
    """How much the root of a divergence grows if the divergence grows by what is hidden."""
    return np.asarray(np.sqrt(np.minimum(value**2 + hidden, 1.0)) - np.minimum(value, 1.0))


@statistic(
    "psi",
    threshold=0.2,
    label="Population stability index",
    kinds=_FEATURE,
    range=(0.0, np.inf),
    symmetric=False,
    smoothing="0.5 rows per cell",
    unit="nats",
    source="Siddiqi, Credit Risk Scorecards (2006); Jeffreys (1946) for the divergence and 1/2",
    bound=UNKNOWN,
    error_bound=_psi_error,
)
def psi(comparison: Comparison) -> Values:
    """Sum of (p - q) ln(p / q) over the deciles of the reference, or over the categories. Null,
    NaN, infinities, and special values are cells of their own.

    A cell that is empty on both sides is left out, and is not smoothed.
    """
    current, reference = comparison.cells(DECILES)
    used = (current > 0) | (reference > 0)
    p, q = _smoothed(current, used), _smoothed(reference, used)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(used, (p - q) * np.log(p / q), 0.0)
    return values(terms.sum(axis=1), *comparison.without_rows)


@statistic(
    "jensen_shannon",
    label="Jensen-Shannon distance",
    kinds=_FEATURE,
    range=(0.0, 1.0),
    symmetric=False,
    unit="square root of bits",
    source="Lin (1991); Endres and Schindelin (2003) for the distance",
    bound=_TOO_SMALL,
    error_bound=_jensen_shannon_error,
)
def jensen_shannon(comparison: Comparison) -> Values:
    """Square root of the Jensen-Shannon divergence with base 2, over quantile groups of the
    reference or over the categories."""
    p, q = _fine_shares(comparison)
    m = (p + q) / 2.0
    divergence = (_entropy_terms(p, m) + _entropy_terms(q, m)).sum(axis=1) / 2.0
    value = np.sqrt(np.clip(divergence, 0.0, 1.0))
    return values(value, *comparison.without_rows)


@statistic(
    "hellinger",
    label="Hellinger distance",
    kinds=_FEATURE,
    range=(0.0, 1.0),
    symmetric=False,
    source="Le Cam and Yang, Asymptotics in Statistics (2000), section 3.1",
    bound=_TOO_SMALL,
    error_bound=_hellinger_error,
)
def hellinger(comparison: Comparison) -> Values:
    """Square root of half the sum of (sqrt(p) - sqrt(q))**2, over quantile groups of the reference
    or over the categories."""
    p, q = _fine_shares(comparison)
    squared = ((np.sqrt(p) - np.sqrt(q)) ** 2).sum(axis=1) / 2.0
    return values(np.sqrt(np.minimum(squared, 1.0)), *comparison.without_rows)


@statistic(
    "total_variation",
    label="Total variation distance",
    kinds=_FEATURE,
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of rows",
    source="Levin, Peres and Wilmer, Markov Chains and Mixing Times (2009), section 4.1",
    bound=_TOO_SMALL,
    error_bound=_total_variation_error,
)
def total_variation(comparison: Comparison) -> Values:
    """Half the sum of abs(p - q) over quantile groups of the reference or over the categories: the
    share of rows that would have to move."""
    p, q = _fine_shares(comparison)
    value = np.minimum(np.abs(p - q).sum(axis=1) / 2.0, 1.0)
    return values(value, *comparison.without_rows)


@statistic(
    "l_infinity",
    label="L-infinity distance",
    kinds=_FEATURE,
    range=(0.0, 1.0),
    symmetric=False,
    unit="share of rows",
    source="Breck et al., Data validation for machine learning (2019), section 3.2",
    bound=f"{OF_CELLS}; if categories share a cell, at most what the cell hides",
    error_bound=_l_infinity_error,
)
def l_infinity(comparison: Comparison) -> Values:
    """Largest change in the share of one quantile group of the reference, or of one category."""
    p, q = _fine_shares(comparison)
    return values(np.abs(p - q).max(axis=1), *comparison.without_rows)


def shares(counts: Counts) -> Floats:
    """Shares of each row of counts; zeros if it is empty."""
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.maximum(total, 1), dtype=np.float64)


def _fine_shares(comparison: Comparison) -> tuple[Floats, Floats]:
    current, reference = comparison.cells(FINE_GROUPS, beyond=True)
    return shares(current), shares(reference)


def _smoothed(counts: Counts, used: AnyArray) -> Floats:
    raised = np.where(used, counts + HALF, 0.0)
    total = np.maximum(raised.sum(axis=1, keepdims=True), HALF)
    return np.asarray(raised / total, dtype=np.float64)


def _entropy_terms(p: Floats, m: Floats) -> Floats:
    ratio = np.divide(p, m, out=np.ones_like(m), where=(m > 0) & (p > 0))
    return p * np.log2(ratio)
