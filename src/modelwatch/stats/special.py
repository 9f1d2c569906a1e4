"""Special functions of the tests: tails of the chi-square and the Kolmogorov distribution."""

from __future__ import annotations

import math

import numpy as np

from modelwatch.stats.arrays import Counts, Floats

_KOLMOGOROV_TERMS = np.arange(1, 9, dtype=np.float64)
_KOLMOGOROV_TURN = 1.0

_log_gamma = np.frompyfunc(math.lgamma, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def erfc(x: Floats) -> Floats:
    """Complementary error function."""
    return np.asarray(_erfc(x), dtype=np.float64)


def chi_square_tail(statistic: Floats, degrees: Counts) -> Floats:
    """Probability that chi-square with some degrees of freedom exceeds a value; (n,) each.

    The regularised upper incomplete gamma function Q(degrees / 2, statistic / 2), by its finite
    sum: Q(a + 1, x) = Q(a, x) + x**a exp(-x) / gamma(a + 1), from Q(1, x) = exp(-x) and
    Q(1/2, x) = erfc(sqrt(x)). All terms are positive, so that nothing cancels. No degrees give 1.
    Source: Abramowitz and Stegun (1964), 26.4.4 and 26.4.5.
    """
    x = np.asarray(statistic, dtype=np.float64) / 2.0
    odd = degrees % 2 == 1
    first = np.where(odd, erfc(np.sqrt(x)), np.exp(-x))
    steps = np.arange(max(0, (int(degrees.max(initial=0)) - 1) // 2))
    order = np.where(odd, 0.5, 1.0)[:, None] + steps
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = order * np.log(x)[:, None] - x[:, None]
    logs -= np.asarray(_log_gamma(order + 1.0), dtype=np.float64)
    taken = steps < ((degrees - 1) // 2)[:, None]
    sums = np.where(taken, np.exp(np.where(taken, logs, -np.inf)), 0.0).sum(axis=1)
    return np.where(degrees > 0, np.minimum(first + sums, 1.0), 1.0)


def kolmogorov_tail(statistic: Floats) -> Floats:
    """Probability that the limit of sqrt(n) times the Kolmogorov-Smirnov distance exceeds a value.

    Source: Kolmogorov (1933); the series in x**-2 below 1, as in Marsaglia et al. (2003).
    """
    x = np.asarray(statistic, dtype=np.float64)[:, None]
    k = _KOLMOGOROV_TERMS
    upper = 2.0 * ((-1.0) ** (k - 1) * np.exp(-2.0 * (k * x) ** 2)).sum(axis=1)
    safe = np.maximum(x, 1e-2)
    terms = np.exp(-((2.0 * k - 1.0) ** 2) * math.pi**2 / (8.0 * safe**2))
    lower = 1.0 - (math.sqrt(2.0 * math.pi) / safe * terms).sum(axis=1)
    tail = np.where(x[:, 0] < _KOLMOGOROV_TURN, lower, upper)
    return np.asarray(np.clip(tail, 0.0, 1.0))
