"""The probability of a row count at least as far from its expectation, for few rows."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.special import incomplete_beta

LARGE_COUNT = 1000.0
"""Minimum expected rows for which the logarithm of a count is close to normal."""
MANY_TRIALS = 10_000.0
"""Minimum rows for which a share is close to normal."""
_LEAST_DISPERSION = 1e-4


def count_tail(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Two-sided probability of a negative binomial count; one shape.

    Its variance is ``mean + dispersion * mean ** 2``. 0 if ``mean`` is at least ``LARGE_COUNT``,
    NaN if an argument is unknown. Source: Johnson, Kemp and Kotz (2005), 5.6.
    """
    y, mu = np.asarray(count, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    size = 1.0 / np.maximum(np.asarray(dispersion, dtype=np.float64), _LEAST_DISPERSION)
    small = (mu > 0) & (mu < LARGE_COUNT) & (y < 20 * LARGE_COUNT)
    y, at = np.where(small, y, 1.0), np.where(small, mu, 1.0)
    failing = size / (size + at)
    below = incomplete_beta(size, y + 1.0, failing)
    above = np.where(y > 0, incomplete_beta(np.maximum(y, 1.0), size, 1.0 - failing), 1.0)
    return np.where(small, _two_sided(below, above), np.where(np.isnan(mu), np.nan, 0.0))


def share_tail(share: Floats, rows: Floats, expected: Floats) -> Floats:
    """Two-sided binomial probability of a share of independent rows; one shape.

    0 for ``MANY_TRIALS`` rows or more, NaN if an argument is unknown.
    """
    s, n, e = (np.asarray(x, dtype=np.float64) for x in (share, rows, expected))
    known = np.isfinite(s) & np.isfinite(e) & (n > 0)
    few = known & (n < MANY_TRIALS) & (e > 0) & (e < 1)
    trials, chance = np.where(few, n, 1.0), np.where(few, e, 0.5)
    hits = np.rint(np.where(few, s, 0.0) * trials)
    below = np.where(
        hits < trials, incomplete_beta(np.maximum(trials - hits, 1.0), hits + 1.0, 1.0 - chance), 1
    )
    above = np.where(
        hits > 0, incomplete_beta(np.maximum(hits, 1.0), trials - hits + 1.0, chance), 1.0
    )
    return np.where(few, _two_sided(below, above), np.where(known, 0.0, np.nan))


def _two_sided(below: Floats, above: Floats) -> Floats:
    return np.asarray(np.minimum(2.0 * np.minimum(below, above), 1.0))
