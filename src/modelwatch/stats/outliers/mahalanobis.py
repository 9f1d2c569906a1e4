"""Outlying rows: distances from the days of a reference, robust to its bad days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.drift.correlation import NO_VARIANCE
from modelwatch.stats.special import chi_square_quantile, chi_square_tail
from modelwatch.stats.states.pairs import STEPS, PairStates

CORE_SHARE = 0.75
"""Share of the reference's days that the center is computed from."""
_FEWEST_DAYS = 4
"""Number of days below which all are used."""
TAIL = 1e-3
"""Probability of a distance beyond the threshold for normal rows."""
LEAST_EIGENVALUE = 1e-3
"""Relative to the correlations: differences of redundant features may be rounding."""
_STEPS_OF_CONCENTRATION = 20


@dataclass(frozen=True)
class Center:
    """The location of the rows of a reference, in scales of the frozen bins (``PairStates``).

    ``features``: names, (d,). ``used`` (d,): those that vary. ``mean`` and ``sd`` (d,): in scales
    of the frozen bins from their centers. ``correlation`` (d, d): of those used, 1 on the diagonal
    for the others. ``core`` (m,): the days of the reference that it is computed from.
    """

    features: tuple[str, ...]
    used: AnyArray
    mean: Floats
    sd: Floats
    correlation: Floats
    core: AnyArray


@dataclass(frozen=True)
class Distances:
    """The distances of rows; (n,), but ``parts`` (n, d).

    ``square``: squared Mahalanobis distance over the values that a row has. ``values``: their
    number. ``parts``: each feature's share of the squared distance; they add up to it, and none is
    negative.
    """

    square: Floats
    values: AnyArray
    parts: Floats

    @cached_property
    def p_value(self) -> Floats:
        """Probability of a distance at least this large in a normal population, (n,)."""
        return chi_square_tail(self.square, self.values)


def robust_center(days: PairStates) -> Center | None:
    """Center and correlation of a reference from its m days, without outlying days.

    Starting from the medians of the days' moments, center and covariance are computed from the
    three quarters of the days with the closest rows, repeatedly, until the same days remain: the
    concentration steps of Rousseeuw and Van Driessen (1999), applied to days instead of rows.
    Values are clipped at 8 scales, so single rows have little weight. The spread is scaled to that
    of the median day. None if no feature varies.
    """
    held = days.take(np.flatnonzero(days.rows > 0))
    if not len(held):
        return None
    mean, second = _moments(held.products)
    center, covariance = _known_median(mean), _known_median(second)
    covariance = covariance - np.outer(center, center)
    m = len(held)
    core = np.ones(m, dtype=bool)
    if m >= _FEWEST_DAYS:
        size = int(np.ceil(CORE_SHARE * m))
        for _ in range(_STEPS_OF_CONCENTRATION):
            distance = _mean_square(mean, second, center, covariance)
            nearest = np.zeros(m, dtype=bool)
            nearest[np.argsort(distance, kind="stable")[:size]] = True
            if np.array_equal(nearest, core):
                break
            core = nearest
            center, covariance = _of_total(held, core)
    else:
        center, covariance = _of_total(held, core)
    variance = np.diagonal(covariance)
    used = np.isfinite(variance) & (variance * STEPS**2 > NO_VARIANCE)
    if not used.any():
        return None
    distance = _mean_square(mean, second, center, covariance)
    scale = float(np.median(distance)) / int(used.sum())
    sd = np.sqrt(np.where(used, variance * max(scale, 1.0), 1.0))
    correlation = _correlation(covariance, used)
    return Center(held.features, used, np.where(used, center, 0.0), sd, correlation, core)


def mean_squares(states: PairStates, center: Center) -> Floats:
    """Mean squared distance of the rows of each scope, per feature used: about 1; (n,).

    For pairs that no row of a scope has, the covariance is assumed to be that of the center. NaN
    for a scope without rows.
    """
    mean, second = _moments(states.products)
    scale = np.outer(center.sd, center.sd)
    covariance = center.correlation * scale
    return _mean_square(mean, second, center.mean, covariance) / int(center.used.sum())


