"""Whether traffic that was split between models arrived in the shares that it was split by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.comparison import Values, values
from modelwatch.stats.special import chi_square_tail

ALARM = 0.001
"""p-value below which the split is called broken: the usual one for a check of every day."""

NO_ROWS = "no rows"


@dataclass(frozen=True)
class SampleRatio:
    """Shares of traffic held against the intended ones, W windows and A models.

    ``shares``: (W, A), NaN without rows. ``mismatch``: (W,), whether the p-value is below 0.001;
    then a comparison of the models is not to be trusted, whatever it says.
    Source: chi-square test of fit; Fabijan et al. (2019) on sample-ratio mismatch.
    """

    shares: Floats
    chi_square: Values
    p_value: Values
    mismatch: AnyArray


def sample_ratio(rows: Counts, intended: Floats) -> SampleRatio:
    """Test of rows by model, (W, A), against positive weights of the split, (A,)."""
    weights = np.asarray(intended, dtype=np.float64)
    if len(weights) < 2 or not np.all(weights > 0):
        raise ValueError("a split has at least two models, each with a positive weight")
    total = rows.sum(axis=1, keepdims=True)
    expected = np.where(total > 0, total, 1) * (weights / weights.sum())
    statistic = ((rows - expected) ** 2 / expected).sum(axis=1)
    degrees = np.full(len(rows), len(weights) - 1, dtype=np.int64)
    empty = (total[:, 0] == 0, NO_ROWS)
    p_value = values(chi_square_tail(statistic, degrees), empty)
    shares = np.divide(rows, total, out=np.full(rows.shape, np.nan), where=total > 0)
    mismatch = np.nan_to_num(p_value.value, nan=1.0) < ALARM
    return SampleRatio(shares, values(statistic, empty), p_value, mismatch)
