"""State of a block of numeric features: the basis of correlations and PCA.

Values are standardized by the reference's center and scale, clipped at CLIP (which makes the
metrics robust), and rounded to 1 / STEPS, so that all products are integers and their sums exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats, Spans, sums_over_spans
from modelwatch.stats.states.moments import in_scales

CLIP = 8.0
_STEP_BITS = 12
STEPS = 2.0**_STEP_BITS
MAX_ROWS_EXACT = 2**22
"""Rows per call of ``cross_products`` below which double arithmetic is exact."""


@dataclass(frozen=True)
class PairStates:
    """A stack of n scopes of a block of d numeric features; a state is a stack of one.

    ``products`` (n, 4, d, d), over the rows in which both features are finite, with z the
    standardized value in steps: [0, i, j] rows, [1, i, j] sum of z_i, [2, i, j] sum of z_i**2, [3,
    i, j] sum of z_i z_j. Exact up to 8e9 rows per scope.
    """

    features: tuple[str, ...]
    fingerprint: str
    products: Counts

    def __len__(self) -> int:
        return len(self.products)

    @cached_property
    def rows(self) -> Counts:
        """Rows of each scope, (n,): those of the pair of features with most complete rows."""
        return np.asarray(self.products[:, 0].max(axis=(1, 2), initial=0))

    def roll_up(self, spans: Spans) -> PairStates:
        """The merged state of each span ``[start, stop)`` of scopes, (w, 2)."""
        return PairStates(self.features, self.fingerprint, sums_over_spans(self.products, spans))

    def take(self, indices: AnyArray) -> PairStates:
        """The scopes at some positions."""
        return PairStates(self.features, self.fingerprint, self.products[indices])


def standardised(values: Floats, center: float, scale: float, out: Floats | None = None) -> Floats:
    """Finite values in steps of the reference's scale, clipped and rounded."""
    z = np.empty(len(values)) if out is None else out
    with np.errstate(over="ignore", under="ignore"):
        in_scales(values, center, scale, _STEP_BITS, z)
    np.clip(z, -CLIP * STEPS, CLIP * STEPS, out=z)
    return np.rint(z, out=z)


def cross_products(
    z: Floats, present: AnyArray, complete: AnyArray, spare: Floats | None = None
) -> Counts:
    """Products (4, d, d) of standardized rows (rows, d), of which ``present`` are real values.

    ``complete`` (d,): features without a gap in these rows, whose masks need no product. ``spare``:
    working memory in the shape of ``z``.
    """
    rows, d = z.shape
    if rows > MAX_ROWS_EXACT:
        halves = (slice(0, rows // 2), slice(rows // 2, rows))
        first, second = (cross_products(z[h], present[h], complete) for h in halves)
        return first + second
    out = np.empty((4, d, d), dtype=np.int64)
    out[3] = z.T @ z
    out[0] = rows
    out[1] = (np.ones(rows) @ z)[:, None]
    out[2] = np.diagonal(out[3])[:, None]
    gaps = np.flatnonzero(~complete)
    if len(gaps):
        mask = present[:, gaps].astype(np.float64, order="F")
        squares = np.multiply(z, z, out=spare)
        out[1][:, gaps] = z.T @ mask
        out[2][:, gaps] = squares.T @ mask
        held = mask.sum(axis=0)
        out[0][:, gaps] = held[None, :]
        out[0][gaps, :] = held[:, None]
        out[0][np.ix_(gaps, gaps)] = mask.T @ mask
    return out
