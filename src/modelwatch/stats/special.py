"""Special functions of the tests: tails and quantiles of the distributions that they refer to."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.polynomial.chebyshev import chebfit, chebval

from modelwatch.stats.arrays import Counts, Floats

_KOLMOGOROV_TERMS = np.arange(1, 9, dtype=np.float64)
_KOLMOGOROV_TURN = 1.0
_MANY_DEGREES = 150.0
"""Degrees of freedom from which on a closed form is as good as the fraction."""
_HILL_BOUND = 6.0
_BETA_STEPS = 20_000
_BETA_PRECISION = 1e-15
_BETA_TINY = 1e-300
_QUANTILE_NODES = 32
_NEWTON_STEPS = 100
_NEWTON_PRECISION = 1e-13

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


def normal_tail(x: Floats) -> Floats:
    """Probability that a standard normal value exceeds another."""
    return erfc(np.asarray(x, dtype=np.float64) / math.sqrt(2.0)) / 2.0


def normal_quantile(probability: float) -> float:
    """Value that a standard normal one does not exceed with some probability in (0, 1)."""
    return NormalDist().inv_cdf(probability)


def incomplete_beta(a: Floats, b: Floats, x: Floats) -> Floats:
    """Regularised incomplete beta function I_x(a, b) of a, b > 0 and x in [0, 1]; one shape.

    NaN where an argument is none of these. Source: the continued fraction of Abramowitz and
    Stegun (1964), 26.5.8, by Lentz's method; the side on which it converges fast is taken.
    """
    a, b, x = (np.asarray(v, dtype=np.float64) for v in np.broadcast_arrays(a, b, x))
    known = (a > 0) & (b > 0) & (x >= 0) & (x <= 1) & np.isfinite(a + b)
    first, second = np.where(known, a, 1.0), np.where(known, b, 1.0)
    at = np.where(known, x, 0.5)
    turned = at > (first + 1.0) / (first + second + 2.0)
    first, second = np.where(turned, second, first), np.where(turned, first, second)
    at = np.where(turned, 1.0 - at, at)
    with np.errstate(divide="ignore"):
        logs = first * np.log(at) + second * np.log1p(-at)
    gamma = _log_gamma(first + second) - _log_gamma(first) - _log_gamma(second)
    front = np.exp(logs + np.asarray(gamma, dtype=np.float64)) / first
    share = np.clip(front * _beta_fraction(first, second, at), 0.0, 1.0)
    return np.where(known, np.where(turned, 1.0 - share, share), np.nan)


def _beta_fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    c = np.ones_like(x)
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    result = d.copy()
    settled = np.zeros(x.shape, dtype=bool)
    for m in range(1, _BETA_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + term * d)
            c = _away_from_zero(1.0 + term / c)
            result *= c * d
        # The last digits of some go on to change where arguments are large.
        settled |= np.abs(c * d - 1.0) < _BETA_PRECISION
        if settled.all():
            break
    return result


def _away_from_zero(x: Floats) -> Floats:
    return np.where(np.abs(x) < _BETA_TINY, _BETA_TINY, x)


def student_tail(t: Floats, degrees: Floats) -> Floats:
    """Probability that Student's t with some degrees of freedom exceeds a value; one shape.

    NaN without a degree of freedom. Source: Abramowitz and Stegun (1964), 26.7.1; for many degrees,
    of which the fraction takes long, Hill (1970), algorithm 395, right to ten digits there.
    """
    t, degrees = (np.asarray(v, dtype=np.float64) for v in np.broadcast_arrays(t, degrees))
    safe = np.where(degrees > 0, degrees, np.nan)
    many = (safe >= _MANY_DEGREES) & (np.abs(t) <= _HILL_BOUND) & np.isfinite(safe)
    few = np.where(many, 1.0, safe)
    with np.errstate(over="ignore"):
        square = t * t
    half = incomplete_beta(few / 2.0, np.full(t.shape, 0.5), few / (few + square)) / 2.0
    if many.any():
        half = np.where(many, normal_tail(_hill(np.where(many, t, 0.0), safe)), half)
    return np.where(t < 0, 1.0 - half, half)


def _hill(t: Floats, degrees: Floats) -> Floats:
    """Normal deviate of the same tail."""
    v = np.where(degrees >= _MANY_DEGREES, degrees, _MANY_DEGREES)
    a = v - 0.5
    b = 48.0 * a * a
    w = a * np.log1p(t * t / v)
    inner = ((((-0.4 * w - 3.3) * w - 24.0) * w - 85.5) / (0.8 * w * w + 100.0 + b) + w + 3.0) / b
    return np.asarray((inner + 1.0) * np.sqrt(w), dtype=np.float64)


def student_quantile(probability: float, degrees: Floats) -> Floats:
    """Value that Student's t does not exceed with some probability in (0, 1); (...) of degrees.

    By Newton's method on its tail, from the expansion of Abramowitz and Stegun (1964), 26.7.5; from
    one degree of freedom on by Chebyshev interpolation of that in their reciprocal, right to eleven
    digits. NaN without a degree of freedom.
    """
    degrees = np.asarray(degrees, dtype=np.float64)
    if probability < 0.5:
        return -student_quantile(1.0 - probability, degrees)
    many = degrees >= 1.0
    at = 2.0 / np.where(many, degrees, 1.0) - 1.0
    found = np.where(many, chebval(at, _quantile_series(probability)), np.nan)
    few = (degrees > 0) & ~many
    if few.any():
        found[few] = _student_quantiles(probability, degrees[few])
    return found


@lru_cache(maxsize=64)
def _quantile_series(probability: float) -> Floats:
    """Coefficients of the quantile by the reciprocal of its degrees of freedom, from 0 to 1."""
    nodes = np.cos(np.pi * (np.arange(_QUANTILE_NODES) + 0.5) / _QUANTILE_NODES)
    values = _student_quantiles(probability, 2.0 / (nodes + 1.0))
    return np.asarray(chebfit(nodes, values, _QUANTILE_NODES - 1), dtype=np.float64)


def _student_quantiles(probability: float, v: Floats) -> Floats:
    half = v / 2.0
    gamma = np.asarray(_log_gamma(half + 0.5) - _log_gamma(half), dtype=np.float64)
    found = _near_quantile(normal_quantile(probability), v)
    for _ in range(_NEWTON_STEPS):
        density = np.exp(gamma - (half + 0.5) * np.log1p(found**2 / v)) / np.sqrt(v * math.pi)
        step = (student_tail(found, v) - (1.0 - probability)) / density
        found = found + step
        if not np.any(np.abs(step) > _NEWTON_PRECISION * np.abs(found)):
            break
    return found


def _near_quantile(x: float, degrees: Floats) -> Floats:
    """A quantile of Student's t near that of the normal one; the latter for few degrees."""
    v = np.where(degrees >= 3.0, degrees, np.inf)
    terms = (
        (x**3 + x) / 4.0,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96.0,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384.0,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160.0,
    )
    return np.asarray(x + sum(term / v**power for power, term in enumerate(terms, 1)))


def fair_coin_p_value(heads: Counts, tails: Counts) -> Floats:
    """Two-sided exact probability of so uneven a split of fair coins, 1 for none; one shape.

    Twice the tail of Binomial(heads + tails, 1/2), at most 1.
    """
    heads, tails = np.broadcast_arrays(heads, tails)
    fewer = np.minimum(heads, tails).astype(np.float64)
    thrown = (heads + tails).astype(np.float64)
    half = np.full(fewer.shape, 0.5)
    tail = incomplete_beta(np.maximum(thrown - fewer, 0.5), fewer + 1.0, half)
    return np.where(thrown > 0, np.minimum(1.0, 2.0 * tail), 1.0)
