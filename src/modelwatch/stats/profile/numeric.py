"""Profile metrics of a numeric feature."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.drift.comparison import NO_CURRENT_ROWS
from modelwatch.stats.instants import text_of
from modelwatch.stats.profile.far_values import far_rows
from modelwatch.stats.profile.metric import (
    FeatureKind,
    MetricValues,
    ProfiledWindows,
    metric,
    numbers,
    texts,
)
from modelwatch.stats.profile.quantiles import bounded_quantiles
from modelwatch.stats.profile.rows import json_list, share, value_label
from modelwatch.stats.states.numeric import NumericStates

_LEVELS = {"q01": 0.01, "q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95, "q99": 0.99}
"""Quantile levels of a profile."""
NO_QUANTITIES = "no finite values"
TOO_FAR = "a value is too far from the frozen center"
TOO_NEAR = "values are too close together for the scale of the frozen bins"
_TOO_LARGE = "values are too large to be distinguished as doubles"
_LEAST_SPREAD = 2.0**-17
"""Scales of the bins from which a standard deviation is accurate to a percent."""
_NUMERIC: tuple[FeatureKind, ...] = ("numeric",)
_OWN = "the feature's own"
_OF_AN_END = "0; the width of its bin if a special value lies beyond it"


def _least_error(subject: ProfiledWindows) -> Floats:
    states = subject.numeric
    at = np.argmax(states.quantities > 0, axis=1)
    return _width_beyond(states, states.minimum, at)


def _greatest_error(subject: ProfiledWindows) -> Floats:
    states = subject.numeric
    last = states.quantities.shape[1] - 1
    return _width_beyond(
        states, states.maximum, last - np.argmax(states.quantities[:, ::-1] > 0, axis=1)
    )


def _width_beyond(states: NumericStates, extreme: Floats, at: AnyArray) -> Floats:
    binning = states.binning
    with np.errstate(over="ignore", invalid="ignore"):
        width = np.where(binning.single_value[at], 0.0, binning.upper_edges[at] - binning.edges[at])
    return np.where(np.isin(extreme, binning.special_values), width, 0.0)


@metric("nans", label="NaN", kinds=_NUMERIC, unit="rows")
def nans(subject: ProfiledWindows) -> MetricValues:
    """Rows whose value is not a number."""
    return numbers(subject.numeric.nans)


@metric("nan_share", label="Share of NaN", kinds=_NUMERIC, unit="share of rows")
def nan_share(subject: ProfiledWindows) -> MetricValues:
    """Share of rows whose value is not a number."""
    return share(subject, subject.numeric.nans)


@metric("infinite", label="Infinities", kinds=_NUMERIC, unit="rows")
def infinite(subject: ProfiledWindows) -> MetricValues:
    """Rows whose value is infinite, of either sign."""
    return numbers(subject.numeric.infinite)


@metric("zeros", label="Zeros", kinds=_NUMERIC, unit="rows")
def zeros(subject: ProfiledWindows) -> MetricValues:
    """Rows whose value is zero."""
    return _zeros(subject)


@metric("zero_share", label="Share of zeros", kinds=_NUMERIC, unit="share of rows")
def zero_share(subject: ProfiledWindows) -> MetricValues:
    """Share of rows whose value is zero."""
    found, total = _zeros(subject), subject.states.rows
    value = found.value / np.maximum(total, 1)
    missing = (found.reason != np.array(None), "zero has no bin of its own")
    return numbers(value, (total == 0, NO_CURRENT_ROWS), missing)


@metric(
    "special_share",
    label="Share of special values",
    kinds=_NUMERIC,
    unit="share of rows",
    needs_special_values=True,
)
def special_share(subject: ProfiledWindows) -> MetricValues:
    """Share of rows with a configured special value."""
    return share(subject, subject.numeric.special)


@metric(
    "special_values",
    label="Special values",
    kinds=_NUMERIC,
    unit="JSON",
    needs_special_values=True,
)
def special_values(subject: ProfiledWindows) -> MetricValues:
    """JSON array of objects {value, rows, share}, one per configured special value."""
    states = subject.numeric
    named = states.binning.special_values
    labels = [value_label(subject, value) for value in named]
    heads = [f'"value":{label}' for label in labels]
    every = np.arange(len(heads))
    found = [
        json_list(heads, row, every, total) if total else None
        for row, total in zip(states.bins[:, list(states.special_bins)], states.rows, strict=True)
    ]
    return texts(found, NO_CURRENT_ROWS)


@metric(
    "min", label="Minimum", kinds=_NUMERIC, unit=_OWN, bound=_OF_AN_END, error_bound=_least_error
)
def minimum(subject: ProfiledWindows) -> MetricValues:
    """Smallest finite value that is not a special value.

    Exact, unless a special value is less: then the lower edge of the least value's bin.
    """
    return _of_quantities(subject, subject.numeric.least)


@metric(
    "max", label="Maximum", kinds=_NUMERIC, unit=_OWN, bound=_OF_AN_END, error_bound=_greatest_error
)
def maximum(subject: ProfiledWindows) -> MetricValues:
    """Largest finite value that is not a special value.

    Exact, unless a special value is greater: then the upper edge of the greatest value's bin.
    """
    return _of_quantities(subject, subject.numeric.greatest)


@metric("far_rows", label="Rows far beyond all others", kinds=_NUMERIC, unit="rows")
def far(subject: ProfiledWindows) -> MetricValues:
    """Rows more than 50 robust standard deviations from the median, if they are at most one in 500:
    most likely errors, which drift statistics leave out. 0 if half of the rows have one value."""
    return _of_quantities(subject, far_rows(subject.numeric).astype(np.float64), render=False)


@metric("mean", label="Mean", kinds=_NUMERIC, unit=_OWN)
def mean(subject: ProfiledWindows) -> MetricValues:
    """Mean of the finite values that are not special values."""
    value = subject.numeric.moments.mean
    return _of_quantities(subject, value, (np.isnan(value), TOO_FAR))


@metric("sd", label="Standard deviation", kinds=_NUMERIC, unit=f"{_OWN}; days or microseconds")
def sd(subject: ProfiledWindows) -> MetricValues:
    """Standard deviation (with n - 1) of the finite values that are not special values."""
    moments = subject.numeric.moments
    one = (moments.count < 2, "one value has no standard deviation")
    return _of_quantities(
        subject,
        moments.sd,
        one,
        _too_large(subject),
        _too_near(subject),
        (np.isnan(moments.sd), TOO_FAR),
        render=False,
    )


@metric("skewness", label="Skewness", kinds=_NUMERIC)
def skewness(subject: ProfiledWindows) -> MetricValues:
    """Skewness g1 of the finite values that are not special values: the third central moment
    divided by the cube of the population standard deviation."""
    moments = subject.numeric.moments
    return _of_quantities(
        subject,
        moments.skewness,
        ((moments.count < 2) | (moments.sd == 0), "all values are equal"),
        _too_large(subject),
        _too_near(subject),
        (np.isnan(moments.skewness), TOO_FAR),
        render=False,
    )


def _register_quantile(at: int, key: str, level: float) -> None:
    def quantile(subject: ProfiledWindows) -> MetricValues:
        return _of_quantities(subject, subject.memoized(_quantiles)[0][:, at])

    def error(subject: ProfiledWindows) -> Floats:
        return np.asarray(subject.memoized(_quantiles)[1][:, at])

    quantile.__doc__ = (
        f"Quantile at {level:g} of the finite values that are not special values (numpy's "
        "inverted_cdf)."
    )
    metric(
        key,
        label=f"Quantile {level:g}",
        kinds=_NUMERIC,
        unit=_OWN,
        bound="0 in a bin with one value and at the extremes; otherwise the distance to the "
        "farther end of its bin, so its rank is off by at most the rows of the bin",
        error_bound=error,
    )(quantile)


for _at, (_key, _level) in enumerate(_LEVELS.items()):
    _register_quantile(_at, _key, _level)


def _quantiles(subject: ProfiledWindows) -> tuple[Floats, Floats]:
    return bounded_quantiles(subject.numeric, tuple(_LEVELS.values()))


def _too_large(subject: ProfiledWindows) -> tuple[AnyArray, str]:
    """Scopes whose standard deviation is lost in the rounding of doubles."""
    states = subject.numeric
    lost = np.isnan(states.moments.sd) & (states.rounding_error > 0)
    return lost & ~np.isnan(states.moments.mean), _TOO_LARGE


def _too_near(subject: ProfiledWindows) -> tuple[AnyArray, str]:
    """Scopes with different values whose standard deviation cannot be computed from the power
    sums."""
    states = subject.numeric
    sd, scale = states.moments.sd, states.binning.scale
    with np.errstate(over="ignore", invalid="ignore"):
        near = (states.greatest - states.least) / scale < _LEAST_SPREAD
    differ = states.least != states.greatest
    return (np.isnan(sd) | (sd < _LEAST_SPREAD * scale)) & differ & near, TOO_NEAR


def _zeros(subject: ProfiledWindows) -> MetricValues:
    states = subject.numeric
    if states.binning.has_own_bin(states.binning.zero):
        return numbers(states.rows_at(states.binning.zero))
    every = np.ones(len(states), dtype=bool)
    return numbers(np.full(len(states), np.nan), (every, "zero has no bin of its own"))


def _of_quantities(
    subject: ProfiledWindows, value: Floats, *conditions: tuple[AnyArray, str], render: bool = True
) -> MetricValues:
    states = subject.numeric
    found = numbers(
        value,
        (states.rows == 0, NO_CURRENT_ROWS),
        (states.moments.count == 0, NO_QUANTITIES),
        *conditions,
    )
    binning = states.binning
    if not render or (subject.unit == "number" and not binning.offset):
        return found
    exact = (binning.exact(float(v)) for v in found.value)
    text = np.array([*(text_of(v, subject.unit) for v in exact), None], dtype=object)[:-1]
    return MetricValues(binning.numbers(found.value), text, found.reason)
