"""The sampling variance of each drift statistic: its effect of rows alone, if they are independent.

A statistic that is registered here can be judged: ``modelwatch.stats.verdicts.null_model`` adds the
effect of days. For independent rows, the expectation of a statistic's ``power`` (its square, or its
value if it grows with the square of a change) is a coefficient times 1/n + 1/N, with n rows in the
window and N in the reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.drift.change import single_values
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.drift.contingency import RARE
from modelwatch.stats.drift.distance import spread_of
from modelwatch.stats.drift.divergence import DECILES, FINE_GROUPS
from modelwatch.stats.profile.far_values import far_bins, far_rows
from modelwatch.stats.states.numeric import NumericStates

Coefficient = Callable[[Comparison], float]
Transform = Callable[[Floats, Floats, Floats, float], Floats]
"""Of the values of windows of n rows, next to N rows of the reference and its share, (W,) each."""

_MEAN_SIZE = math.sqrt(2.0 / math.pi)
"""Mean absolute value of a standard normal variable."""
_KOLMOGOROV_SQUARE = math.pi**2 / 12.0
"""Mean square of Kolmogorov's limit."""
_BRIDGE_AREA = (7.0 / 60.0) / (_MEAN_SIZE * math.pi / 8.0) ** 2
"""Mean square of the area under a Brownian bridge divided by its squared mean (Shepp 1982)."""
_NORMAL = np.linspace(0.0, 7.0, 701)
_WITHIN = np.array([math.erf(x / math.sqrt(2.0)) for x in _NORMAL])
"""Probability that a standard normal variable is at most ``_NORMAL`` in absolute value."""


@dataclass(frozen=True)
class SamplingVariance:
    """The effect of rows alone on one statistic.

    ``signed``: its values lie on both sides of 0, and are approximately normal. ``transform``: of
    values, whose square is their power, or the power itself for a statistic that is not signed.
    ``coefficient``: from a comparison of all of the reference's days with themselves. ``share``:
    the share of the reference, for the change of a share.
    """

    key: str
    signed: bool
    transform: Transform
    coefficient: Coefficient
    share: Coefficient | None = None

    def power(self, transformed: Floats) -> Floats:
        """The part of values that adds up over causes: their square, or the values themselves."""
        return transformed**2 if self.signed else transformed


JUDGED: dict[str, SamplingVariance] = {}
"""Statistics with a calibrated p-value, which may give a verdict, by key."""


def _squared(value: Floats, _: Floats, __: Floats, ___: float) -> Floats:
    return value**2


def _as_it_is(value: Floats, _: Floats, __: Floats, ___: float) -> Floats:
    return value


def _by_rows(value: Floats, n: Floats, m: Floats, _: float) -> Floats:
    return value * (1.0 / n + 1.0 / m)


def _association(value: Floats, n: Floats, m: Floats, _: float) -> Floats:
    return value**2 * ((n + m) / n) * ((n + m) / m)


def _angle(value: Floats, _: Floats, __: Floats, share: float) -> Floats:
    """Change of the angle of a share: rare shares occur in bursts, which the square root evens out.

    Its variance by rows is 1/n for any share (Fisher 1922).
    """
    after = np.clip(share + value, 0.0, 1.0)
    return np.asarray(2.0 * (np.arcsin(np.sqrt(after)) - math.asin(math.sqrt(share))))


def sampling_variance(
    key: str, *, transform: Transform = _squared, signed: bool = False
) -> Callable[[Coefficient], Coefficient]:
    """Registers the coefficient of a statistic's sampling variance."""

    def register(coefficient: Coefficient) -> Coefficient:
        _register(SamplingVariance(key, signed, transform, coefficient))
        return coefficient

    return register


def _register(variance: SamplingVariance) -> None:
    if variance.key in JUDGED:
        raise ValueError(f"two row noises of {variance.key!r}")
    JUDGED[variance.key] = variance


