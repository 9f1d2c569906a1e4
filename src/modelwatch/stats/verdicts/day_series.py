"""A daily metric, and its likelihood around an expectation when neighboring days are similar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Counts, Floats

_ALIKE = np.linspace(0.0, 0.95, 20)
"""Candidate correlations of neighboring days."""
_ROUNDING = 1e-9
"""Relative to the largest value: smaller residuals are zero."""


@dataclass(frozen=True)
class DaySeries:
    """Metrics of n days, ascending, with gaps; all (n,).

    ``days``: day numbers. ``weights``: inverse variances of the values except for a factor. Values
    with different weights are compared in units of their own spread.
    """

    days: Counts
    values: Floats
    weights: Floats

    @classmethod
    def of(cls, values: Floats, days: Counts, weights: Floats | None = None) -> DaySeries:
        """The known values; ValueError unless days ascend and weights are positive."""
        y, t = np.asarray(values, dtype=np.float64), np.asarray(days, dtype=np.int64)
        w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
        known = np.isfinite(y) & np.isfinite(w)
        y, t, w = y[known], t[known], w[known]
        if np.any(np.diff(t) <= 0):
            raise ValueError("days must ascend")
        if np.any(w <= 0):
            raise ValueError("weights must be positive")
        return cls(t, y, w / w.mean() if len(w) else w)

    def __len__(self) -> int:
        return len(self.values)

    def deviances(self, expected: Floats) -> Floats:
        """-2 log likelihood except for a constant, of expectations (c, n): (c,).

        Residuals are normal with a correlation of rho**k between days k apart; variance and rho (0
        to 0.95) are the best ones for each expectation. A series without a gap has the exact
        likelihood of an autoregression of order 1.
        """
        residual = (self.values - np.atleast_2d(expected)) * np.sqrt(self.weights)
        gap = np.diff(self.days).astype(np.float64)
        n = len(self)
        least = (_ROUNDING * (float(np.abs(self.values).max(initial=0.0)) or 1.0)) ** 2
        best = np.full(len(residual), np.inf)
        for alike in _ALIKE:
            memory = alike**gap
            unexplained = 1.0 - memory**2
            innovation = residual[:, 1:] - memory * residual[:, :-1]
            square = residual[:, 0] ** 2 + (innovation**2 / unexplained).sum(axis=1)
            deviance = n * np.log(np.maximum(square / n, least)) + np.log(unexplained).sum()
            best = np.minimum(best, deviance)
        return best
