"""The delay of labels, estimated from those that have arrived so far."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import Counts, Floats


def arrived_shares(counts: Counts, ages: Counts) -> Floats:
    """Share of labels that arrive within each delay, (K,), of all that arrive within K days.

    ``counts`` (D, K): labels of day d that arrived k days after it. ``ages`` (D,): days since day
    d; delays beyond the age of a day are not observed yet. Days whose labels are still arriving
    count with the delays that they can show, so recent days do not make delays look short. Source:
    the product-limit estimator of right-truncated delays (Lagakos, Barraj and De Gruttola 1988),
    known as the chain ladder in reserving. ValueError for arrays of other shapes.
    """
    if counts.ndim != 2 or ages.shape != counts.shape[:1]:
        raise ValueError("counts need a row per day, and ages a value per day")
    delays = np.arange(counts.shape[1])
    observed = ages[:, None] >= delays
    at = np.where(observed, counts, 0)
    within = np.where(observed, np.cumsum(counts, axis=1), 0).sum(axis=0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        earlier = np.where(within > 0, 1.0 - at.sum(axis=0) / within, 1.0)
    # The share that arrives within k days is a product over all longer delays.
    later = np.cumprod(earlier[:0:-1])[::-1] if len(earlier) > 1 else np.zeros(0)
    return np.append(later, 1.0)


def delay_of_share(shares: Floats, share: float) -> int:
    """The shortest delay within which a share of the labels arrives."""
    return int(np.argmax(shares >= share - 1e-12))