def _squared_angle(value: Floats, n: Floats, m: Floats, share: float) -> Floats:
    """For a share that can only increase from that of the reference: its days show how far, but no
    mean."""
    return _angle(value, n, m, share) ** 2


def _of_share(key: str, rows_with: Callable[[Comparison], Counts], *, signed: bool = True) -> None:
    def share(comparison: Comparison) -> float:
        return float(rows_with(comparison)[0] / max(1, comparison.feature[1].rows[0]))

    transform = _angle if signed else _squared_angle
    _register(SamplingVariance(key, signed, transform, lambda _: 1.0, share))


def _zeros(comparison: Comparison) -> Counts:
    states = comparison.numeric[1]
    zero = states.binning.zero
    return states.rows_at(zero) if states.binning.has_own_bin(zero) else np.zeros(1, dtype=np.int64)


_of_share("null_share_change", lambda c: c.feature[1].nulls)
_of_share("nan_share_change", lambda c: c.numeric[1].nans)
_of_share("infinite_share_change", lambda c: c.numeric[1].infinite)
_of_share("zero_share_change", _zeros)
_of_share("special_share_change", lambda c: c.numeric[1].special)
_of_share("novel_share_change", lambda _: np.zeros(1, dtype=np.int64))
_of_share("unseen_share_change", lambda c: c.categorical[1].unseen_rows, signed=False)


@sampling_variance("mean_change_in_sd", transform=_as_it_is, signed=True)
def _mean_change(comparison: Comparison) -> float:
    """1: the square of a standard error, in standard deviations."""
    return 1.0 / _present(comparison, comparison.numeric[1].quantities)


@sampling_variance("sd_log_ratio", transform=_as_it_is, signed=True)
def _sd_log_ratio(comparison: Comparison) -> float:
    """(kurtosis - 1) / 4, by the delta method; the kurtosis is computed from the bins."""
    states = comparison.numeric[1]
    middle = _middles(states)
    counts = np.where(far_bins(states)[0] & (far_rows(states)[0] > 0), 0, states.quantities[0])
    weight = counts / max(1, int(counts.sum()))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        centred = middle - weight @ middle
        kurtosis = float((weight @ centred**4) / (weight @ centred**2) ** 2)
    least = max(kurtosis - 1.0, 0.1) if math.isfinite(kurtosis) else 2.0
    return least / 4.0 / _present(comparison, states.quantities)


@sampling_variance("psi", transform=_as_it_is)
def _psi(comparison: Comparison) -> float:
    """Nonempty cells minus one, as for the chi-square that approximates it."""
    return max(1.0, float((comparison.cells(DECILES)[1] > 0).sum()) - 1.0)


@sampling_variance("chi_square", transform=_by_rows)
def _chi_square(comparison: Comparison) -> float:
    """Degrees of freedom of the cells that are not rare in a window with the reference's rows."""
    return _degrees(comparison)


@sampling_variance("cramers_v", transform=_association)
def _cramers_v(comparison: Comparison) -> float:
    """Half-normal mean of the excess of chi-square over its degrees of freedom."""
    return _MEAN_SIZE / 2.0 * math.sqrt(2.0 * _degrees(comparison))


@sampling_variance("jensen_shannon")
def _jensen_shannon(comparison: Comparison) -> float:
    """(cells - 1) / 8 nats, in bits."""
    return _cells(comparison) / (8.0 * math.log(2.0))


@sampling_variance("hellinger")
def _hellinger(comparison: Comparison) -> float:
    """(cells - 1) / 8."""
    return _cells(comparison) / 8.0


@sampling_variance("total_variation")
def _total_variation(comparison: Comparison) -> float:
    """Square of half the sum of mean absolute values, and the variance of that sum."""
    variance = _variances(comparison)
    mean = _MEAN_SIZE * float(np.sqrt(variance).sum()) / 2.0
    return mean**2 + (1.0 - _MEAN_SIZE**2) * float(variance.sum()) / 4.0


