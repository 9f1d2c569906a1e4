"""Tails and quantiles of the distributions used by tests, from ``scipy.special``."""

from __future__ import annotations

import numpy as np
from scipy import special

from modelwatch.stats.arrays import Counts, Floats

_MOST_DEGREES = 1000.0
"""Degrees of freedom of Fisher's F beyond which further ones have no effect on results."""


def erfc(x: Floats) -> Floats:
    """Complementary error function."""
    return np.asarray(special.erfc(x), dtype=np.float64)


def chi_square_tail(statistic: Floats, degrees: Counts) -> Floats:
    """Probability that chi-square with some degrees of freedom exceeds a value; (n,) each.

    1 for no degrees of freedom.
    """
    tail = special.chdtrc(np.where(degrees > 0, degrees, 1), statistic)
    return np.where(degrees > 0, tail, 1.0)


def chi_square_quantile(degrees: int, tail: float) -> float:
    """Value that chi-square with some degrees of freedom exceeds with a probability."""
    return float(special.chdtri(degrees, tail))


def kolmogorov_tail(statistic: Floats) -> Floats:
    """Probability that the limit of sqrt(n) times the Kolmogorov-Smirnov distance exceeds a
    value."""
    return np.asarray(special.kolmogorov(statistic), dtype=np.float64)


def normal_tail(x: Floats) -> Floats:
    """Probability that a standard normal variable exceeds a value."""
    return np.asarray(special.ndtr(-np.asarray(x, dtype=np.float64)), dtype=np.float64)


def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution for a probability in (0, 1)."""
    return float(special.ndtri(probability))


def incomplete_beta(a: Floats, b: Floats, x: Floats) -> Floats:
    """Regularized incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1]; one shape."""
    return np.asarray(special.betainc(a, b, x), dtype=np.float64)


def student_tail(t: Floats, degrees: Floats) -> Floats:
    """Probability that Student's t with some degrees of freedom exceeds a value; one shape.

    NaN for less than one degree of freedom.
    """
    return np.asarray(special.stdtr(degrees, -np.asarray(t)), dtype=np.float64)


def student_quantile(probability: float, degrees: Floats) -> Floats:
    """Quantile of Student's t for a probability in (0, 1); (...) of degrees.

    NaN for less than one degree of freedom.
    """
    return np.asarray(special.stdtrit(degrees, probability), dtype=np.float64)


def f_tail(ratio: Floats, first: Floats | float, second: Floats | float) -> Floats:
    """Probability that F with two degrees of freedom exceeds a ratio of at least 0; one shape.

    Degrees of freedom need not be integers, and are limited to ``_MOST_DEGREES``. NaN for NaN.
    """
    v, w = np.minimum(first, _MOST_DEGREES), np.minimum(second, _MOST_DEGREES)
    return np.asarray(special.fdtrc(v, w, ratio), dtype=np.float64)


def fair_coin_p_value(heads: Counts, tails: Counts) -> Floats:
    """Two-sided exact probability of a split of fair coins at least as uneven, 1 for none; one
    shape.

    Twice the tail of Binomial(heads + tails, 1/2), at most 1.
    """
    fewer, thrown = np.minimum(heads, tails), heads + tails
    return np.asarray(np.minimum(1.0, 2.0 * special.bdtr(fewer, thrown, 0.5)), dtype=np.float64)
