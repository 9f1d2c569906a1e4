"""Whether traffic that was split between models arrived in the intended shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Values, values
from modelwatch.stats.special import chi_square_tail

_ALARM = 0.001
"""p-value below which the split is reported as wrong: the usual one for a daily check."""

NO_ROWS = "no rows"
FEW_EXPECTED = 100.0
"""Expected rows of a model below which the test is exact: far out in its tail, chi-square needs
more than the usual five."""
_SAME = 1e-9
"""Relative difference up to which log probabilities are equal except for rounding."""


@dataclass(frozen=True)
class SampleRatio:
    """Shares of traffic compared with the intended ones, for W windows and A models.

    ``shares``: (W, A), NaN without rows. ``mismatch``: (W,), whether the p-value is below 0.001; a
    comparison of the models is then not reliable. The p-value is that of chi-square, or exact if a
    model expects fewer than 100 rows: binomial for each model against the rest, the smallest times
    the number of models if there are more than two. Source: chi-square test of fit; Clopper and
    Pearson (1934); Fabijan et al. (2019) on sample-ratio mismatch.
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
    tail = chi_square_tail(statistic, degrees)
    few = np.flatnonzero((expected.min(axis=1) < FEW_EXPECTED) & (total[:, 0] > 0))
    for at in few:
        tail[at] = _exact_p_value(rows[at], weights / weights.sum())
    p_value = values(tail, empty)
    shares = np.divide(rows, total, out=np.full(rows.shape, np.nan), where=total > 0)
    mismatch = np.nan_to_num(p_value.value, nan=1.0) < _ALARM
    return SampleRatio(shares, values(statistic, empty), p_value, mismatch)


def _exact_p_value(rows: Counts, shares: Floats) -> float:
    """p-value of the rows by model of one window, (A,), against the shares of the split."""
    total = int(rows.sum())
    tested = range(1) if len(rows) == 2 else range(len(rows))
    each = [_binomial_p_value(int(rows[at]), total, float(shares[at])) for at in tested]
    return min(1.0, min(each) * len(each))


def _binomial_p_value(successes: int, trials: int, share: float) -> float:
    """Two-sided: probability of all counts that are at most as likely as the observed one."""
    k = np.arange(1, trials + 1, dtype=np.float64)
    steps = np.log((trials - k + 1.0) / k) + np.log(share / (1.0 - share))
    logs = trials * np.log1p(-share) + np.concatenate([[0.0], np.cumsum(steps)])
    seen = logs[successes]
    return min(1.0, float(np.exp(logs[logs <= seen + _SAME * abs(seen)]).sum()))
