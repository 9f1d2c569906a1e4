"""Tail of Fisher's F."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.special import incomplete_beta

MOST_DEGREES = 1000.0
"""Degrees of freedom beyond which more change nothing that is reported."""


def f_tail(
    ratio: Floats, first: Floats | float, second: Floats | float, *, by_row: bool = False
) -> Floats:
    """Probability that F with two degrees of freedom exceeds a ratio of at least 0; one shape.

    ``by_row``: as of ``incomplete_beta``.

    Degrees of freedom need not be whole, and are taken as ``MOST_DEGREES`` at most. NaN for a NaN.
    Source: Abramowitz and Stegun (1964), 26.6.2.
    """
    ratio, first, second = (
        np.asarray(x, dtype=np.float64) for x in np.broadcast_arrays(ratio, first, second)
    )
    v, w = np.minimum(first, MOST_DEGREES), np.minimum(second, MOST_DEGREES)
    with np.errstate(over="ignore", invalid="ignore"):
        x = w / (w + v * ratio)
    return incomplete_beta(w / 2.0, v / 2.0, x, by_row=by_row)