def distances(rows: Floats, center: Center) -> Distances:
    """Distances of rows (n, d) in scales of the frozen bins from their centers; NaN is missing.

    Missing values are left out, and the distance is over the others (the marginal distribution).
    Parts are those of Garthwaite and Koch (2016): the squares of the whitened values that are
    closest to the features themselves.
    """
    x = (np.asarray(rows, dtype=np.float64) - center.mean) / center.sd
    present = np.isfinite(x) & center.used
    parts = np.zeros(x.shape)
    for lines in _alike(present):
        at = np.flatnonzero(present[lines[0]])
        if len(at):
            root = powered(center.correlation[np.ix_(at, at)], -0.5)
            parts[np.ix_(lines, at)] = (x[np.ix_(lines, at)] @ root) ** 2
    return Distances(parts.sum(axis=1), present.sum(axis=1), parts)


def _alike(present: AnyArray) -> Iterator[AnyArray]:
    """Positions of the rows that have the same values, for each such set of rows."""
    if not len(present):
        return
    packed = np.packbits(present, axis=1)
    words = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    # Sorting integers is much faster than sorting rows of booleans.
    order = np.lexsort(words.view(np.uint64).T)
    changes = np.any(np.diff(words[order], axis=0) != 0, axis=1)
    yield from np.split(order, np.flatnonzero(changes) + 1)


def powered(correlation: Floats, exponent: float) -> Floats:
    """A power of a correlation matrix (d, d), with eigenvalues of at least LEAST_EIGENVALUE."""
    held, vectors = np.linalg.eigh(correlation)
    power = np.maximum(held, LEAST_EIGENVALUE) ** exponent
    return np.asarray((vectors * power) @ vectors.T)


def threshold(features: int, tail: float = TAIL) -> float:
    """Squared distance that normal rows of some features exceed with a probability."""
    return chi_square_quantile(features, tail)


def _moments(products: AnyArray) -> tuple[Floats, Floats]:
    """Means (n, d), and second moments (n, d, d) over rows with both, in scales; NaN without
    rows."""
    rows = products[:, 0].astype(np.float64)
    none = np.where(rows > 0, rows, np.nan)
    own = np.arange(products.shape[-1])
    mean = products[:, 1, own, own] / none[:, own, own] / STEPS
    return mean, products[:, 3] / none / STEPS**2


def _known_median(stack: Floats) -> Floats:
    """Median over the first axis of known values; NaN if there are none."""
    anywhere = np.isfinite(stack).any(axis=0)
    return np.where(anywhere, np.nanmedian(np.where(anywhere, stack, 0.0), axis=0), np.nan)


def _of_total(days: PairStates, core: AnyArray) -> tuple[Floats, Floats]:
    """Mean (d,) and covariance (d, d) of some days together."""
    mean, second = _moments(days.products[core].sum(axis=0)[None])
    return mean[0], second[0] - np.outer(mean[0], mean[0])


def _mean_square(mean: Floats, second: Floats, center: Floats, covariance: Floats) -> Floats:
    """Mean squared distance of the rows of scopes from a center: trace(inverse E[(x-c)(x-c)'])."""
    variance = np.diagonal(covariance)
    used = np.isfinite(variance) & (variance * STEPS**2 > NO_VARIANCE)
    sd = np.sqrt(np.where(used, variance, 1.0))
    root = powered(_correlation(covariance, used), -0.5)
    inverse = (root @ root)[None] * np.outer(used / sd, used / sd)
    shifted = second - mean[:, :, None] * center - center[:, None] * mean[:, None, :]
    about = shifted + np.outer(center, center)
    known = np.isfinite(about)
    filled = np.where(known, about, np.nan_to_num(covariance))
    square = (np.where(np.outer(used, used), filled, 0.0) * inverse).sum(axis=(1, 2))
    return np.where(known.any(axis=(1, 2)), square, np.nan)


def _correlation(covariance: Floats, used: AnyArray) -> Floats:
    """Correlations of the features used; those of others are 0, and 1 with themselves."""
    variance = np.where(used, np.diagonal(covariance), 1.0)
    sd = np.sqrt(np.where(variance > 0, variance, 1.0))
    both = np.outer(used, used)
    found = np.where(both, np.nan_to_num(covariance) / np.outer(sd, sd), 0.0)
    found = np.clip((found + found.T) / 2.0, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found
