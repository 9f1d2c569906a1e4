"""Correlations of a block of numeric features, and their changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Comparison, Values, values
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.special import erfc
from modelwatch.stats.states.pairs import PairStates

FEW_ROWS = 4
"""Minimum complete rows for a comparison of correlations: Fisher's z needs n - 3 > 0."""
NO_VARIANCE = 1e-5
"""Variance, in squared steps, attributed to rounding: a spread below a millionth."""
_LARGEST = 1.0 - 1e-12


@dataclass(frozen=True)
class Correlations:
    """Pearson's correlation of each pair of features, over the rows in which both are finite.

    ``value`` (n, P): NaN if a feature is constant or there are fewer than two rows. ``rows`` (n,
    P). Pairs in the order of ``pair_positions``. Values are clipped at 8 scales of the reference.
    """

    value: Floats
    rows: Counts


def pair_positions(features: int) -> tuple[AnyArray, AnyArray]:
    """Positions of the first and of the second feature of each pair, (P,) each."""
    first, second = np.triu_indices(features, k=1)
    return first, second


def correlations(states: PairStates) -> Correlations:
    """Correlations of all pairs, from the merged products."""
    first, second = pair_positions(len(states.features))
    rows = states.products[:, 0, first, second]
    n = np.maximum(rows, 1).astype(np.float64)
    mean_i = states.products[:, 1, first, second] / n
    mean_j = states.products[:, 1, second, first] / n
    var_i = states.products[:, 2, first, second] / n - mean_i**2
    var_j = states.products[:, 2, second, first] / n - mean_j**2
    covariance = states.products[:, 3, first, second] / n - mean_i * mean_j
    known = (var_i > NO_VARIANCE) & (var_j > NO_VARIANCE) & (rows >= 2)
    deviation = np.sqrt(np.where(known, var_i * var_j, 1.0))
    value = np.where(known, np.clip(covariance / deviation, -1.0, 1.0), np.nan)
    return Correlations(value, rows)


@statistic(
    "correlation_change",
    label="Change of correlation",
    kinds=("pair",),
    range=(-2.0, 2.0),
    symmetric=False,
    unit="Pearson's r",
    source="Pearson (1895)",
    bound="rounding, and clipping at 8 scales of the reference to steps of 1/4096",
)
def correlation_change(comparison: Comparison) -> Values:
    """Correlation of two features, minus their correlation in the reference, over the rows in which
    both are finite. Values are clipped at 8 scales of the reference."""
    both = comparison.memoized(_Both)
    return values(both.current.value - both.reference.value, *both.conditions)


@statistic(
    "correlation_change_p_value",
    label="p-value of the change of correlation",
    kinds=("pair",),
    range=(0.0, 1.0),
    symmetric=True,
    identical=1.0,
    unit="probability",
    source="Fisher (1921), difference between z = artanh(r) of two independent samples",
    bound="rounding, and clipping at 8 scales of the reference to steps of 1/4096",
)
def correlation_change_p_value(comparison: Comparison) -> Values:
    """Probability of a change at least this large if all rows were drawn independently from one
    bivariate normal distribution.

    Rows of one day are not independent, so it is too small for real logs.
    """
    both = comparison.memoized(_Both)
    difference = _fisher(both.current.value) - _fisher(both.reference.value)
    variance = sum(1.0 / np.maximum(side.rows - 3.0, 1.0) for side in both.sides)
    p = erfc(np.abs(difference) / np.sqrt(2.0 * variance))
    return values(p, *both.conditions)


def top_pairs(changes: Values, top: int) -> AnyArray:
    """Positions of the pairs with the largest changes in each window, largest first: (W, <= top).

    Undefined changes come last; ties keep the order of the pairs.
    """
    size = np.where(np.isnan(changes.value), -1.0, np.abs(changes.value))
    return np.argsort(-size, axis=1, kind="stable")[:, :top]


def _fisher(r: Floats) -> Floats:
    return np.arctanh(np.clip(r, -_LARGEST, _LARGEST))


@dataclass(frozen=True)
class _Both:
    comparison: Comparison

    @cached_property
    def sides(self) -> tuple[Correlations, Correlations]:
        current, reference = self.comparison.block
        return correlations(current), correlations(reference)

    @property
    def current(self) -> Correlations:
        return self.sides[0]

    @property
    def reference(self) -> Correlations:
        return self.sides[1]

    @property
    def conditions(self) -> tuple[tuple[AnyArray, str], ...]:
        few = f"fewer than {FEW_ROWS} rows have both values"
        return (
            (self.current.rows < FEW_ROWS, f"current window: {few}"),
            (self.reference.rows < FEW_ROWS, f"reference: {few}"),
            (np.isnan(self.current.value), "a feature is constant in the current window"),
            (np.isnan(self.reference.value), "a feature is constant in the reference"),
        )
