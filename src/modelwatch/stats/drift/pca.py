"""Reconstruction error of a block of numeric features, from stored products only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.drift.comparison import NO_CURRENT_ROWS, Comparison, Values, values
from modelwatch.stats.drift.correlation import NO_VARIANCE
from modelwatch.stats.drift.statistic import statistic
from modelwatch.stats.states.pairs import PairStates

SHARE_OF_VARIANCE = 0.65
"""Minimum share of the reference's variance in the kept components, as in NannyML."""
SMALLEST_ERROR = 1e-6
"""Error of a reference, in standard deviations, attributed to rounding."""
NO_VARYING_FEATURE = "no feature varies in the reference"
NO_COMPLETE_ROWS = "current window has no rows with both values of some pair"
REASONS = (NO_VARYING_FEATURE, NO_CURRENT_ROWS, NO_COMPLETE_ROWS)
_SOURCE = "Qahtan et al. (2015) for PCA of drift; NannyML's data reconstruction error"


@dataclass(frozen=True)
class Components:
    """Principal components of r references, of the features standardized by their moments.

    ``used`` (r, d): features that vary in the reference; others are left out. ``mean`` and ``sd``
    (r, d) in steps. ``vectors`` (r, d, d): unit vectors in columns; those of components that are
    not kept are zero. ``second`` (r, d, d): second moments of the reference.
    """

    used: AnyArray
    mean: Floats
    sd: Floats
    vectors: Floats
    second: Floats


def components(reference: PairStates) -> Components:
    """The smallest number of components with ``SHARE_OF_VARIANCE`` of the variance of each
    reference.

    Moments are over the rows in which both features are finite. This may leave slightly negative
    eigenvalues, which count as zero.
    """
    used, mean, sd = standardisation(reference)
    second = second_moments(reference, mean, sd) * (used[:, :, None] & used[:, None, :])
    second = np.nan_to_num(second, nan=0.0)
    eigenvalues, vectors = np.linalg.eigh(second)
    held = np.maximum(eigenvalues[:, ::-1], 0.0)
    total = held.sum(axis=1, keepdims=True)
    # A component is retained while the components before it explain less than the share.
    before = np.cumsum(held, axis=1) - held
    retained = (before < SHARE_OF_VARIANCE * total * (1.0 - 1e-12)) & (held > 0)
    return Components(used, mean, sd, vectors[:, :, ::-1] * retained[:, None, :], second)


def standardisation(reference: PairStates) -> tuple[AnyArray, Floats, Floats]:
    """Which features vary in each reference, and their means and standard deviations in steps; (r,
    d) each. The standard deviation of a constant feature is 1."""
    own = np.arange(len(reference.features))
    rows = reference.products[:, 0, own, own]
    n = np.maximum(rows, 1)
    mean = reference.products[:, 1, own, own] / n
    variance = reference.products[:, 2, own, own] / n - mean**2
    varying = (rows >= 2) & (variance > NO_VARIANCE)
    return varying, mean, np.sqrt(np.where(varying, variance, 1.0))


def second_moments(states: PairStates, mean: Floats, sd: Floats) -> Floats:
    """Mean of u_i u_j with u = (z - mean) / sd, over the rows with both: (n, d, d); NaN without
    rows.

    ``mean`` and ``sd`` (1 or n, d) in steps.
    """
    rows, sums, _, products = (states.products[:, p].astype(np.float64) for p in range(4))
    left, right = mean[:, :, None], mean[:, None, :]
    other = np.swapaxes(sums, 1, 2)
    centred = products - left * other - right * sums + rows * (left * right)
    scale = sd[:, :, None] * sd[:, None, :]
    mean_product = np.full(centred.shape, np.nan)
    np.divide(centred, rows * scale, out=mean_product, where=rows > 0)
    return mean_product


def reconstruction_errors(second: Floats, fitted: Components) -> Floats:
    """Root of the mean squared distance between rows and their reconstruction, (n,).

    The expectation of |u - V V' u|**2 is the trace of (I - V V') E[u u'].
    """
    within = np.where(fitted.used[:, :, None] & fitted.used[:, None, :], second, 0.0)
    whole = np.trace(within, axis1=1, axis2=2)
    projected = (fitted.vectors * (within @ fitted.vectors)).sum(axis=(1, 2))
    return np.asarray(np.sqrt(np.maximum(whole - projected, 0.0)), dtype=np.float64)


@statistic(
    "pca_reconstruction_error",
    label="PCA reconstruction error",
    kinds=("block",),
    range=(0.0, np.inf),
    symmetric=False,
    identical=np.nan,
    unit="root mean square, in standard deviations of the reference",
    source=_SOURCE,
    bound="rounding, and clipping at 8 scales of the reference to steps of 1/4096",
)
def pca_reconstruction_error(comparison: Comparison) -> Values:
    """Distance between the rows of the window and their projection on the principal components of
    the reference.

    The smallest number of components with 65% of the variance is kept. Features are standardized
    by the reference and clipped at 8 scales of the frozen bins. Features that are constant in the
    reference are left out. Moments are over the rows in which both features are finite.
    """
    return comparison.memoized(_both)[0]


@statistic(
    "pca_reference_error",
    label="PCA reconstruction error of the reference",
    kinds=("block",),
    range=(0.0, np.inf),
    symmetric=False,
    identical=np.nan,
    unit="root mean square, in standard deviations of the reference",
    source=_SOURCE,
    bound="rounding, and clipping at 8 scales of the reference to steps of 1/4096",
)
def pca_reference_error(comparison: Comparison) -> Values:
    """Distance between the rows of the reference and their projection on its components."""
    return comparison.memoized(_both)[1]


@statistic(
    "pca_error_change",
    label="Relative change of the PCA reconstruction error",
    kinds=("block",),
    range=(-1.0, np.inf),
    symmetric=False,
    unit="share of the reference's error",
    source=_SOURCE,
    bound="rounding, and clipping at 8 scales of the reference to steps of 1/4096",
)
def pca_error_change(comparison: Comparison) -> Values:
    """Reconstruction error of the window divided by that of the reference, minus 1."""
    window, reference = comparison.memoized(_both)
    exact = reference.value < SMALLEST_ERROR
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = window.value / reference.value - 1.0
    return values(
        ratio,
        *((window.reason == reason, reason) for reason in REASONS),
        (exact, "the components hold all of the reference's variance"),
    )


def _both(comparison: Comparison) -> tuple[Values, Values]:
    """Errors of the windows and of their references, both (W,)."""
    current, reference = comparison.block
    fitted = components(reference)
    rows = current.products[:, 0]
    needed = fitted.used[:, :, None] & fitted.used[:, None, :]
    nothing = (np.asarray(~fitted.used.any(axis=1)), NO_VARYING_FEATURE)
    gaps = ((rows == 0) & needed).any(axis=(1, 2))
    window = second_moments(current, fitted.mean, fitted.sd)
    shape = (len(current),)
    own = np.broadcast_to(reconstruction_errors(fitted.second, fitted), shape)
    return (
        values(
            reconstruction_errors(np.nan_to_num(window), fitted),
            nothing,
            (current.rows == 0, NO_CURRENT_ROWS),
            (gaps, NO_COMPLETE_ROWS),
        ),
        values(own, nothing),
    )