@sampling_variance("l_infinity")
def _l_infinity(comparison: Comparison) -> float:
    """Mean of the largest of the squared changes of the cells, assumed to be independent and
    normal."""
    sd = np.sqrt(_variances(comparison))
    sd = sd[sd > 0]
    if not len(sd):
        return 0.25
    size = _NORMAL * float(sd.max())
    beyond = 1.0 - np.interp(size[:, None] / sd, _NORMAL, _WITHIN).prod(axis=1)
    return float(np.trapezoid(beyond * 2.0 * size, size))


@sampling_variance("value_share_rise")
def _value_share_rise(comparison: Comparison) -> float:
    """Mean of the square of the largest increase of the bins, assumed to be independent and
    normal."""
    reference = comparison.feature[1]
    p = single_values(reference)[0] / max(1, int(reference.rows[0]))
    return _largest_one_sided(np.sqrt(p * (1.0 - p)), 0.25)


def _largest_one_sided(sd: Floats, otherwise: float) -> float:
    """Mean of the square of the largest of independent normal variables, if none were below 0."""
    sd = sd[sd > 0]
    if not len(sd):
        return otherwise
    size = _NORMAL * float(sd.max())
    below = (1.0 + np.interp(size[:, None] / sd, _NORMAL, _WITHIN)) / 2.0
    return float(np.trapezoid((1.0 - below.prod(axis=1)) * 2.0 * size, size))


@sampling_variance("ks")
def _ks(comparison: Comparison) -> float:
    """Mean square of Kolmogorov's limit."""
    states = comparison.numeric[1]
    return _KOLMOGOROV_SQUARE / _present(comparison, states.quantities.sum() + states.infinite)


@sampling_variance("wasserstein")
def _wasserstein(comparison: Comparison) -> float:
    """Mean square of the area under the bridge of the distribution function."""
    states = comparison.numeric[1]
    edges = np.clip(states.binning.edges, states.least[0], states.greatest[0])
    running = np.cumsum(states.quantities[0])[:-1] / max(1, int(states.quantities.sum()))
    with np.errstate(over="ignore", invalid="ignore"):
        area = float(np.nansum(np.sqrt(running * (1.0 - running)) * np.diff(edges)))
        mean = _MEAN_SIZE * area / float(spread_of(states)[0])
    return max(_BRIDGE_AREA * mean**2, 1e-12) / _present(comparison, states.quantities)


@sampling_variance("relation_error_change", transform=_as_it_is, signed=True)
def _relation_error_change(_: Comparison) -> float:
    """1/2, by the delta method for normal errors, in squares of the feature's own error."""
    return 0.5


def _present(comparison: Comparison, counts: Counts) -> float:
    """Share of the rows with such a value."""
    states = comparison.numeric[1]
    return max(_least_share(states), int(counts.sum()) / max(1, int(states.rows[0])))


def _least_share(states: NumericStates) -> float:
    return 1.0 / max(1.0, float(states.rows[0]))


def _middles(states: NumericStates) -> Floats:
    """A value for each bin, (B,): its middle, between the extremes."""
    low, high = states.least[0], states.greatest[0]
    if not math.isfinite(low):
        return np.zeros(len(states.binning.edges))
    left = np.clip(states.binning.edges, low, high)
    right = np.clip(states.binning.upper_edges, low, high)
    return np.asarray(left / 2.0 + right / 2.0)


def _fine_shares(comparison: Comparison) -> Floats:
    counts = comparison.cells(FINE_GROUPS, beyond=True)[1][0]
    return np.asarray(counts / max(1, int(counts.sum())))


def _cells(comparison: Comparison) -> float:
    return max(1.0, float((_fine_shares(comparison) > 0).sum()) - 1.0)


def _variances(comparison: Comparison) -> Floats:
    p = _fine_shares(comparison)
    return p * (1.0 - p)


def _degrees(comparison: Comparison) -> float:
    counts = comparison.cells(DECILES)[1][0]
    return max(1.0, float((counts >= RARE).sum()) - 1.0)
